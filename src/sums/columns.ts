/** What a file of sums holds (`docs/decisions/0017`): of transcripts that are told by them, what their responses came to. */
import type { Columns, Spec } from "../events.ts";
import { SUM } from "../tally/summed.ts";

/** One element a cursor file. */
export const FILE = {
  // Its checksums, as it says them itself: sums are of exactly these cursors.
  versionLow: Uint32Array,
  versionHigh: Uint32Array,
  /** Of the ids of its events and records. */
  idsChecksum: Uint32Array,
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
  /** 1: a Codex rollout that is a review, or holds one; of these each may have to do with each. */
  hasReviews: Uint32Array,
} as const;

/** As the tally's kinds are; contexts as the member's cursor file numbers them, models as this file does. */
export const KIND = {
  member: Uint32Array,
  context: Uint32Array,
  flags: Uint32Array,
  /** 0: no model; 1: in no row of a grouping by model; else the model's number plus 2. */
  model: Uint32Array,
} as const;

/** Responses whose output is a placeholder, by the context of the record that says so. */
export const LOW = { member: Uint32Array, context: Uint32Array, count: Uint32Array } as const;

/** Quarters of sums count from the first one in the file. */
export const SUM_TABLES = { file: FILE, member: MEMBER, kind: KIND, sum: SUM, low: LOW } as const;
export type SumTables = { readonly [Name in keyof typeof SUM_TABLES]: Columns<(typeof SUM_TABLES)[Name]> };

/** One element of a table. */
export type RowOf<S extends Spec> = { -readonly [Name in keyof S]: number };

export const NO_MODEL_SHOWN = 1;
export const FIRST_MODEL = 2;
