/** Whose transcript a file is that somebody names, by its first records: names are only hints. */
import { closeSync, openSync, readSync } from "node:fs";
import type { SourceName } from "../types.ts";
import { isCodexRecord } from "./codex.ts";
import type { FoundFile } from "./walk.ts";

/** First lines are long in rollouts: 20 to 45 KB of instructions. */
const FIRST_BYTES = 4 << 10;
const MOST_BYTES = 1 << 20;
/** Records looked at. */
const RECORDS = 5;

/** Claude Code's own layout, a folder named like a path (`-srv-app`) included: what lies in it need not be opened. */
const CLAUDE_PLACE =
  /[\\/](?:projects|subagents|-[^\\/]*)[\\/](?:.*[\\/])?(?:agent-[^\\/]*|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.jsonl$/i;
const CODEX_PLACE = /[\\/](?:archived_)?sessions[\\/](?:.*[\\/])?rollout-[^\\/]*\.jsonl$/;

/** Claude Code where nothing says otherwise: its records differ most from each other. */
export function recogniseSource({ path }: FoundFile): SourceName {
  if (CLAUDE_PLACE.test(path)) return "claude";
  if (CODEX_PLACE.test(path)) return "codex";
  for (const record of firstRecords(path)) if (isCodexRecord(record)) return "codex";
  return "claude";
}

function* firstRecords(path: string): Generator<Readonly<Record<string, unknown>>> {
  for (const line of firstLines(path)) {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === "object" && value !== null) yield value as Readonly<Record<string, unknown>>;
    } catch {
      // Damaged, or cut off: the scan will say so.
    }
  }
}

/** The first lines of a file; none where it cannot be read, which the scan will meet again. */
function firstLines(path: string): string[] {
  let file = -1;
  try {
    file = openSync(path, "r");
    let bytes = Buffer.alloc(0);
    for (let size = FIRST_BYTES; ; size *= 4) {
      const more = Buffer.alloc(size - bytes.length);
      const got = readSync(file, more, 0, more.length, bytes.length);
      bytes = Buffer.concat([bytes, more.subarray(0, got)]);
      const isWhole = got < more.length;
      const lines = bytes
        .toString("utf8")
        .replace(/^\uFEFF/, "")
        .split("\n");
      if (!isWhole) lines.pop();
      if (isWhole || lines.length >= RECORDS || size >= MOST_BYTES) return lines.slice(0, RECORDS);
    }
  } catch {
    return [];
  } finally {
    if (file >= 0) closeSync(file);
  }
}
