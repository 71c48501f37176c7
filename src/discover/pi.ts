/** Where Pi keeps its sessions (`formats/others.md`). */
import { basename, dirname, join } from "node:path";
import type { Environment } from "../environment.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

/** The folder that may hold sessions on this machine, whether it exists or not. */
export function piRoots({ variables, home }: Environment): string[] {
  return [join(variables["PI_CODING_AGENT_DIR"] || join(home, ".pi", "agent"), "sessions")];
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
