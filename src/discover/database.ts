/** Transcripts that are SQLite databases: one of them holds many sessions, and a log beside it holds its latest rows. */
import { type BigIntStats, realpathSync, statSync } from "node:fs";
import { basename } from "node:path";
import { mtimeMs, stampOf } from "./stamp.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

const NAME = /^(?:opencode|session-store)(?:-[^\\/]*)?\.db$/;
const LOG = "-wal";

/** Whether any agent names a database so. */
export function isNamedLikeDatabase(path: string): boolean {
  return NAME.test(basename(path));
}

/** Whether a transcript stands for a database whose rows have not been taken out yet (`src/databases/`). */
export function isDatabase({ source, path, content }: Pick<Transcript, "source" | "path" | "content">): boolean {
  return (source === "opencode" || source === "copilot") && content === undefined && path.endsWith(".db");
}

/** With the size of the log added, and the time of whichever was written last. */
export function databaseTranscript(source: "copilot" | "opencode", { path, sizeBytes, stamp }: FoundFile): Transcript {
  const log = statOf(realpathOf(path) + LOG);
  return {
    source,
    path,
    sizeBytes: sizeBytes + Number(log?.size ?? 0n),
    stamp: log && Number(log.mtimeNs) / 1e6 > mtimeMs(stamp) ? stampOf(log) : stamp,
    stem: basename(path),
    session: null,
    projectFolder: path,
    projectKey: path,
    projectName: "unknown",
    isAgentFile: false,
    isMain: true,
  };
}

/** Undefined also where it cannot be looked at: reading the database will say so. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** A log lies beside the file that a link leads to. */
function realpathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
