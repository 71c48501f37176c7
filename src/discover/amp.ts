/** Where Amp keeps its threads (`formats/others.md`). */
import { basename, dirname, join } from "node:path";
import type { Environment } from "../environment.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

const THREAD = /(?:^|[\\/])T-[^\\/]*\.json$/;

/** The folder that may hold threads on this machine, whether it exists or not. Amp looks at `XDG_DATA_HOME` on Linux alone. */
export function ampRoots({ variables, home, platform }: Environment): string[] {
  const isMoved = platform !== "darwin" && platform !== "win32";
  const data = variables["AMP_DATA_HOME"] || (isMoved && variables["XDG_DATA_HOME"]) || join(home, ".local", "share");
  return [join(data, "amp", "threads")];
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
