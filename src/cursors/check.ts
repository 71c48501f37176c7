/**
 * Whether a cursor file says what one can say. Its checksum shows that nobody damaged it; this, that nobody forged
 * one that would make us look outside of our tables, go in circles, or take up more memory than the file does.
 */
import { MESSAGES_READ, SKIPPED_LISTED } from "../events.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { AGE, isRelative, type NarrowTables, ROW_TEXTS, SKIPPED_REASONS } from "./columns.ts";
import { IDENTITY_BYTES } from "./hash.ts";
import { isWhole, type Narrow } from "./narrow.ts";
import { type EventTables, lengthsOf } from "./rows.ts";
import type { CursorTable } from "./table.ts";

/** All but what hangs on events. */
export function isHeadSound(table: CursorTable, tables: NarrowTables, memory: TallyMemory): boolean {
  return (
    areSorted(table.paths) &&
    tablesAddUp(table, tables, memory) &&
    rowsAreSound(table, memory) &&
    headColumnsAreSound(table, tables, memory)
  );
}

/** What hangs on the events of rows [from, to), of which `columns` are. */
export function areEventsSound(
  table: CursorTable,
  columns: EventTables,
  from: number,
  to: number,
  memory: TallyMemory,
): boolean {
  return (
    eventColumnsAreSound(table, columns, memory) && indexesAreSound(lengthsOf(table.row, from, to), columns, memory)
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
    sum(row.skippedListed, start.skipped) === tables.skipped.line.length &&
    sum(row.contextsListed, start.listedContexts) === tables.listedContext.context.length
  );
}

function rowsAreSound({ row, texts }: CursorTable, memory: TallyMemory): boolean {
  const { native } = memory;
  for (const name of ROW_TEXTS) {
    if (native.largest(row[name].byteOffset, 4, row[name].length) >>> 0 >= texts.length) return false;
  }
  const isAtMost = ({ byteOffset, length }: Uint32Array, most: number) =>
    native.largest(byteOffset, 4, length) >>> 0 <= most;
  const { offset, sizeBytes, headBytes, baseMs, cwdTimeMs, messagesEnd } = row;
  memory.bind("row", { offset, sizeBytes, headBytes, baseMs, cwdTimeMs, messagesEnd });
  return (
    isAtMost(row.age, AGE.sameInstant) &&
    isAtMost(row.skippedListed, SKIPPED_LISTED) &&
    isAtMost(row.messages, MESSAGES_READ) &&
    native.areBookmarksSound(offset.length, IDENTITY_BYTES) !== 0
  );
}

function headColumnsAreSound(
  { texts, contexts }: CursorTable,
  { listedContext, context, skipped }: NarrowTables,
  { native }: TallyMemory,
): boolean {
  return (
    isBelow(listedContext.context, contexts, native) &&
    Object.values(context).every((column) => isBelow(column, texts.length, native)) &&
    isBelow(skipped.reason, SKIPPED_REASONS.length, native) &&
    areCounts(skipped.offset, native)
  );
}

function eventColumnsAreSound(
  { texts, contexts }: CursorTable,
  { event, record, usage, extra }: EventTables,
  { native }: TallyMemory,
): boolean {
  return (
    isBelow(event.model, texts.length, native) &&
    isBelow(extra.model, texts.length, native) &&
    isBelow(event.context, contexts, native) &&
    [...Object.values(usage), ...Object.values(extra)].every((column) => areCounts(column, native)) &&
    [event.firstMs, event.lastMs, event.chosenMs].every((column) => areCounts(column, native)) &&
    (isRelative(record.timeMs) || native.areTimes(record.timeMs.address, record.timeMs.length) !== 0)
  );
}

function isBelow({ address, width, length }: Narrow, end: number, native: TallyMemory["native"]): boolean {
  return length === 0 || native.largest(address, width, length) >>> 0 < end;
}

/** Whether all are whole numbers from 0 to 2^53 - 1. */
export function areCounts(column: Narrow, native: TallyMemory["native"]): boolean {
  return isWhole(column) || native.areCounts(column.address, column.length) !== 0;
}

/** Whether the indexes of each row, of so many elements, stay in the row. */
function indexesAreSound(
  lengths: ReturnType<typeof lengthsOf>,
  { event, record, extra }: EventTables,
  memory: TallyMemory,
): boolean {
  const { flags, usage, firstRecord, earliestRecord, chosenRecord, lastRecord } = event;
  const columns = { flags, usage, firstRecord, earliestRecord, chosenRecord, lastRecord };
  const indexes = { ...columns, recordEvent: record.event, extraEvent: extra.event };
  for (const [name, { address, width }] of Object.entries(indexes)) {
    const global = `narrow${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    memory.set(global, address);
    memory.set(`${global}Width`, width);
  }
  memory.bind("row", lengths);
  return memory.native.areRowsSound(lengths.events.length) !== 0;
}
