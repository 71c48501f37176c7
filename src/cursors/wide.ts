/** A merged table to the tables of a cursor file. */
import { allocate, type BatchColumns, type Columns, CONTEXT, FACTS, NO_USAGE } from "../events.ts";
import { STAMP_FIELDS } from "../discover/stamp.ts";
import type { MergedTable } from "../merge.ts";
import { MOST_WHOLE } from "./narrow.ts";
import { CURSOR, type LISTED_CONTEXT, ROW_TEXTS, SKIPPED, SKIPPED_REASONS } from "./columns.ts";
import type { CursorAt } from "./table.ts";

export interface WideTables extends Omit<BatchColumns, "range"> {
  readonly texts: readonly string[];
  readonly cursor: Columns<typeof CURSOR>;
  readonly listedContext: Columns<typeof LISTED_CONTEXT>;
  readonly skipped: Columns<typeof SKIPPED>;
  /** The column of records' times, where they count from no base because they lie too far apart. */
  readonly absolute: ReadonlySet<unknown>;
}

/** What a transcript's cursor is beside what was found in it. */
export type Bookmark = { readonly [Name in (typeof BOOKMARK)[number]]: number };

const BOOKMARK = [
  ...STAMP_FIELDS,
  "sizeBytes",
  "headBytes",
  "headLow",
  "headHigh",
  "anchorLow",
  "anchorHigh",
  "age",
  "offset",
] as const satisfies ReadonlyArray<keyof typeof CURSOR>;

const FACT_NAMES = Object.keys(FACTS) as Array<keyof typeof FACTS>;

export function bookmarkAt(row: Columns<typeof CURSOR>, i: number): Bookmark {
  return Object.fromEntries(BOOKMARK.map((name) => [name, row[name][i]])) as Bookmark;
}

/** Takes the columns of `table` over and changes them: it is of no other use afterwards. */
export function tablesOf(table: MergedTable, bookmarks: ReadonlyArray<Bookmark | CursorAt>): WideTables {
  const { event, record, usage, extra } = table;
  const cursor = rowsOf(table);
  for (const name of BOOKMARK) {
    const to = cursor[name];
    for (const [t, bookmark] of bookmarks.entries()) {
      to[t] = "table" in bookmark ? (bookmark.table.row[name][bookmark.row] as number) : bookmark[name];
    }
  }
  const { context, numbers } = distinctContexts(table);
  for (let i = 0; i < event.context.length; i++) event.context[i] = numbers[event.context[i] as number] as number;
  const listedContext = contextsListed(table, cursor);
  countFromRecords(event.firstMs, event.earliestRecord, record.timeMs);
  countFromRecords(event.lastMs, event.lastRecord, record.timeMs);
  countFromRecords(event.chosenMs, event.chosenRecord, record.timeMs);
  countFromRows(table, cursor);
  const { firstRecord } = table.transcript;
  const absolute = new Set<unknown>();
  if (areNear(record.timeMs, firstRecord, cursor.baseMs)) countFromBase(record.timeMs, firstRecord, cursor.baseMs);
  else absolute.add(record.timeMs);
  const textColumns = [...ROW_TEXTS.map((name) => cursor[name]), ...Object.values(context), event.model, extra.model];
  const texts = keepTextsIn(textColumns, table.texts);
  return { texts, cursor, listedContext, event, record, usage, extra, context, skipped: skippedOf(table), absolute };
}

/** All but the bookmarks. */
function rowsOf(table: MergedTable): Columns<typeof CURSOR> {
  const { transcript, transcripts } = table;
  const cursor = allocate(CURSOR, transcripts);
  const { firstEvent, firstRecord, firstUsage, firstExtra } = transcript;
  for (let t = 0; t < transcripts; t++) {
    const length = (first: Uint32Array, all: number) => (first[t + 1] ?? all) - (first[t] as number);
    cursor.events[t] = length(firstEvent, table.length);
    cursor.eventRecords[t] = length(firstRecord, table.eventRecords);
    cursor.usages[t] = length(firstUsage, table.usages);
    cursor.extras[t] = length(firstExtra, table.extras);
  }
  for (const { transcript: t } of table.skippedLines) {
    cursor.skippedListed[t] = (cursor.skippedListed[t] as number) + 1;
  }
  for (const name of FACT_NAMES) cursor[name].set(transcript[name]);
  for (let t = 0; t < transcripts; t++) cursor.baseMs[t] = earliest(table, t);
  return cursor;
}

/** The earliest time of a transcript's records; 0 when none has one. */
function earliest({ transcript, transcripts, eventRecords, record: { timeMs } }: MergedTable, t: number): number {
  const end = t + 1 < transcripts ? (transcript.firstRecord[t + 1] as number) : eventRecords;
  let least = Infinity;
  for (let i = transcript.firstRecord[t] as number; i < end; i++) {
    if ((timeMs[i] as number) < least) least = timeMs[i] as number;
  }
  return least === Infinity ? 0 : least;
}

/**
 * Contexts that are in use, those that are alike once: batches bring their own, appended lines would add another each
 * time, and a table from which few rows are taken has those of all others.
 */
