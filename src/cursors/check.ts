/**
 * Whether a cursor file says what one can say. Its checksum shows that nobody damaged it; this, that nobody forged
 * one that would make us look outside of our tables, go in circles, or take up more memory than the file does.
 */
import { MESSAGES_READ, SKIPPED_LISTED } from "../events.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { IDENTITY_BYTES } from "./hash.ts";
import { isU32, isWhole, MOST_WHOLE, type Narrow } from "./narrow.ts";
import {
  AGE,
  type CursorTable,
  isRelative,
  type NarrowTables,
  ROW_TEXTS,
  SKIPPED_REASONS,
  TABLE_NAMES,
  TABLES,
} from "./table.ts";

/** What `Date` holds, in milliseconds from 1970. */
const MOST_MS = 8.64e15;

/** Whether columns of whole numbers are such: before anything is made of them. */
export function areWidthsSound(tables: NarrowTables): boolean {
  return TABLE_NAMES.every((table) => {
    const columns: Readonly<Record<string, Narrow>> = tables[table];
    return Object.entries(TABLES[table]).every(([name, type]) => {
      return type === Float64Array || isU32(columns[name] as Narrow);
    });
  });
}

export function isSound(table: CursorTable, tables: NarrowTables, memory: TallyMemory): boolean {
  return (
    areSorted(table.paths) &&
    tablesAddUp(table, tables, memory) &&
    rowsAreSound(table, memory) &&
    columnsAreSound(table, tables, memory) &&
    indexesAreSound(table, tables, memory)
  );
}

function areSorted(paths: readonly string[]): boolean {
  for (let i = 1; i < paths.length; i++) if ((paths[i - 1] as string) >= (paths[i] as string)) return false;
  return true;
}

function tablesAddUp({ start, row }: CursorTable, tables: NarrowTables, { native }: TallyMemory): boolean {
  // The starts there are do, so they come out as they were.
  const sum = (lengths: Uint32Array, starts: Uint32Array) =>
    native.sumStarts(lengths.byteOffset, lengths.length, starts.byteOffset);
  return (
    sum(row.events, start.events) === tables.event.flags.length &&
    sum(row.eventRecords, start.records) === tables.record.idLow.length &&
    sum(row.usages, start.usages) === tables.usage.input.length &&
    sum(row.extras, start.extras) === tables.extra.event.length &&
    sum(row.skippedListed, start.skipped) === tables.skipped.line.length
  );
}

function rowsAreSound({ row, texts }: CursorTable, { native }: TallyMemory): boolean {
  for (const name of ROW_TEXTS) {
    if (native.largest(row[name].byteOffset, 4, row[name].length) >>> 0 >= texts.length) return false;
  }
  const { offset, sizeBytes, headBytes, age, skippedListed, baseMs, cwdTimeMs, messages, messagesEnd } = row;
  for (let i = 0; i < offset.length; i++) {
    const size = sizeBytes[i] as number;
    const isSound =
      Number.isSafeInteger(size) &&
      Number.isSafeInteger(offset[i]) &&
      (offset[i] as number) >= 0 &&
      (offset[i] as number) <= size &&
      headBytes[i] === Math.min(IDENTITY_BYTES, size) &&
      (age[i] as number) <= AGE.sameInstant &&
      (skippedListed[i] as number) <= SKIPPED_LISTED &&
      isBase(baseMs[i] as number) &&
      (messages[i] as number) <= MESSAGES_READ &&
      isOffset(messagesEnd[i] as number, offset[i] as number) &&
      (cwdTimeMs[i] === Infinity || isTime(cwdTimeMs[i] as number));
    if (!isSound) return false;
  }
  return true;
}

function isOffset(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= most;
}

/** Whatever counts from there is a time. */
function isBase(ms: number): boolean {
  return Math.abs(ms) <= MOST_MS - MOST_WHOLE;
}

function isTime(ms: number): boolean {
  return Math.abs(ms) <= MOST_MS;
}

function columnsAreSound(table: CursorTable, tables: NarrowTables, { native }: TallyMemory): boolean {
  const { texts, contexts } = table;
  const { event, record, usage, extra, context, skipped } = tables;
  const isBelow = ({ address, width, length }: Narrow, end: number) =>
    length === 0 || native.largest(address, width, length) >>> 0 < end;
  const areCounts = (column: Narrow) => isWhole(column) || native.areCounts(column.address, column.length) !== 0;
  return (
    Object.values(context).every((column) => isBelow(column, texts.length)) &&
    isBelow(event.model, texts.length) &&
    isBelow(extra.model, texts.length) &&
    isBelow(event.context, contexts) &&
    isBelow(skipped.reason, SKIPPED_REASONS.length) &&
    areCounts(skipped.offset) &&
    Object.values(usage).every(areCounts) &&
    Object.values(extra).every(areCounts) &&
    [event.firstMs, event.lastMs, event.chosenMs].every(areCounts) &&
    (isRelative(record.timeMs) || native.areTimes(record.timeMs.address, record.timeMs.length) !== 0)
  );
}

/** Whether each row's indexes stay in the row. */
function indexesAreSound({ row }: CursorTable, { event, record, extra }: NarrowTables, memory: TallyMemory): boolean {
  const { flags, usage, firstRecord, earliestRecord, chosenRecord, lastRecord } = event;
  const columns = { flags, usage, firstRecord, earliestRecord, chosenRecord, lastRecord };
  const indexes = { ...columns, recordEvent: record.event, extraEvent: extra.event };
  for (const [name, { address, width }] of Object.entries(indexes)) {
    const global = `narrow${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    memory.set(global, address);
    memory.set(`${global}Width`, width);
  }
  const { events, eventRecords, usages, extras } = row;
  memory.bind("row", { events, eventRecords, usages, extras });
  return memory.native.areRowsSound(row.offset.length) !== 0;
}
