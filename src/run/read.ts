/** The transcripts of some folders, with what cursors know of them and what is new. */
import { discover } from "../discover/index.ts";
import type { Transcript } from "../discover/transcript.ts";
import { merge, type MergedTable } from "../merge.ts";
import { type CheckedOptions, defaultThreads } from "../options.ts";
import { type Part, PartList, ScannedBatch, scannedParts } from "../parts.ts";
import { plan } from "../plan.ts";
import { scanShards } from "../pool.ts";
import { cursorsOf, fromItsStart } from "../scan.ts";
import { TallyMemory } from "../tally/memory.ts";
import type { UnreadableFile } from "../types.ts";

export interface ReadTranscripts {
  /** In path order. */
  readonly transcripts: readonly Transcript[];
  readonly parts: readonly Part[];
  /** Where they lie. */
  readonly memory: TallyMemory;
  /** Everything in them. */
  readonly table: MergedTable;
  readonly unreadable: readonly UnreadableFile[];
  readonly bytesRead: number;
  readonly transcriptsUnchanged: number;
  /** Why the cache could not be written: the system's code. */
  readonly cacheFailure: string | undefined;
}

/** Reads what is new in the folders, and remembers how far that got. Rejects as `scan` does. */
export async function readTranscripts(folders: readonly string[], checked: CheckedOptions): Promise<ReadTranscripts> {
  const takenMs = Date.now();
  const found = discover(folders, checked.environment, ["claude"]);
  const { transcripts } = found;
  const memory = new TallyMemory();
  const cursors = await cursorsOf(found, checked, takenMs, memory);
  const unread = cursors?.unread ?? transcripts.map(fromItsStart);
  const bytesLeft = unread.reduce((sum, { sizeBytes, start }) => sum + sizeBytes - start, 0);
  const threads = checked.threads ?? defaultThreads(bytesLeft, unread.length);
  const { chunkBytes, maxLineBytes, rangeBytes, signal } = checked;
  const limits = { chunkBytes, maxLineBytes, folds: true, identifies: cursors !== undefined };
  const batches = await scanShards(plan(unread, { threads, rangeBytes }), { threads, limits, signal });
  const scanned = batches.map((batch) => new ScannedBatch(batch));
  const cacheFailure = cursors?.save(scanned);
  const parts = cursors?.parts(scanned) ?? scannedParts(scanned);
  const merging = { memory, listsSkipped: "of each transcript", hasSpareEvents: false } as const;
  const table = merge(parts, transcripts.length, merging);
  const failed = [...table.unreadable].map(([t, code]) => ({ path: (transcripts[t] as Transcript).path, code }));
  return {
    transcripts,
    parts,
    memory,
    table,
    unreadable: [...found.unreadable, ...failed],
    bytesRead: table.bytesRead + (cursors?.bytesRead ?? 0),
    transcriptsUnchanged: cursors?.unchanged ?? 0,
    cacheFailure,
  };
}

/** The parts of some transcripts alone, numbered anew in their order: `chosen` ascends. */
export function partsOf(parts: readonly Part[], chosen: readonly number[]): readonly Part[] {
  const numbers = new Map(chosen.map((t, number) => [t, number]));
  const list = new PartList();
  for (const part of parts) {
    if ("cursors" in part) {
      for (let row = part.from; row < part.to; row++) {
        const number = numbers.get(part.transcript + row - part.from);
        if (number !== undefined) list.addCursor(part.cursors, row, number);
      }
    } else {
      const { transcript } = part.scanned.columns.range;
      for (let range = part.from; range < part.to; range++) {
        const t = transcript[range] as number;
        const number = numbers.get(t + part.shift);
        if (number !== undefined) list.addRange(part.scanned, range, number - t);
      }
    }
  }
  return list.parts;
}
