/** Narrow columns of cursor files: whether they say what they can say, and how they become wide ones. */
import * as T from "./table";
import { f64At, setF64, setU32, u32At } from "./table";

/** What `Date` holds, in milliseconds from 1970. */
const MOST_MS: f64 = 8.64e15;
const MOST_SAFE: f64 = 9007199254740991;
/** The largest number of six bytes. */
const MOST_SIX_BYTES: f64 = 281474976710655;
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

// @ts-ignore: decorator
@inline
function narrowAt(column: usize, width: u32, i: u32): u32 {
  if (width == 1) return load<u8>(column + <usize>i);
  if (width == 2) return load<u16>(column + ((<usize>i) << 1));
  if (width == 0) return 0;
  return load<u32>(column + ((<usize>i) << 2));
}

/** Numbers of 1, 2 or 4 bytes to numbers of 4. */
export function widenU32(from: usize, width: u32, length: u32, to: usize): void {
  if (width == 4) {
    memory.copy(to, from, (<usize>length) << 2);
    return;
  }
  let i: u32 = 0;
  if (width == 1) {
    for (; i + 8 <= length; i += 8) {
      const eight = v128.load8x8_u(from + <usize>i);
      v128.store(to + ((<usize>i) << 2), i32x4.extend_low_i16x8_u(eight));
      v128.store(to + ((<usize>i) << 2), i32x4.extend_high_i16x8_u(eight), 16);
    }
  } else {
    for (; i + 4 <= length; i += 4) v128.store(to + ((<usize>i) << 2), v128.load16x4_u(from + ((<usize>i) << 1)));
  }
  for (; i < length; i++) setU32(to, i, narrowAt(from, width, i));
}

function sixAt(column: usize, i: u32): u64 {
  const at = column + <usize>i * 6;
  return <u64>load<u32>(at) | (<u64>load<u16>(at, 4) << 32);
}

/** Numbers of 1, 2, 4 or 6 bytes, or of 8 as they are, to numbers of 8. */
export function widenF64(from: usize, width: u32, length: u32, to: usize): void {
  if (width == 8) {
    memory.copy(to, from, (<usize>length) << 3);
    return;
  }
  let i: u32 = 0;
  if (width == 4) {
    for (; i + 2 <= length; i += 2) storeTwo(to, i, v128.load64_zero(from + ((<usize>i) << 2)));
  } else if (width == 2) {
    for (; i + 2 <= length; i += 2) storeTwo(to, i, i32x4.extend_low_i16x8_u(v128.load32_zero(from + ((<usize>i) << 1))));
  }
  for (; i < length; i++) setF64(to, i, width == 6 ? <f64>sixAt(from, i) : <f64>narrowAt(from, width, i));
}

// @ts-ignore: decorator
@inline
function storeTwo(to: usize, i: u32, whole: v128): void {
  v128.store(to + ((<usize>i) << 3), f64x2.convert_low_i32x4_u(whole));
}

/** The largest of numbers of 0, 1, 2 or 4 bytes; 0 of none. */
export function largest(from: usize, width: u32, length: u32): u32 {
  if (width == 0) return 0;
  let most: u32 = 0;
  for (let i: u32 = 0; i < length; i++) most = max(most, narrowAt(from, width, i));
  return most;
}

/** The largest of numbers of 8 bytes; -1 where one is not whole, from 0 to 2^48 - 1. */
export function largestWhole(column: usize, length: u32): f64 {
  let most: f64 = 0;
  for (let i: u32 = 0; i < length; i++) {
    const value = f64At(column, i);
    const isWhole = value >= 0 && value <= MOST_SIX_BYTES && Math.floor(value) == value;
    if (!isWhole || reinterpret<u64>(value) == 0x8000000000000000) return -1;
    most = Math.max(most, value);
  }
  return most;
}

/** Whether numbers of 8 bytes are whole, from 0 to 2^53 - 1. */
export function areCounts(column: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) {
    const value = f64At(column, i);
    const isCount = value >= 0 && value <= MOST_SAFE && Math.floor(value) == value;
    if (!isCount || reinterpret<u64>(value) == 0x8000000000000000) return false;
  }
  return true;
}

/** Whether numbers of 8 bytes are times, or what stands for none. */
export function areTimes(column: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) {
    const value = f64At(column, i);
    if (!(Math.abs(value) <= MOST_MS) && !isNaN(value)) return false;
  }
  return true;
}

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

const FACTOR: u32 = 0x9e3779b1;

// @ts-ignore: decorator
@inline
function mixLanes(lanes: v128, from: usize): v128 {
  const product = i32x4.mul(v128.xor(lanes, v128.load(from)), i32x4.splat(FACTOR));
  return v128.or(i32x4.shl(product, 15), i32x4.shr_u(product, 17));
}

// @ts-ignore: decorator
@inline
function mixWord(state: u32, word: u32): u32 {
  return rotl<u32>((state ^ word) * FACTOR, 15);
}

/**
 * A checksum of bytes: 16 lanes of 32 bits, a word at a time each; then the lanes, what is left and the length. Every
 * step is one to one, so damage within one lane is always seen, and other damage but for once in 2^32.
 */
export function checksum(from: usize, length: u32): u32 {
  let a = i32x4(1, 2, 3, 4);
  let b = i32x4(5, 6, 7, 8);
  let c = i32x4(9, 10, 11, 12);
  let d = i32x4(13, 14, 15, 16);
  let at = from;
  for (const end = from + (length & ~63); at < end; at += 64) {
    a = mixLanes(a, at);
    b = mixLanes(b, at + 16);
    c = mixLanes(c, at + 32);
    d = mixLanes(d, at + 48);
  }
  let state = mixVector(mixVector(mixVector(mixVector(0, a), b), c), d);
  for (const end = from + length; at < end; at++) state = mixWord(state, load<u8>(at));
  state = mixWord(state, length);
  state = (state ^ (state >> 16)) * 0x85ebca6b;
  return state ^ (state >> 13);
}

/**
 * A checksum of each of some rows. `columns` lists what the rows consist of, three numbers each: the address of a column of the
 * first row, the bytes of its numbers, and the address of the rows' lengths in it. The first one is moved on.
 */
export function checksumRows(columns: usize, count: u32, rows: u32, sums: usize): void {
  for (let row: u32 = 0; row < rows; row++) {
    let state: u32 = 0;
    for (let c: u32 = 0, at = columns; c < count; c++, at += 12) {
      const from = load<u32>(at);
      const length = u32At(load<u32>(at, 8), row) * load<u32>(at, 4);
      state = mixWord(state, checksum(from, length));
      store<u32>(at, from + length);
    }
    setU32(sums, row, state);
  }
}

// @ts-ignore: decorator
@inline
function mixVector(state: u32, lanes: v128): u32 {
  const ab = mixWord(mixWord(state, i32x4.extract_lane(lanes, 0)), i32x4.extract_lane(lanes, 1));
  return mixWord(mixWord(ab, i32x4.extract_lane(lanes, 2)), i32x4.extract_lane(lanes, 3));
}
