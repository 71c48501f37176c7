/**
 * Whether a cursor file says what one can say. Its checksum shows that nobody damaged it; this, that nobody forged
 * one that would make us look outside of our tables, go in circles, or take up more memory than the file does.
 */
import { FLAG, MESSAGE_TASKS, MESSAGES_READ } from "../events.ts";
import { maxOf, type Narrow } from "./narrow.ts";
import { AGE, type CursorTable, isRelative, type NarrowTables, SKIPPED_REASONS } from "./table.ts";
import { IDENTITY_BYTES } from "./hash.ts";
import { SKIPPED_LISTED } from "../events.ts";

/** Columns of rows that number texts. */
const TEXTS = ["sessionId", "agentName", "agentType", "team", "cwd", "taskPattern", ...MESSAGE_TASKS] as const;
/** What `Date` holds, in milliseconds from 1970. */
const MOST_MS = 8.64e15;
/** A record's own event, an open response, and an open run of records that only tell their times: no more overlap. */
const MOST_OVERLAP = 3;

export function isSound(table: CursorTable, tables: NarrowTables): boolean {
  return areSorted(table.paths) && tablesAddUp(table, tables) && rowsAreSound(table) && columnsAreSound(table, tables);
}

function areSorted(paths: readonly string[]): boolean {
  for (let i = 1; i < paths.length; i++) if ((paths[i - 1] as string) >= (paths[i] as string)) return false;
  return true;
}

function tablesAddUp({ start, row }: CursorTable, tables: NarrowTables): boolean {
  const sum = (lengths: Uint32Array) => lengths.reduce((total, length) => total + length, 0);
  return (
    sum(row.events) === tables.event.flags.length &&
    sum(row.eventRecords) === tables.record.idLow.length &&
    sum(row.usages) === tables.usage.input.length &&
    sum(row.extras) === tables.extra.event.length &&
    sum(row.skippedListed) === tables.skipped.line.length &&
    start.events.length === row.events.length + 1
  );
}

function rowsAreSound({ row, texts }: CursorTable): boolean {
  for (const name of TEXTS) {
    if (maxOf(row[name]) >= texts.length) return false;
  }
  for (let i = 0; i < row.offset.length; i++) {
    const [offset, size] = [row.offset[i] as number, row.sizeBytes[i] as number];
    const isSound =
      Number.isSafeInteger(size) &&
      Number.isSafeInteger(offset) &&
      offset >= 0 &&
      offset <= size &&
      row.headBytes[i] === Math.min(IDENTITY_BYTES, size) &&
      (row.age[i] as number) <= AGE.sameInstant &&
      (row.skippedListed[i] as number) <= SKIPPED_LISTED &&
      isTime(row.baseMs[i] as number) &&
      (row.messages[i] as number) <= MESSAGES_READ &&
      isOffset(row.messagesEnd[i] as number, offset) &&
      (row.cwdTimeMs[i] === Infinity || isTime(row.cwdTimeMs[i] as number));
    if (!isSound) return false;
  }
  return true;
}

function isOffset(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= most;
}

function isTime(ms: number): boolean {
  return Math.abs(ms) <= MOST_MS;
}

function columnsAreSound(table: CursorTable, tables: NarrowTables): boolean {
  const { texts, contexts } = table;
  const { event, record, usage, extra, context, skipped } = tables;
  const areTexts = (column: Narrow) => isWhole(column) && maxOf(column) < texts.length;
  return (
    Object.values(context).every(areTexts) &&
    areTexts(event.model) &&
    areTexts(extra.model) &&
    isWhole(event.context) &&
    (event.context.length === 0 || maxOf(event.context) < contexts) &&
    [event.responseLow, event.responseHigh, event.requestLow, event.requestHigh].every(isWhole) &&
    [event.flags, event.toolUses, record.idLow, record.idHigh, record.toolUses].every(isWhole) &&
    [skipped.line, skipped.reason].every(isWhole) &&
    maxOf(skipped.reason) < SKIPPED_REASONS.length &&
    areCounts(skipped.offset) &&
    Object.values(usage).every(areCounts) &&
    Object.entries(extra).every(([name, column]) => (name === "event" ? isWhole(column) : areCounts(column))) &&
    areTimes(event.firstMs, Infinity) &&
    areTimes(event.lastMs, -Infinity) &&
    areTimes(event.chosenMs, -Infinity) &&
    areTimes(record.timeMs, NaN) &&
    indexesAreSound(table, tables)
  );
}

/** Numbers from 0 to 2^32 - 1. */
function isWhole(column: Narrow): boolean {
  return !(column instanceof Float64Array);
}

function areCounts(column: Narrow): boolean {
  if (!(column instanceof Float64Array)) return true;
  return column.every((value) => Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0));
}

function areTimes(column: Narrow, none: number): boolean {
  if (isRelative(column)) return true;
  return column.every((value) => isTime(value) || Object.is(value, none));
}

/** Whether each row's indexes stay in the row. */
function indexesAreSound({ row, start }: CursorTable, { event, record, extra }: NarrowTables): boolean {
  const { usage, flags, firstRecord, earliestRecord, chosenRecord, lastRecord } = event;
  const indexes = [usage, firstRecord, earliestRecord, chosenRecord, lastRecord, record.event, extra.event];
  if (!indexes.every(isWhole)) return false;
  for (let i = 0; i < row.events.length; i++) {
    const [events, records, usages] = [row.events[i] as number, row.eventRecords[i] as number, row.usages[i] as number];
    let spanned = 0;
    for (let e = start.events[i] as number, end = start.events[i + 1] as number; e < end; e++) {
      const last = lastRecord[e] as number;
      const used = usage[e] as number;
      if ((earliestRecord[e] as number) > last || (chosenRecord[e] as number) > last) return false;
      if ((firstRecord[e] as number) + last >= records || used > usages) return false;
      if (used > 0 !== ((flags[e] as number) & FLAG.usage) > 0) return false;
      spanned += last + 1;
    }
    if (spanned > MOST_OVERLAP * records) return false;
    const [r, rEnd] = [start.records[i] as number, start.records[i + 1] as number];
    if (rEnd > r && maxOf(record.event, r, rEnd) >= events) return false;
    const [x, xEnd] = [start.extras[i] as number, start.extras[i + 1] as number];
    if (xEnd > x && maxOf(extra.event, x, xEnd) >= events) return false;
  }
  return true;
}
