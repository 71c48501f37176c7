/** Rows of cursor files: whether they say what they can say, and how they get into a whole table and out of it. */
import * as T from "./table";
import { areCounts, MOST_MS, MOST_SIX_BYTES, narrowAt } from "./narrow";
import { f64At, setF64, setU32, u32At } from "./table";

/** A record's own event, an open response, and an open run of records that only tell their times: no more overlap. */
const MOST_OVERLAP: u64 = 3;

// Narrow columns of one file and their widths in bytes: 1, 2 or 4, or 0 where all are 0.
export let narrowFlags: usize = 0;
export let narrowFlagsWidth: u32 = 0;
export let narrowUsage: usize = 0;
export let narrowUsageWidth: u32 = 0;
export let narrowFirstRecord: usize = 0;
export let narrowFirstRecordWidth: u32 = 0;
export let narrowEarliestRecord: usize = 0;
export let narrowEarliestRecordWidth: u32 = 0;
export let narrowChosenRecord: usize = 0;
export let narrowChosenRecordWidth: u32 = 0;
export let narrowLastRecord: usize = 0;
export let narrowLastRecordWidth: u32 = 0;
export let narrowRecordEvent: usize = 0;
export let narrowRecordEventWidth: u32 = 0;
export let narrowExtraEvent: usize = 0;
export let narrowExtraEventWidth: u32 = 0;

// Rows: how much of each table is theirs, and what their times count from.
export let rowEvents: usize = 0;
export let rowEventRecords: usize = 0;
export let rowUsages: usize = 0;
export let rowExtras: usize = 0;
export let rowBaseMs: usize = 0;

// What rows say of their transcripts.
export let rowOffset: usize = 0;
export let rowSizeBytes: usize = 0;
export let rowHeadBytes: usize = 0;
export let rowMessagesEnd: usize = 0;
export let rowCwdTimeMs: usize = 0;

// Where the elements of the first row to be placed come to lie.
export let placedEvents: u32 = 0;
export let placedRecords: u32 = 0;
export let placedUsages: u32 = 0;
export let placedExtras: u32 = 0;

/** Where the elements of each row begin, and behind them where those of the last one end; that sum is returned. */
export function sumStarts(lengths: usize, length: u32, starts: usize): f64 {
  let sum: u64 = 0;
  for (let i: u32 = 0; i < length; i++) {
    setU32(starts, i, <u32>sum);
    sum += u32At(lengths, i);
  }
  setU32(starts, length, <u32>sum);
  return <f64>sum;
}

/** Whether what rows say of places in their transcripts, and of times, can be. */
export function areBookmarksSound(rows: u32, identityBytes: u32): bool {
  if (!areCounts(rowSizeBytes, rows) || !areCounts(rowOffset, rows) || !areCounts(rowMessagesEnd, rows)) return false;
  for (let row: u32 = 0; row < rows; row++) {
    const size = f64At(rowSizeBytes, row);
    const offset = f64At(rowOffset, row);
    if (offset > size || f64At(rowMessagesEnd, row) > offset) return false;
    if (<f64>u32At(rowHeadBytes, row) != Math.min(<f64>identityBytes, size)) return false;
    // Whatever counts from there is a time.
    if (!(Math.abs(f64At(rowBaseMs, row)) <= MOST_MS - MOST_SIX_BYTES)) return false;
    const cwdTimeMs = f64At(rowCwdTimeMs, row);
    if (cwdTimeMs != Infinity && !(Math.abs(cwdTimeMs) <= MOST_MS)) return false;
  }
  return true;
}

/** Whether each row's indexes stay in the row. */
export function areRowsSound(rows: u32): bool {
  let e: u32 = 0;
  let r: u32 = 0;
  let x: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const events = u32At(rowEvents, row);
    const records = u32At(rowEventRecords, row);
    const usages = u32At(rowUsages, row);
    let spanned: u64 = 0;
    for (const end = e + events; e < end; e++) {
      const last = narrowAt(narrowLastRecord, narrowLastRecordWidth, e);
      const used = narrowAt(narrowUsage, narrowUsageWidth, e);
      if (narrowAt(narrowEarliestRecord, narrowEarliestRecordWidth, e) > last) return false;
      if (narrowAt(narrowChosenRecord, narrowChosenRecordWidth, e) > last) return false;
      const first = narrowAt(narrowFirstRecord, narrowFirstRecordWidth, e);
      if (<u64>first + last >= records || used > usages) return false;
      const flags = narrowAt(narrowFlags, narrowFlagsWidth, e);
      if (used > 0 != (flags & T.USAGE) > 0) return false;
      spanned += <u64>last + 1;
    }
    if (spanned > MOST_OVERLAP * records) return false;
    for (const end = r + records; r < end; r++) {
      if (narrowAt(narrowRecordEvent, narrowRecordEventWidth, r) >= events) return false;
    }
    for (const end = x + u32At(rowExtras, row); x < end; x++) {
      if (narrowAt(narrowExtraEvent, narrowExtraEventWidth, x) >= events) return false;
    }
  }
  return true;
}

/**
 * Makes rows that were copied into the whole table point into it (`src/cursors/table.ts` says what they count from).
 * The first row is of transcript number `transcript`; its elements lie where `placed...` says.
 */
