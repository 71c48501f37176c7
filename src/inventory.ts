/** Whose transcripts are on this machine: where they lie, how many, how large, and from when to when. */
import { existsSync } from "node:fs";
import { sep } from "node:path";
import { discover } from "./discover/index.ts";
import { checkOptions, type ScanOptions } from "./options.ts";
import { scan } from "./scan.ts";
import type { SourceName, UnreadableFile } from "./types.ts";

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
  /** What of it could not be read: folders, which are not in these counts, and files, which are without responses. */
  readonly unreadable: readonly UnreadableFile[];
}

/** Every agent we know, whether it has left anything or not. Rejects like `scan`. */
export async function listSources(options: Omit<ScanOptions, "paths" | "by"> = {}): Promise<readonly SourceInfo[]> {
  const { environment, sources } = checkOptions(options);
  const { rows, diagnostics } = await scan({ ...options, by: ["source", "day"] });
  return sources.map((source) => {
    const { transcripts, roots } = discover(undefined, environment, [source]);
    const isBelow = (file: { readonly path: string }, root: string) => `${file.path}${sep}`.startsWith(root + sep);
    const unreadable = diagnostics.unreadable.filter((file) => roots.some((root) => isBelow(file, root)));
    const folders = roots.map((path): SourceFolder => {
      const below = transcripts.filter((transcript) => isBelow(transcript, path));
      const exists = existsSync(path) || unreadable.some((file) => file.path === path);
      return { path, exists, transcripts: below.length, bytes: sizeOf(below) };
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
      unreadable,
    };
  });
}

function sizeOf(transcripts: ReadonlyArray<{ readonly sizeBytes: number }>): number {
  return transcripts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
