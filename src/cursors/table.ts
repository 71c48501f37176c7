/**
 * The cursors of one project folder: how far each of its transcripts has been read, and what had been found by then.
 * Events stay as narrow as they are on disk until they are copied to where they are used.
 */
import { type Columns, CONTEXT, EVENT, EXTRA, MESSAGES, NO_USAGE, RECORD, type SkippedAt, USAGE } from "../events.ts";
import type { Counts } from "../merge.ts";
import { startsOf } from "../parts.ts";
import type { Narrow } from "./narrow.ts";

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
  // Up to the offset, as `RANGE` has them.
  lines: Uint32Array,
  records: Uint32Array,
  usageRecords: Uint32Array,
  malformed: Uint32Array,
  oversized: Uint32Array,
  sessionId: Uint32Array,
  agentName: Uint32Array,
  agentType: Uint32Array,
  team: Uint32Array,
  cwd: Uint32Array,
  cwdTimeMs: Float64Array,
  ...MESSAGES,
  /** What times of its events and records count from. */
  baseMs: Float64Array,
} as const;

/** How much time lay between a transcript's last change and its cursor. */
export const AGE = {
  settled: 0,
  /** Changed at most two seconds before, as clocks of file systems go. */
  fresh: 1,
  /** Changed so shortly before that a later change may bear the same time. */
  sameInstant: 2,
} as const;

/** One element a skipped line. */
export const SKIPPED = { line: Uint32Array, offset: Float64Array, reason: Uint32Array } as const;
export const SKIPPED_REASONS = ["malformed", "oversized"] as const satisfies ReadonlyArray<SkippedAt["reason"]>;

/**
 * The tables of a cursor file in their order there; their columns stand in the order of their names here. What
 * differs from the columns of the same name elsewhere, so that numbers are small:
 * - times are milliseconds since the transcript's `baseMs` plus 1, and 0 is no time; in columns of 8 bytes they are as elsewhere;
 * - `event.usage` counts from the transcript's first one plus 1, and 0 is none;
 * - `event.firstRecord`, `record.event` and `extra.event` count from the transcript's first one;
 * - other records of an event count from its `firstRecord`.
 */
export const TABLES = {
  cursor: CURSOR,
  event: EVENT,
  record: RECORD,
  usage: USAGE,
  extra: EXTRA,
  context: CONTEXT,
  skipped: SKIPPED,
} as const;
export type TableName = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as TableName[];

type NarrowColumns<Name extends TableName> = Readonly<Record<keyof (typeof TABLES)[Name], Narrow>>;
export type NarrowTables = { readonly [Name in TableName]: NarrowColumns<Name> };

interface Wide {
  readonly event: Columns<typeof EVENT>;
  readonly record: Columns<typeof RECORD>;
  readonly usage: Columns<typeof USAGE>;
  readonly extra: Columns<typeof EXTRA>;
}

export class CursorTable {
  /** Of the transcripts, in path order. */
  readonly paths: readonly string[];
  readonly texts: string[];
  readonly contexts: number;
  readonly row: Columns<typeof CURSOR>;
  /** Where the elements of each row begin, and where those of the last one end. */
  readonly start: Readonly<Record<keyof Counts | "skipped", Uint32Array>>;
  readonly #tables: NarrowTables;

  constructor(paths: readonly string[], texts: string[], row: Columns<typeof CURSOR>, tables: NarrowTables) {
    this.paths = paths;
    this.texts = texts;
    this.row = row;
    this.#tables = tables;
    this.contexts = tables.context.agentName.length;
    this.start = {
      events: startsOf(row.events),
      records: startsOf(row.eventRecords),
      usages: startsOf(row.usages),
      extras: startsOf(row.extras),
      skipped: startsOf(row.skippedListed),
    };
  }

  countsOf(from: number, to: number): Counts {
    const { events, records, usages, extras } = this.start;
    const length = (start: Uint32Array) => (start[to] as number) - (start[from] as number);
    return { events: length(events), records: length(records), usages: length(usages), extras: length(extras) };
  }