export function placeRows(rows: u32, isRelative: bool, contexts: u32, transcript: u32): void {
  let e = placedEvents;
  let r = placedRecords;
  let u = placedUsages;
  let x = placedExtras;
  for (let row: u32 = 0; row < rows; row++) {
    const baseMs = f64At(rowBaseMs, row) - 1;
    const firstEvent = e;
    const firstRecord = r;
    for (const end = r + u32At(rowEventRecords, row); r < end; r++) {
      setU32(T.recordEvent, r, u32At(T.recordEvent, r) + firstEvent);
      if (isRelative) {
        const ms = f64At(T.recordTimeMs, r);
        setF64(T.recordTimeMs, r, ms == 0 ? NaN : ms + baseMs);
      }
    }
    for (const end = e + u32At(rowEvents, row); e < end; e++) {
      const first = u32At(T.eventFirstRecord, e) + firstRecord;
      const earliest = u32At(T.eventEarliestRecord, e) + first;
      const chosen = u32At(T.eventChosenRecord, e) + first;
      const last = u32At(T.eventLastRecord, e) + first;
      setU32(T.eventFirstRecord, e, first);
      setU32(T.eventEarliestRecord, e, earliest);
      setU32(T.eventChosenRecord, e, chosen);
      setU32(T.eventLastRecord, e, last);
      setU32(T.eventContext, e, u32At(T.eventContext, e) + contexts);
      const used = u32At(T.eventUsage, e);
      setU32(T.eventUsage, e, used == 0 ? T.NONE : used - 1 + u);
      setU32(T.eventTranscript, e, transcript + row);
      addTime(T.eventFirstMs, e, earliest, Infinity);
      addTime(T.eventLastMs, e, last, -Infinity);
      addTime(T.eventChosenMs, e, chosen, -Infinity);
    }
    for (const end = x + u32At(rowExtras, row); x < end; x++) {
      setU32(T.extraEvent, x, u32At(T.extraEvent, x) + firstEvent);
    }
    u += u32At(rowUsages, row);
  }
}

/** The largest number of six bytes less one: times count from 1. */
const MOST_RELATIVE_MS: f64 = MOST_SIX_BYTES - 1;

/**
 * The other way round: makes rows that are all of the table count from where they begin, and says in `rowBaseMs` what the times of
 * their records count from. False: some lie too far apart, and those of all records are left as they are.
 */
export function leaveRows(rows: u32): bool {
  let e: u32 = 0;
  let r: u32 = 0;
  let u: u32 = 0;
  let x: u32 = 0;
  let areNear = true;
  for (let row: u32 = 0; row < rows; row++) {
    const firstEvent = e;
    const firstRecord = r;
    let earliestMs: f64 = Infinity;
    let latestMs: f64 = -Infinity;
    for (const end = r + u32At(rowEventRecords, row); r < end; r++) {
      setU32(T.recordEvent, r, u32At(T.recordEvent, r) - firstEvent);
      const ms = f64At(T.recordTimeMs, r);
      if (!isFinite(ms)) continue;
      earliestMs = Math.min(earliestMs, ms);
      latestMs = Math.max(latestMs, ms);
    }
    setF64(rowBaseMs, row, earliestMs == Infinity ? 0 : earliestMs);
    if (latestMs - earliestMs > MOST_RELATIVE_MS) areNear = false;
    for (const end = e + u32At(rowEvents, row); e < end; e++) {
      const first = u32At(T.eventFirstRecord, e);
      const earliest = u32At(T.eventEarliestRecord, e);
      const chosen = u32At(T.eventChosenRecord, e);
      const last = u32At(T.eventLastRecord, e);
      subtractTime(T.eventFirstMs, e, earliest);
      subtractTime(T.eventLastMs, e, last);
      subtractTime(T.eventChosenMs, e, chosen);
      setU32(T.eventFirstRecord, e, first - firstRecord);
      setU32(T.eventEarliestRecord, e, earliest - first);
      setU32(T.eventChosenRecord, e, chosen - first);
      setU32(T.eventLastRecord, e, last - first);
      const used = u32At(T.eventUsage, e);
      setU32(T.eventUsage, e, used == <u32>T.NONE ? 0 : used - u + 1);
    }
    for (const end = x + u32At(rowExtras, row); x < end; x++) {
      setU32(T.extraEvent, x, u32At(T.extraEvent, x) - firstEvent);
    }
    u += u32At(rowUsages, row);
  }
  if (areNear) countFromBases(rows);
  return areNear;
}

function countFromBases(rows: u32): void {
  let r: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const baseMs = f64At(rowBaseMs, row) - 1;
    for (const end = r + u32At(rowEventRecords, row); r < end; r++) {
      const ms = f64At(T.recordTimeMs, r);
      setF64(T.recordTimeMs, r, isFinite(ms) ? ms - baseMs : 0);
    }
  }
}

// @ts-ignore: decorator
@inline
function subtractTime(column: usize, event: u32, record: u32): void {
  const ms = f64At(column, event);
  setF64(column, event, isFinite(ms) ? ms - f64At(T.recordTimeMs, record) : 0);
}

// @ts-ignore: decorator
@inline
function addTime(column: usize, event: u32, record: u32, none: f64): void {
  const ms = f64At(T.recordTimeMs, record);
  // Only in a forged file does it come to more than there is.
  setF64(column, event, isNaN(ms) ? none : Math.min(ms + f64At(column, event), MOST_MS));
}
