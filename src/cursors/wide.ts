/** A merged table to the tables of a cursor file. */
import { type BatchColumns, type Columns, CONTEXT, FACTS } from "../events.ts";
import { type FileStamp, STAMP_FIELDS } from "../discover/stamp.ts";
import type { MergedTable } from "../merge.ts";
import { type Hash, IDENTITY_BYTES } from "./hash.ts";
import { CURSOR, LISTED_CONTEXT, ROW_TEXTS, SKIPPED, SKIPPED_REASONS } from "./columns.ts";
import type { CursorAt } from "./table.ts";

/** All columns lie in the memory of the table that they come from. */
export interface WideTables extends Omit<BatchColumns, "range"> {
  readonly texts: readonly string[];
  readonly cursor: Columns<typeof CURSOR>;
  readonly listedContext: Columns<typeof LISTED_CONTEXT>;
  readonly skipped: Columns<typeof SKIPPED>;
  /** The column of records' times, where they count from no base because they lie too far apart. */
  readonly absolute: ReadonlySet<unknown>;
}

/** What a transcript's cursor is beside what was found in it. */
export interface Bookmark {
  readonly stamp: FileStamp;
  readonly sizeBytes: number;
  readonly head: Hash;
  readonly anchor: Hash;
  /** One of `AGE`. */
  readonly age: number;
  readonly offset: number;
}

type CursorColumn = keyof typeof CURSOR;

/** The columns that say it. */
const BOOKMARK: ReadonlyArray<readonly [CursorColumn, (bookmark: Bookmark) => number]> = [
  ...STAMP_FIELDS.map((name, i) => [name, ({ stamp }: Bookmark) => stamp.halves[stamp.at + i] as number] as const),
  ["sizeBytes", ({ sizeBytes }) => sizeBytes],
  ["headBytes", ({ sizeBytes }) => Math.min(IDENTITY_BYTES, sizeBytes)],
  ["headLow", ({ head }) => head.low],
  ["headHigh", ({ head }) => head.high],
  ["anchorLow", ({ anchor }) => anchor.low],
  ["anchorHigh", ({ anchor }) => anchor.high],
  ["age", ({ age }) => age],
  ["offset", ({ offset }) => offset],
];

const FACT_NAMES = Object.keys(FACTS) as Array<keyof typeof FACTS>;

/** Takes the columns of `table` over and changes them: it is of no other use afterwards. */
export function tablesOf(table: MergedTable, bookmarks: ReadonlyArray<Bookmark | CursorAt>): WideTables {
  const { memory, event, record, usage, extra, transcripts } = table;
  const cursor = rowsOf(table);
  for (const [name, partOf] of BOOKMARK) {
    const to = cursor[name];
    // Without an iterator, which allocates: there may be thousands.
    for (let t = 0; t < bookmarks.length; t++) {
      const bookmark = bookmarks[t] as Bookmark | CursorAt;
      to[t] = "table" in bookmark ? (bookmark.table.row[name][bookmark.row] as number) : partOf(bookmark);
    }
  }
  const context = distinctContexts(table);
  const listedContext = contextsListed(table, cursor, context.agentName.length);
  memory.bind("event", event);
  memory.bind("record", record);
  memory.bind("extra", extra);
  const { events, eventRecords, usages, extras, baseMs } = cursor;
  memory.bind("row", { events, eventRecords, usages, extras, baseMs });
  const areNear = memory.native.leaveRows(transcripts) !== 0;
  const absolute = new Set<unknown>(areNear ? [] : [record.timeMs]);
  const textColumns = [...ROW_TEXTS.map((name) => cursor[name]), ...Object.values(context), event.model, extra.model];
  const texts = keepTextsIn(textColumns, table.texts);
  return { texts, cursor, listedContext, event, record, usage, extra, context, skipped: skippedOf(table), absolute };
}

/** All but the bookmarks, and what times count from. */
function rowsOf(table: MergedTable): Columns<typeof CURSOR> {
  const { memory, transcript, transcripts } = table;
  const cursor = memory.columns(CURSOR, transcripts);
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
  return cursor;
}

/**
 * Contexts that are in use, those that are alike once: batches bring their own, appended lines would add another each
 * time, and a table from which few rows are taken has those of all others.
 */
function distinctContexts({ memory, event, length, context, contexts }: MergedTable): Columns<typeof CONTEXT> {
  const isUsed = memory.u8(contexts);
  memory.native.mark(event.context.byteOffset, length, isUsed.byteOffset);
  const numbers = memory.u32(contexts);
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
  memory.renumber(event.context, 0, length, numbers);
  const distinct = memory.columns(CONTEXT, kept.length);
  for (const [name, column] of Object.entries(distinct)) {
    column.set(kept.map((i) => context[name as keyof typeof CONTEXT][i] as number));
  }
  return distinct;
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
function contextsListed(
  { memory, event, length, transcript: { firstEvent } }: MergedTable,
  cursor: WideTables["cursor"],
  contexts: number,
) {
  const listed: number[] = [];
  /** The transcript, counted from 1, that each was listed for. */
  const listedFor = new Uint32Array(contexts);
  for (let t = 0; t < firstEvent.length; t++) {
    const before = listed.length;
    for (let i = firstEvent[t] as number, end = firstEvent[t + 1] ?? length; i < end; i++) {
      const context = event.context[i] as number;
      if (listedFor[context] === t + 1) continue;
      listedFor[context] = t + 1;
      listed.push(context);
    }
    cursor.contextsListed[t] = listed.length - before;
  }
  const columns = memory.columns(LISTED_CONTEXT, listed.length);
  columns.context.set(listed);
  return columns;
}

function skippedOf({ memory, skippedLines }: MergedTable): WideTables["skipped"] {
  const skipped = memory.columns(SKIPPED, skippedLines.length);
  for (const [i, { line, offset, reason }] of skippedLines.entries()) {
    skipped.line[i] = line;
    skipped.offset[i] = offset;
    skipped.reason[i] = SKIPPED_REASONS.indexOf(reason as (typeof SKIPPED_REASONS)[number]);
  }
  return skipped;
}
