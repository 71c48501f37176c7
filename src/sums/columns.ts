/** What a file of sums holds (`docs/decisions/0017`): of transcripts that are told by them, what their responses came to. */
import { AMOUNTS, type Columns } from "../events.ts";

/** One element a cursor file. */
export const FILE = {
  // Its checksums, as it says them itself: sums are of exactly these cursors.
  versionLow: Uint32Array,
  versionHigh: Uint32Array,
  /** Of the ids of its events and records. */
  idsChecksum: Uint32Array,
  rows: Uint32Array,
  contexts: Uint32Array,
  /** How many of its rows are members. */
  members: Uint32Array,
} as const;

/** One element a transcript, by file and row. */
export const MEMBER = {
  row: Uint32Array,
  /** The number of the first member that it, or what it has ids in common with, has ids in common with. */
  cluster: Uint32Array,
  /** 0: there is something in its cluster that sums cannot tell, as long as nothing changes. */
  isTold: Uint32Array,
} as const;

/** As the tally's kinds are; contexts as the member's cursor file numbers them, models as this file does. */
export const KIND = {
  member: Uint32Array,
  context: Uint32Array,
  flags: Uint32Array,
  /** 0: no model; 1: in no row of a grouping by model; else the model's number plus 2. */
  model: Uint32Array,
} as const;

/** What groups of one kind came to in one quarter of an hour, as the tally's cells are. */
export const SUM = {
  ...AMOUNTS,
  costDollars: Float64Array,
  /** Below 10^9. */
  costNanos: Float64Array,
  unpricedTokens: Float64Array,
  kind: Uint32Array,
  /** Quarters of an hour after 1970; in the file, after the first one there. */
  quarter: Uint32Array,
  /** Of its first and last record, counted from where the quarter begins. */
  firstMs: Uint32Array,
  lastMs: Uint32Array,
  responses: Uint32Array,
  toolUses: Uint32Array,
  priced: Uint32Array,
  unpriced: Uint32Array,
} as const;

/** Responses whose output is a placeholder, by the context of the record that says so. */
export const LOW = { member: Uint32Array, context: Uint32Array, count: Uint32Array } as const;

export const SUM_TABLES = { file: FILE, member: MEMBER, kind: KIND, sum: SUM, low: LOW } as const;
export type SumTables = { readonly [Name in keyof typeof SUM_TABLES]: Columns<(typeof SUM_TABLES)[Name]> };

export const NO_MODEL_SHOWN = 1;
export const FIRST_MODEL = 2;

/** What is known of transcripts without their events, as a scan's tables number what it names. */
export interface Summed {
  readonly kinds: Readonly<Record<"transcript" | "context" | "flags" | "model", Uint32Array<ArrayBuffer>>>;
  /** Kinds count from 0 in `kinds`. */
  readonly sums: Columns<typeof SUM>;
  readonly lows: Readonly<Record<"transcript" | "context" | "count", Uint32Array>>;
  readonly responses: number;
}