  skippedLine(i: number) {
    const { line, offset, reason } = this.#tables.skipped;
    return {
      line: line[i] as number,
      offset: offset[i] as number,
      reason: SKIPPED_REASONS[reason[i] as number] as (typeof SKIPPED_REASONS)[number],
    };
  }

  copyContexts(to: Columns<typeof CONTEXT>, at: number): void {
    for (const [name, column] of Object.entries(this.#tables.context)) to[name as keyof typeof CONTEXT].set(column, at);
  }

  /** Copies rows [from, to) to where `at` says, with texts numbered as here. */
  copyRows(from: number, to: number, wide: Wide, at: Counts & { readonly contexts: number }): void {
    const { event, record, usage, extra } = this.#tables;
    const { start } = this;
    const slice = { from, to };
    copyWide(event, wide.event, at.events, start.events, slice);
    copyWide(record, wide.record, at.records, start.records, slice);
    copyWide(usage, wide.usage, at.usages, start.usages, slice);
    copyWide(extra, wide.extra, at.extras, start.extras, slice);

    for (let i = from, e = at.events, r = at.records, x = at.extras, u = at.usages; i < to; i++) {
      const [events, records] = [this.row.events[i] as number, this.row.eventRecords[i] as number];
      const [usages, extras] = [this.row.usages[i] as number, this.row.extras[i] as number];
      const baseMs = (this.row.baseMs[i] as number) - 1;
      placeEvents(wide.event, e, e + events, r, u - 1, at.contexts);
      if (isRelative(event.firstMs)) addBase(wide.event.firstMs, e, e + events, baseMs, Infinity);
      if (isRelative(event.lastMs)) addBase(wide.event.lastMs, e, e + events, baseMs, -Infinity);
      if (isRelative(event.chosenMs)) addBase(wide.event.chosenMs, e, e + events, baseMs, -Infinity);
      if (isRelative(record.timeMs)) addBase(wide.record.timeMs, r, r + records, baseMs, NaN);
      add(wide.record.event, r, r + records, e);
      add(wide.extra.event, x, x + extras, e);
      e += events;
      r += records;
      x += extras;
      u += usages;
    }
  }
}

/** Whether times count from a base. */
export function isRelative(column: Narrow): boolean {
  return !(column instanceof Float64Array);
}

function copyWide(
  from: Readonly<Record<string, Narrow>>,
  to: Readonly<Record<string, Uint32Array | Float64Array>>,
  at: number,
  start: Uint32Array,
  rows: { readonly from: number; readonly to: number },
): void {
  const [first, end] = [start[rows.from] as number, start[rows.to] as number];
  for (const [name, column] of Object.entries(from)) to[name]?.set(column.subarray(first, end), at);
}

/** Makes a row's events point into the whole table: its records begin at `record`, its usages behind `usage`. */
function placeEvents(
  event: Columns<typeof EVENT>,
  from: number,
  to: number,
  record: number,
  usage: number,
  contexts: number,
): void {
  const { firstRecord, earliestRecord, chosenRecord, lastRecord, context, usage: used } = event;
  for (let i = from; i < to; i++) {
    const first = (firstRecord[i] as number) + record;
    firstRecord[i] = first;
    earliestRecord[i] = (earliestRecord[i] as number) + first;
    chosenRecord[i] = (chosenRecord[i] as number) + first;
    lastRecord[i] = (lastRecord[i] as number) + first;
    context[i] = (context[i] as number) + contexts;
    used[i] = used[i] === 0 ? NO_USAGE : (used[i] as number) + usage;
  }
}

function addBase(column: Float64Array, from: number, to: number, baseMs: number, none: number): void {
  for (let i = from; i < to; i++) {
    const ms = column[i] as number;
    column[i] = ms === 0 ? none : ms + baseMs;
  }
}

function add(column: Uint32Array, from: number, to: number, by: number): void {
  for (let i = from; i < to; i++) column[i] = (column[i] as number) + by;
}
