import type { SourceName } from "../types.ts";
import type { FileStamp } from "./stamp.ts";

/** One file of records, and what its place says about it. */
export interface Transcript {
  readonly source: SourceName;
  readonly path: string;
  readonly sizeBytes: number;
  /** Its lines, where they are in memory: of a session in a database. No cursor is of it. */
  readonly content?: Uint8Array;
  /** What its agent says that its session used in all, beside the transcripts (Qwen Code). */
  readonly sumTokens?: number;
  /** Taken before anything is read. */
  readonly stamp: FileStamp;
  /** The folder whose transcripts are remembered together (`src/cursors/`). */
  readonly projectFolder: string;
  /** Transcripts with the same key share a project: the first working directory in any of them. */
  readonly projectKey: string;
  /** The project's name where no record names a working directory. */
  readonly projectName: string;
  /** The session its place names; null: the first `sessionId` in its records, else `stem`. */
  readonly session: string | null;
  readonly stem: string;
  /** Holds a subagent's records. */
  readonly isAgentFile: boolean;
  /** Is neither a subagent's nor below a session's folder. */
  readonly isMain: boolean;
}
