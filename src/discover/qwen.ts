/** Where Qwen Code keeps its sessions (`formats/others.md`), and what it notes of their requests beside them (numbers 12 to 14 of `docs/decisions/0011`). */
import { basename, dirname, join } from "node:path";
import type { Environment } from "../environment.ts";
import { homePath } from "./home-path.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

/** A line for each request of any session, one file a month. */
const REQUEST_LOG = /(?:^|[\\/])token-usage-\d{4}-\d{2}\.jsonl$/;
/** What each session used in all, a line whenever one ends. */
const SESSION_SUMS = /(?:^|[\\/])usage_record\.jsonl$/;
/** Requests that failed, of which nothing is known. */
const OUTCOMES = /(?:^|[\\/])usage-events-\d{4}-\d{2}\.jsonl$/;

/** The folders and files that may be on this machine. `QWEN_HOME` moves all of them, `QWEN_RUNTIME_DIR` all but the sums. */
export function qwenRoots({ variables, home }: Environment): string[] {
  const folder = homePath(variables["QWEN_HOME"], home) ?? join(home, ".qwen");
  const runtime = homePath(variables["QWEN_RUNTIME_DIR"], home) ?? folder;
  return [...["projects", "tmp", "usage"].map((name) => join(runtime, name)), join(folder, "usage_record.jsonl")];
}

/** Whether a path is named like one of the files beside the sessions. */
export function isQwenNote(path: string): boolean {
  return REQUEST_LOG.test(path) || SESSION_SUMS.test(path) || OUTCOMES.test(path);
}

/** Whether a transcript is a file of many sessions that have not been taken apart yet (`src/databases/qwen-notes.ts`). */
export function isUnreadNote({ source, path, content }: Pick<Transcript, "source" | "path" | "content">): boolean {
  return source === "qwen" && content === undefined && (REQUEST_LOG.test(path) || SESSION_SUMS.test(path));
}

export function isSessionSums(path: string): boolean {
  return SESSION_SUMS.test(path);
}

/** `<project>/chats/<session>.jsonl`, `<project>/subagents/<session>/agent-<id>.jsonl`; old builds wrote documents. */
export function isQwenSession(path: string): boolean {
  return path.endsWith(".jsonl") || /(?:^|[\\/])session-[^\\/]*\.json$/.test(path);
}

export function qwenTranscripts(files: readonly FoundFile[]): Transcript[] {
  const some = files.filter(({ path }) => !OUTCOMES.test(path));
  return some.map(({ path, sizeBytes, stamp }) => {
    const folder = dirname(path);
    const isAgentFile = basename(dirname(folder)) === "subagents" && basename(path).startsWith("agent-");
    const project = isAgentFile ? dirname(dirname(folder)) : basename(folder) === "chats" ? dirname(folder) : folder;
    return {
      source: "qwen",
      path,
      sizeBytes,
      stamp,
      stem: basename(path).replace(/\.jsonl?$/, ""),
      session: null,
      projectFolder: folder,
      projectKey: project,
      projectName: basename(project),
      isAgentFile,
      isMain: !isAgentFile,
    };
  });
}

/** Whether a value is a record of a session: Claude Code's look alike, but have no `parts`. */
export function isQwenRecord(record: Readonly<Record<string, unknown>>): boolean {
  const { uuid, sessionId, message } = record;
  if (typeof uuid !== "string" || typeof sessionId !== "string") return false;
  return typeof message === "object" && message !== null && "parts" in message;
}
