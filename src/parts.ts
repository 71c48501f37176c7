/**
 * What a table is merged from: runs of cursors, and runs of ranges that were scanned, in transcript order and
 * within a transcript in byte order. A transcript's cursor comes before what was scanned of it.
 */
import { type Batch, type BatchColumns, openBatch } from "./events.ts";
import type { CursorTable } from "./cursors/table.ts";

/** Cursors [from, to) of a table, of transcripts that follow each other. */
export interface CursorRun {
  readonly cursors: CursorTable;
  from: number;
  to: number;
  /** The number of the first one's transcript. */
  readonly transcript: number;
  /** What their events come to is known otherwise (`src/sums/`): only what is known of transcripts as a whole is merged. */
  readonly isTold: boolean;
}

/** Ranges [from, to) of a batch. */
export interface RangeRun {
  readonly scanned: ScannedBatch;
  from: number;
  to: number;
  /** What is added to the number of a range's transcript. */
  readonly shift: number;
}

export type Part = CursorRun | RangeRun;

/** A batch with where each of its ranges begins in each of its tables; what a table holds comes last. */
export class ScannedBatch {
  readonly batch: Batch;
  readonly columns: BatchColumns;
  readonly #starts = new Map<string, Uint32Array>();

  constructor(batch: Batch) {
    this.batch = batch;
    this.columns = openBatch(batch);
  }

  startsOf(table: "events" | "eventRecords" | "usages" | "extras"): Uint32Array {
    let starts = this.#starts.get(table);
    if (!starts) {
      starts = startsOf(this.columns.range[table]);
      this.#starts.set(table, starts);
    }
    return starts;
  }
}

/** Lengths to where each begins, and where the last one ends. */
function startsOf(lengths: Uint32Array): Uint32Array {
  const starts = new Uint32Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) starts[i + 1] = (starts[i] as number) + (lengths[i] as number);
  return starts;
}

/** Puts parts in order, with neighbours joined: long runs are copied at once. */
export class PartList {
  readonly parts: Part[] = [];
  #last: Part | undefined;

  addCursor(cursors: CursorTable, row: number, transcript: number, isTold = false): void {
    const last = this.#last;
    const follows =
      last !== undefined &&
      "cursors" in last &&
      last.cursors === cursors &&
      last.isTold === isTold &&
      last.to === row &&
      last.transcript - last.from === transcript - row;
    if (follows) last.to++;
    else this.#begin({ cursors, from: row, to: row + 1, transcript, isTold });
  }

  addRange(scanned: ScannedBatch, range: number, shift = 0): void {
    const last = this.#last;
    const follows =
      last !== undefined && "scanned" in last && last.scanned === scanned && last.to === range && last.shift === shift;
    if (follows) last.to++;
    else this.#begin({ scanned, from: range, to: range + 1, shift });
  }

  #begin(part: Part): void {
    this.parts.push(part);
    this.#last = part;
  }
}

/** All ranges of a batch, where nothing was known of their transcripts before. */
export function wholeOf(scanned: ScannedBatch): RangeRun {
  return { scanned, from: 0, to: scanned.batch.ranges, shift: 0 };
}
