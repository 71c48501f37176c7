/** Where Amp keeps its threads (`formats/others.md`). */
import { basename, dirname, join } from "node:path";
import type { Environment } from "../environment.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

const THREAD = /(?:^|[\\/])T-[^\\/]*\.json$/;

/** The folder that may hold threads on this machine, whether it exists or not. */
export function ampRoots({ home }: Environment): string[] {
  return [join(home, ".local", "share", "amp", "threads")];
}

export function isAmpThread(path: string): boolean {
  return THREAD.test(path);
}

/** A thread names itself; where it was at work it does not say in a place we know. */
export function ampTranscripts(files: readonly FoundFile[]): Transcript[] {
  return files.map(({ path, sizeBytes, stamp }) => ({
    source: "amp",
    path,
    sizeBytes,
    stamp,
    stem: basename(path).replace(/\.json$/, ""),
    session: null,
    projectFolder: dirname(path),
    projectKey: path,
    projectName: "unknown",
    isAgentFile: false,
    isMain: true,
  }));
}
