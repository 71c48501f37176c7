/** Whose transcripts are on this machine: where they lie, how many, how large, and from when to when. */
import { existsSync } from "node:fs";
import { sep } from "node:path";
import { discover } from "./discover/index.ts";
import { checkOptions, type ScanOptions } from "./options.ts";
import { scan } from "./scan.ts";
import type { SourceName } from "./types.ts";

export interface SourceFolder {
  readonly path: string;
  readonly exists: boolean;
  readonly transcripts: number;
  readonly bytes: number;
}

/** What one agent has left here. */
export interface SourceInfo {
  readonly source: SourceName;
  readonly folders: readonly SourceFolder[];
  readonly transcripts: number;
  readonly bytes: number;
  readonly responses: number;
  /** The first and last day with a response or a tool use, in the chosen time zone; null: none with a time. */
  readonly firstDay: string | null;
  readonly lastDay: string | null;
}

/** Every agent we know, whether it has left anything or not. Rejects like `scan`. */
export async function listSources(options: Omit<ScanOptions, "paths" | "by"> = {}): Promise<readonly SourceInfo[]> {
  const { environment, sources } = checkOptions(options);
  const { rows } = await scan({ ...options, by: ["source", "day"] });
  return sources.map((source) => {
    const { transcripts, roots } = discover(undefined, environment, [source]);
    const folders = roots.map((path): SourceFolder => {
      const below = transcripts.filter((transcript) => `${transcript.path}${sep}`.startsWith(path + sep));
      return { path, exists: existsSync(path), transcripts: below.length, bytes: sizeOf(below) };
    });
    const own = rows.filter(({ key }) => key.source === source);
    const days = own.map(({ key }) => key.day as string).filter((day) => day !== "unknown");
    return {
      source,
      folders,
      transcripts: transcripts.length,
      bytes: sizeOf(transcripts),
      responses: own.reduce((sum, { responses }) => sum + responses, 0),
      firstDay: days[0] ?? null,
      lastDay: days.at(-1) ?? null,
    };
  });
}

function sizeOf(transcripts: ReadonlyArray<{ readonly sizeBytes: number }>): number {
  return transcripts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