function distinctContexts({ event, length, context, contexts }: MergedTable) {
  const isUsed = new Uint8Array(contexts);
  for (let i = 0; i < length; i++) isUsed[event.context[i] as number] = 1;
  const numbers = new Uint32Array(contexts);
  const kept: number[] = [];
  const known = new Map<string, number>();
  const columns = Object.values(context);
  for (let i = 0; i < contexts; i++) {
    if (isUsed[i] === 0) continue;
    const key = columns.map((column) => column[i]).join();
    const number = known.get(key) ?? kept.push(i) - 1;
    known.set(key, number);
    numbers[i] = number;
  }
  const distinct = allocate(CONTEXT, kept.length);
  for (const [name, column] of Object.entries(distinct)) {
    column.set(kept.map((i) => context[name as keyof typeof CONTEXT][i] as number));
  }
  return { context: distinct, numbers };
}

/**
 * The texts that columns number, which get other numbers. Batches bring more: each session id of a transcript, of which the first
 * one counts.
 */
function keepTextsIn(columns: readonly Uint32Array[], texts: readonly string[]): string[] {
  const numbers = new Uint32Array(texts.length);
  const kept = [""];
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      const text = column[i] as number;
      if (text !== 0 && numbers[text] === 0) numbers[text] = kept.push(texts[text] as string) - 1;
      column[i] = numbers[text] as number;
    }
  }
  return kept;
}

/** The contexts of each transcript's events, each once. */
function contextsListed({ event, length, transcript }: MergedTable, cursor: WideTables["cursor"]) {
  const listed: number[] = [];
  eachTranscript(transcript.firstEvent, length, (t, from, to) => {
    const known = new Set<number>();
    let last = -1;
    for (let i = from; i < to; i++) {
      const context = event.context[i] as number;
      if (context !== last) known.add(context);
      last = context;
    }
    cursor.contextsListed[t] = known.size;
    listed.push(...known);
  });
  return { context: Uint32Array.from(listed) };
}

/** Makes indexes count from where the transcript's elements begin, and those of an event's records from its first one. */
function countFromRows(
  { event, record, extra, length, transcriptOf, transcript }: MergedTable,
  cursor: WideTables["cursor"],
): void {
  const { firstEvent, firstRecord, firstUsage, firstExtra } = transcript;
  const { usage, earliestRecord, chosenRecord, lastRecord } = event;
  for (let i = 0; i < length; i++) {
    const t = transcriptOf[i] as number;
    const first = event.firstRecord[i] as number;
    earliestRecord[i] = (earliestRecord[i] as number) - first;
    chosenRecord[i] = (chosenRecord[i] as number) - first;
    lastRecord[i] = (lastRecord[i] as number) - first;
    event.firstRecord[i] = first - (firstRecord[t] as number);
    usage[i] = usage[i] === NO_USAGE ? 0 : (usage[i] as number) - (firstUsage[t] as number) + 1;
  }
  for (let t = 0; t < cursor.events.length; t++) {
    subtract(record.event, firstRecord[t] as number, cursor.eventRecords[t] as number, firstEvent[t] as number);
    subtract(extra.event, firstExtra[t] as number, cursor.extras[t] as number, firstEvent[t] as number);
  }
}

function subtract(column: Uint32Array, from: number, length: number, by: number): void {
  for (let i = from; i < from + length; i++) column[i] = (column[i] as number) - by;
}

/** Makes times of events count from those of one of their records each; without a time they are 0. */
function countFromRecords(column: Float64Array, records: Uint32Array, timeMs: Float64Array): void {
  for (let i = 0; i < column.length; i++) {
    const ms = column[i] as number;
    column[i] = Number.isFinite(ms) ? ms - (timeMs[records[i] as number] as number) : 0;
  }
}

/** Times that count from a base fit into 6 bytes, or none of the column does. */
const MOST_RELATIVE_MS = MOST_WHOLE - 1;

/** Makes times count from the base of their transcript plus 1, 0 being none. */
function countFromBase(column: Float64Array, firsts: Uint32Array, baseMs: Float64Array): void {
  eachTranscript(firsts, column.length, (t, from, to) => {
    const base = (baseMs[t] as number) - 1;
    for (let i = from; i < to; i++) {
      const ms = column[i] as number;
      column[i] = Number.isFinite(ms) ? ms - base : 0;
    }
  });
}

function areNear(column: Float64Array, firsts: Uint32Array, baseMs: Float64Array): boolean {
  let isNear = true;
  eachTranscript(firsts, column.length, (t, from, to) => {
    const base = baseMs[t] as number;
    for (let i = from; i < to; i++)
      if ((column[i] as number) - base > MOST_RELATIVE_MS && column[i] !== Infinity) isNear = false;
  });
  return isNear;
}

function eachTranscript(firsts: Uint32Array, length: number, use: (t: number, from: number, to: number) => void): void {
  for (let t = 0; t < firsts.length; t++) use(t, firsts[t] as number, firsts[t + 1] ?? length);
}

function skippedOf({ skippedLines }: MergedTable): WideTables["skipped"] {
  const skipped = allocate(SKIPPED, skippedLines.length);
  for (const [i, { line, offset, reason }] of skippedLines.entries()) {
    skipped.line[i] = line;
    skipped.offset[i] = offset;
    skipped.reason[i] = SKIPPED_REASONS.indexOf(reason as (typeof SKIPPED_REASONS)[number]);
  }
  return skipped;
}
