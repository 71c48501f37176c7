/** Where Pi keeps its sessions (`formats/others.md`). */
import { basename, dirname, join } from "node:path";
import type { Environment } from "../environment.ts";
import { homePath } from "./home-path.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

/** The folders that may hold sessions on this machine, whether they exist or not. One that holds newer sessions alone leaves the others where they were. */
export function piRoots({ variables, home }: Environment): string[] {
  const sessions = join(homePath(variables["PI_CODING_AGENT_DIR"], home) ?? join(home, ".pi", "agent"), "sessions");
  const newer = homePath(variables["PI_CODING_AGENT_SESSION_DIR"], home);
  return newer === undefined ? [sessions] : [sessions, newer];
}

/** A session names itself and its project: the folder's name is a path with dashes for slashes. */
export function piTranscripts(files: readonly FoundFile[]): Transcript[] {
  return files.map(({ path, sizeBytes, stamp }) => ({
    source: "pi",
    path,
    sizeBytes,
    stamp,
    stem: basename(path).replace(/\.jsonl$/, ""),
    session: null,
    projectFolder: dirname(path),
    projectKey: path,
    projectName: basename(dirname(path)),
    isAgentFile: false,
    isMain: true,
  }));
}

/** Whether a value is the first record of a session. */
export function isPiRecord(record: Readonly<Record<string, unknown>>): boolean {
  return record["type"] === "session" && typeof record["id"] === "string" && typeof record["cwd"] === "string";
}
