/** The columns of cursor files: what is kept of each transcript. */
import { type Columns, CONTEXT, EVENT, EXTRA, FACTS, MESSAGE_TASKS, RECORD, type SkippedAt, USAGE } from "../events.ts";
import { isWhole, type Narrow } from "./narrow.ts";

/** One element a transcript: its cursor. Text columns hold text numbers; 0 is none. */
export const CURSOR = {
  // Identity: what the system said before it was read, and hashes of a few of its bytes.
  deviceLow: Uint32Array,
  deviceHigh: Uint32Array,
  inodeLow: Uint32Array,
  inodeHigh: Uint32Array,
  mtimeLow: Uint32Array,
  mtimeHigh: Uint32Array,
  ctimeLow: Uint32Array,
  ctimeHigh: Uint32Array,
  sizeBytes: Float64Array,
  headBytes: Uint32Array,
  headLow: Uint32Array,
  headHigh: Uint32Array,
  anchorLow: Uint32Array,
  anchorHigh: Uint32Array,
  age: Uint32Array, // an AGE
  /** Behind the last LF up to which everything is taken in; 0: none. */
  offset: Float64Array,
  // How much of the tables is its.
  events: Uint32Array,
  eventRecords: Uint32Array,
  usages: Uint32Array,
  extras: Uint32Array,
  skippedListed: Uint32Array,
  contextsListed: Uint32Array,
  /** Of its elements in the tables that can be left unread. */
  checksum: Uint32Array,
  // Up to the offset.
  ...FACTS,
  /** What times of its events and records count from. */
  baseMs: Float64Array,
} as const;

/** Columns of rows that number texts. */
export const ROW_TEXTS = [
  "sessionId",
  "agentName",
  "agentType",
  "team",
  "cwd",
  "taskPattern",
  ...MESSAGE_TASKS,
] as const;

/** How much time lay between a transcript's last change and its cursor. */
export const AGE = {
  settled: 0,
  /** Changed at most two seconds before, as clocks of file systems go. */
  fresh: 1,
  /** Changed so shortly before that a later change may bear the same time. */
  sameInstant: 2,
} as const;

/** Each context that an event of a transcript has, once: who asks for a team need not look at events. */
export const LISTED_CONTEXT = { context: Uint32Array } as const;

/** One element a skipped line. */
export const SKIPPED = { line: Uint32Array, offset: Float64Array, reason: Uint32Array } as const;
export const SKIPPED_REASONS = ["malformed", "oversized"] as const satisfies ReadonlyArray<SkippedAt["reason"]>;

/**
 * The tables of a cursor file in their order there; their columns stand in the order of their names here. Those of events and
 * what hangs on them come last: whoever asks for few transcripts of many reads only theirs. What
 * differs from the columns of the same name elsewhere, so that numbers are small:
 * - `record.timeMs` is milliseconds since the transcript's `baseMs` plus 1, and 0 is no time; in 8 bytes it is as elsewhere;
 * - `event.firstMs`, `lastMs` and `chosenMs` count from the times of the event's earliest, last and chosen records: zeros, but
 *   where a later record is earlier;
 * - `event.usage` counts from the transcript's first one plus 1, and 0 is none;
 * - `event.firstRecord`, `record.event` and `extra.event` count from the transcript's first one;
 * - other records of an event count from its `firstRecord`.
 */
export const TABLES = {
  cursor: CURSOR,
  listedContext: LISTED_CONTEXT,
  context: CONTEXT,
  skipped: SKIPPED,
  event: EVENT,
  record: RECORD,
  usage: USAGE,
  extra: EXTRA,
} as const;
export type TableName = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as TableName[];
/** With the column of rows that says how much of each is theirs. */
export const TABLES_OF_EVENTS = { event: "events", record: "eventRecords", usage: "usages", extra: "extras" } as const;

type NarrowColumns<Name extends TableName> = Readonly<Record<keyof (typeof TABLES)[Name], Narrow>>;
export type NarrowTables = { readonly [Name in TableName]: NarrowColumns<Name> };

/** What rows are copied into; `memory` knows where its columns lie. */
export interface Wide {
  readonly event: Columns<typeof EVENT>;
  readonly record: Columns<typeof RECORD>;
  readonly usage: Columns<typeof USAGE>;
  readonly extra: Columns<typeof EXTRA>;
}

/** Whether times count from a base. */
export function isRelative(column: Narrow): boolean {
  return isWhole(column);
}
