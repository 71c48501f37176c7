/** Finds the records whose id stands in the scan more than once. */
import * as T from "./table";
import { f64At, setF64, setU32, u32At } from "./table";

/**
 * Writes for each repeated record the first one with its id, plus 1, to `firsts`, and all of them, ascending, to
 * `found`, which has room for all records; returns how many there are. Nearly all ids stand alone: two bits for each
 * low half, in `seen` and `again` (`mask + 1` bits each), tell those that may not; only they need the hash table at
 * `places`. All of that memory must be zero.
 */
export function findRepeated(firsts: usize, found: usize, seen: usize, again: usize, mask: u32, places: usize): u32 {
  const records = T.records;
  const lows = T.recordIdLow;
  for (let i: u32 = 0; i < records; i++) {
    const low = u32At(lows, i);
    if (low == 0) continue;
    const word = ((low & mask) >> 5) << 2;
    const bit: u32 = 1 << (low & 31);
    const before = load<u32>(seen + word);
    if (before & bit) store<u32>(again + word, load<u32>(again + word) | bit);
    else store<u32>(seen + word, before | bit);
  }
  let candidates: u32 = 0;
  for (let i: u32 = 0; i < records; i++) {
    if (mayBeRepeated(u32At(lows, i), i, again, mask)) setU32(found, candidates++, i);
  }
  // As `placesFor` has it, so that they are never more than there is room for.
  let last: u32 = 15;
  while (<f64>last + 1 < <f64>candidates * 1.5) last = last * 2 + 1;

  let repeated = false;
  for (let at: u32 = 0; at < candidates; at++) {
    const i = u32At(found, at);
    const first = firstWithId(i, places, last);
    if (first == i) continue;
    setU32(firsts, first, first + 1);
    setU32(firsts, i, first + 1);
    repeated = true;
  }
  let count: u32 = 0;
  for (let at: u32 = 0; repeated && at < candidates; at++) {
    const i = u32At(found, at);
    if (u32At(firsts, i)) setU32(found, count++, i);
  }
  return count;
}

// @ts-ignore: decorator
@inline
function mayBeRepeated(low: u32, i: u32, again: usize, mask: u32): bool {
  if (low == 0) return u32At(T.recordIdHigh, i) != 0;
  return ((load<u32>(again + (((low & mask) >> 5) << 2)) >> (low & 31)) & 1) != 0;
}

function firstWithId(i: u32, places: usize, last: u32): u32 {
  const low = u32At(T.recordIdLow, i);
  const high = u32At(T.recordIdHigh, i);
  let at = low & last;
  while (true) {
    const found = u32At(places, at);
    if (found == 0) {
      setU32(places, at, i + 1);
      return i;
    }
    if (u32At(T.recordIdLow, found - 1) == low && u32At(T.recordIdHigh, found - 1) == high) return found - 1;
    at = (at + 1) & last;
  }
}

/** Links each repeated record to the next one with its id: writes that one plus 1 to `next`. `tails` must be zero too. */
export function linkRepeated(firsts: usize, found: usize, count: u32, next: usize, tails: usize): void {
  for (let at: u32 = 0; at < count; at++) {
    const i = u32At(found, at);
    const first = u32At(firsts, i) - 1;
    const tail = u32At(tails, first);
    if (tail) setU32(next, tail - 1, i + 1);
    setU32(tails, first, i + 1);
  }
}

/** Lists in `moved` those of the repeated records that stand in an event with others and without a response id. */
export function findMoved(found: usize, count: u32, moved: usize): u32 {
  let length: u32 = 0;
  for (let at: u32 = 0; at < count; at++) {
    const i = u32At(found, at);
    const origin = u32At(T.recordEvent, i);
    if (u32At(T.eventFlags, origin) & T.RESPONSE_ID) continue;
    if (u32At(T.eventFirstRecord, origin) != u32At(T.eventLastRecord, origin)) setU32(moved, length++, i);
  }
  return length;
}

/**
 * Makes each of these records an event of its own, behind all others, where a copy of its event in `origins` stands
 * already. An event that loses all its records begins behind its end.
 */
export function splitEvents(moved: usize, count: u32, origins: usize): void {
  for (let at: u32 = 0, to = T.events; at < count; at++, to++) {
    const i = u32At(moved, at);
    setU32(T.recordEvent, i, to);
    setU32(T.eventFirstRecord, to, i);
    setU32(T.eventLastRecord, to, i);
  }
  for (let at: u32 = 0, to = T.events; at < count; at++, to++) {
    describeTimes(to);
    const origin = u32At(origins, at);
    // Records of one event mostly come one after the other; describing one twice changes nothing.
    if (at == 0 || origin != u32At(origins, at - 1)) describeTimes(origin);
  }
}

/** Works out anew when an event's records were written, and between which records they stand. */
function describeTimes(i: u32): void {
  const from = u32At(T.eventFirstRecord, i);
  const to = u32At(T.eventLastRecord, i);
  let isEmpty = true;
  let firstMs: f64 = Infinity;
  let lastMs: f64 = -Infinity;
  setU32(T.eventFirstRecord, i, 1);
  setU32(T.eventLastRecord, i, 0);
  for (let r = from; r <= to; r++) {
    if (u32At(T.recordEvent, r) != i) continue;
    if (isEmpty) {
      setU32(T.eventFirstRecord, i, r);
      setU32(T.eventEarliestRecord, i, r);
      setU32(T.eventChosenRecord, i, r);
    }
    isEmpty = false;
    setU32(T.eventLastRecord, i, r);
    const timeMs = f64At(T.recordTimeMs, r);
    if (timeMs < firstMs) {
      firstMs = timeMs;
      setU32(T.eventEarliestRecord, i, r);
    }
    if (timeMs > lastMs) lastMs = timeMs;
  }
  setF64(T.eventFirstMs, i, firstMs);
  setF64(T.eventLastMs, i, lastMs);
  setF64(T.eventChosenMs, i, lastMs);
}
