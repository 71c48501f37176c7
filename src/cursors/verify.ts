/** Reads everything again that cursors say has been read, and compares. */
import { type BigIntStats, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { stampWithParts } from "../discover/opencode.ts";
import { type FileStamp, stampOf } from "../discover/stamp.ts";
import { merge } from "../merge.ts";
import { defaultThreads } from "../options.ts";
import { type CursorRun, type ScannedBatch, wholeOf } from "../parts.ts";
import { bytesOf, plan, type Unread } from "../plan.ts";
import { readAll } from "../read-shards.ts";
import { isDocument } from "../sources/parsers.ts";
import { DEFAULT_TASK_PATTERN } from "../sources/task-ids.ts";
import { sumsFiles } from "../sums/kept.ts";
import type { SourceName } from "../types.ts";
import type { DecodedCursors } from "./decode.ts";
import { differences } from "./compare.ts";
import { type Entry, keptEntry, type ScannedRange, writeCursors } from "./entries.ts";
import { trust } from "./identity.ts";
import { foldReadings } from "./readings.ts";
import { isCurrent, storedFiles } from "./store.ts";
import type { TallyMemory } from "../tally/memory.ts";
import type { CursorTable } from "./table.ts";

export interface VerifyOptions {
  readonly folder: string;
  /** As for a scan. */
  readonly chunkBytes: number;
  readonly threads: number | undefined;
  /** Told how many bytes more have been read. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

export interface Difference {
  readonly path: string;
  /** In what its cursor was wrong. */
  readonly what: readonly string[];
}

export interface Verified {
  /** Compared. */
  readonly transcripts: number;
  readonly bytesRead: number;
  /** Cursors that no scan would use: their transcripts are gone or have changed, or their files are damaged. */
  readonly unused: number;
  readonly differences: readonly Difference[];
}

/** Compares every cursor that a scan would use, and puts right what is wrong. Throws what the system says. */
export async function verifyStore(options: VerifyOptions): Promise<Verified> {
  const all = { transcripts: 0, bytesRead: 0, unused: 0, differences: [] as Difference[] };
  for (const { name, cursors, superseded, memory } of storedFiles(options.folder)) {
    if (!cursors || !isCurrent(cursors)) {
      all.unused += cursors?.table.paths.length ?? 1;
      continue;
    }
    const { table } = cursors;
    // Superseded ones too, without a word: without the newer ones a scan would use them.
    const rows = [...table.paths.keys()];
    const used = rows.filter((row) => isUsed(cursors, row));
    const isCounted = (row: number) => !superseded.has(row);
    all.transcripts += used.filter(isCounted).length;
    all.unused += rows.filter(isCounted).length - used.filter(isCounted).length;
    const { bytesRead, scanned, found } = await compareAgain(cursors, used, memory, options);
    all.bytesRead += bytesRead;
    if (found.size === 0) continue;
    for (const [row, what] of found) {
      if (isCounted(row)) all.differences.push({ path: table.paths[row] as string, what });
    }
    writeCursors(options.folder, name, cursors.making, mendedEntries(table, scanned, new Set(found.keys())), memory);
  }
  // Made of cursors: the next scans work them out again, of these.
  for (const name of sumsFiles(options.folder)) rmSync(join(options.folder, name), { force: true });
  return all;
}

function stampOfTranscript(source: string, path: string, stat: BigIntStats): FileStamp {
  const stamp = stampOf(stat);
  return source === "opencode" ? stampWithParts(path, stamp) : stamp;
}

/** Whether a scan would take this row as it is. */
function isUsed({ table, making }: DecodedCursors, row: number): boolean {
  if (table.row.offset[row] === 0) return false;
  const path = table.paths[row] as string;
  try {
    const stat = statSync(path, { bigint: true });
    if (!stat.isFile()) return false;
    const found = { path, sizeBytes: Number(stat.size), stamp: stampOfTranscript(making.source, path, stat) };
    const isGrown = table.row.sizeBytes[row] !== found.sizeBytes;
    if (isGrown && isDocument(making.source as SourceName, path)) return false;
    return trust(found, table, row).kind !== "none";
  } catch {
    return false;
  }
}

async function compareAgain(
  { table, making }: DecodedCursors,
  rows: readonly number[],
  memory: TallyMemory,
  options: VerifyOptions,
) {
  const unread = rows.map((row): Unread => {
    // As if the transcript ended where its cursor stands.
    const sizeBytes = table.row.offset[row] as number;
    return {
      transcript: row,
      source: making.source as SourceName,
      path: table.paths[row] as string,
      start: 0,
      sizeBytes,
    };
  });
  const bytes = unread.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const threads = options.threads ?? defaultThreads(bytes, unread.length);
  const limits = {
    chunkBytes: options.chunkBytes,
    maxLineBytes: making.maxLineBytes,
    folds: true,
    dispatches: true,
    identifies: false,
    taskPattern: DEFAULT_TASK_PATTERN,
  };
  const scanned = await readAll(plan(unread, { threads }), {
    threads,
    limits,
    onShard: (shard) => options.onRead?.(bytesOf(shard)),
  });
  const whole: CursorRun = { cursors: table, from: 0, to: table.paths.length, transcript: 0, isTold: false };
  const merging = { memory, listsSkipped: "of each transcript", hasSpareEvents: false } as const;
  const before = merge([whole], table.paths.length, merging);
  const now = merge(scanned.map(wholeOf), table.paths.length, merging);
  const found = new Map<number, readonly string[]>();
  for (const row of rows) {
    // Gone or locked meanwhile: nothing can be said.
    if (now.unreadable.has(row)) continue;
    for (const merged of [before, now]) foldReadings(merged, row);
    const what = differences(before, now, row);
    if (what.length > 0) found.set(row, what);
  }
  return { bytesRead: now.bytesRead, scanned, found };
}

/** The rows of a table, those in `wrong` as they were scanned again. */
function mendedEntries(table: CursorTable, scanned: readonly ScannedBatch[], wrong: ReadonlySet<number>): Entry[] {
  const ranges = new Map<number, ScannedRange[]>();
  for (const batch of scanned) {
    for (const [range, row] of batch.columns.range.transcript.entries()) {
      if (!wrong.has(row)) continue;
      const some = ranges.get(row) ?? [];
      some.push({ scanned: batch, range });
      ranges.set(row, some);
    }
  }
  return [...table.paths.keys()].map((row) => {
    const entry = keptEntry(table, row);
    return wrong.has(row) ? { ...entry, before: undefined, ranges: ranges.get(row) ?? [] } : entry;
  });
}
