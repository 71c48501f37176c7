/** Where Qwen Code keeps its sessions (`formats/others.md`). */
import { basename, dirname, join } from "node:path";
import type { Environment } from "../environment.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

/** The folders that may hold sessions on this machine, whether they exist or not. */
export function qwenRoots({ home }: Environment): string[] {
  return ["projects", "tmp"].map((folder) => join(home, ".qwen", folder));
}

/** `<project>/chats/<session>.jsonl`, `<project>/subagents/<session>/agent-<id>.jsonl`; old builds wrote documents. */
export function isQwenSession(path: string): boolean {
  return path.endsWith(".jsonl") || /(?:^|[\\/])session-[^\\/]*\.json$/.test(path);
}

export function qwenTranscripts(files: readonly FoundFile[]): Transcript[] {
  return files.map(({ path, sizeBytes, stamp }) => {
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
