/** Whose transcript a file is that somebody names, by its first records: names are only hints. */
import { closeSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";
import { withoutMark } from "../json.ts";
import type { SourceName } from "../types.ts";
import { isAmpThread } from "./amp.ts";
import { isCodexRecord } from "./codex.ts";
import { isNamedLikeDatabase } from "./database.ts";
import { isCopilotPlace, isCopilotRecord } from "./copilot.ts";
import { isGeminiRecord } from "./gemini.ts";
import { isOpenCodePlace } from "./opencode.ts";
import { isPiRecord } from "./pi.ts";
import { isQwenNote, isQwenRecord } from "./qwen.ts";
import type { FoundFile } from "./walk.ts";

/** First lines are long in rollouts: 20 to 45 KB of instructions. */
const FIRST_BYTES = 4 << 10;
const MOST_BYTES = 1 << 20;
/** Records looked at. */
const RECORDS = 5;

/** How databases begin. */
const SQLITE = "SQLite format 3\0";

/** Claude Code's own layout, a folder named like a path (`-srv-app`) included: what lies in it need not be opened. */
const CLAUDE_PLACE =
  /[\\/](?:projects|subagents|-[^\\/]*)[\\/](?:.*[\\/])?(?:agent-[^\\/]*|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.jsonl$/i;
const GEMINI_PLACE = /[\\/]\.gemini[\\/]tmp[\\/][^\\/]+[\\/]chats[\\/]/;
const QWEN_PLACE = /[\\/]\.qwen[\\/](?:projects|tmp)[\\/][^\\/]+[\\/](?:chats|subagents)[\\/]/;
const IN_CHATS = /[\\/]chats[\\/]/;
const CODEX_PLACE = /[\\/](?:archived_)?sessions[\\/](?:.*[\\/])?rollout-[^\\/]*\.jsonl$/;

/**
 * Lines are Claude Code's where nothing says otherwise: its records differ most from each other. A document may be anything. Undefined: no
 * transcript. Throws what the system says of a document or a database.
 */
export function recogniseSource({ path }: FoundFile): SourceName | undefined {
  if (GEMINI_PLACE.test(path)) return "gemini";
  if (QWEN_PLACE.test(path) || isQwenNote(path)) return "qwen";
  if (path.endsWith(".zst")) return "codex";
  if (path.endsWith(".db") && (isNamedLikeDatabase(path) || firstLines(path, 1)[0]?.startsWith(SQLITE)))
    return basename(path).startsWith("session-store") ? "copilot" : "opencode";
  if (isOpenCodePlace(path)) return "opencode";
  if (path.endsWith(".json")) return recogniseDocument(path);
  if (CLAUDE_PLACE.test(path) && !IN_CHATS.test(path)) return "claude";
  if (CODEX_PLACE.test(path)) return "codex";
  if (isCopilotPlace(path)) return "copilot";
  for (const record of firstRecords(path)) {
    if (isPrompt(record)) return undefined;
    if (isCodexRecord(record)) return "codex";
    if (isCopilotRecord(record)) return "copilot";
    if (isGeminiRecord(record)) return "gemini";
    if (isPiRecord(record)) return "pi";
    if (isQwenRecord(record)) return "qwen";
  }
  return "claude";
}

/** What somebody typed, as the `history.jsonl` beside the folders of transcripts keeps it: of Claude Code, and of Codex. */
function isPrompt({ type, ...record }: Readonly<Record<string, unknown>>): boolean {
  if (type !== undefined) return false;
  const areTexts = (...names: readonly string[]) => names.every((name) => typeof record[name] === "string");
  return areTexts("display", "project") || (areTexts("session_id", "text") && typeof record["ts"] === "number");
}

/** By the names of its first members, which may be in any order: it may be large. */
function recogniseDocument(path: string): SourceName | undefined {
  const head = firstLines(path, Infinity).join("\n");
  const names = new Set(Array.from(head.matchAll(/"(\w+)"\s*:/g), ([, name]) => name));
  const isSession = names.has("sessionId") && (names.has("projectHash") || names.has("startTime"));
  if (isSession || (names.has("lastUpdated") && names.has("messages"))) return "gemini";
  if (names.has("sessionID") && (names.has("role") || names.has("messageID") || names.has("info"))) return "opencode";
  // An export of OpenCode 2.
  if (names.has("info") && names.has("projectID") && names.has("location")) return "opencode";
  return isAmpThread(path) && (names.has("messages") || names.has("usageLedger")) ? "amp" : undefined;
}

function* firstRecords(path: string): Generator<Readonly<Record<string, unknown>>> {
  for (const line of linesOrNone(path)) {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === "object" && value !== null) yield value as Readonly<Record<string, unknown>>;
    } catch {
      // Damaged, or cut off: the scan will say so.
    }
  }
}

/** None where it cannot be read, which the scan will meet again. */
function linesOrNone(path: string): string[] {
  try {
    return firstLines(path, RECORDS);
  } catch {
    return [];
  }
}

/** The first lines of a file. Throws what the system says. */
function firstLines(path: string, most: number): string[] {
  const file = openSync(path, "r");
  try {
    let bytes = Buffer.alloc(0);
    for (let size = FIRST_BYTES; ; size *= 4) {
      const more = Buffer.alloc(size - bytes.length);
      const got = readSync(file, more, 0, more.length, bytes.length);
      bytes = Buffer.concat([bytes, more.subarray(0, got)]);
      const isWhole = got < more.length;
      const lines = withoutMark(bytes.toString("utf8")).split("\n");
      if (!isWhole && most !== Infinity) lines.pop();
      const isEnough = most === Infinity || lines.length >= most;
      if (isWhole || isEnough || size >= MOST_BYTES) return lines.slice(0, most);
    }
  } finally {
    closeSync(file);
  }
}
