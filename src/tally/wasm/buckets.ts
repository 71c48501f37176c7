/** Puts events together by response id, or else by record id: `src/tally/buckets.ts` has the rules. */
import * as T from "./table";
import { i32At, u32At, setU32 } from "./table";

let responses: usize = 0;
let lastPlace: u32 = 0;
let firstRecords: usize = 0;
let eventsOfRecords: usize = 0;
let mixed: u32 = 0;
let copied: u32 = 0;

/** How many buckets hold several requests. */
export function mixedCount(): u32 {
  return mixed;
}

/**
 * Writes the bucket of each event to `groupOfEvent`, and returns how many buckets there are. Live copies whose
 * response stands elsewhere have none; `copies` is where they are listed meanwhile. `isMixed` and `carriesUsage` have
 * a byte a bucket. `places` is a hash table of `last + 1` places for response ids, `firsts` what `findRepeated` wrote
 * (0: nothing is repeated), `byRecord` an element a record. All of it must be zero.
 */
export function fillBuckets(
  places: usize,
  last: u32,
  firsts: usize,
  byRecord: usize,
  carriesUsage: usize,
  isMixed: usize,
  copies: usize,
): u32 {
  responses = places;
  lastPlace = last;
  firstRecords = firsts;
  eventsOfRecords = byRecord;
  mixed = 0;
  copied = 0;
  let buckets: u32 = 0;
  for (let i: u32 = 0; i < T.events; i++) {
    const flags = u32At(T.eventFlags, i);
    if (flags & T.NESTED) {
      setU32(copies, copied++, i);
      continue;
    }
    if (u32At(T.eventFirstRecord, i) > u32At(T.eventLastRecord, i)) {
      setU32(T.groupOfEvent, i, T.NONE);
      continue;
    }
    const first = firstLike(i);
    let bucket = buckets;
    if (first == i) {
      buckets++;
    } else {
      bucket = u32At(T.groupOfEvent, first);
      if (flags & T.RESPONSE_ID && !isSameRequest(i, first)) mix(isMixed, bucket);
    }
    setU32(T.groupOfEvent, i, bucket);
    if (flags & T.USAGE) store<u8>(carriesUsage + bucket, 1);
  }
  return placeCopies(buckets, carriesUsage, isMixed, copies);
}

function placeCopies(buckets: u32, carriesUsage: usize, isMixed: usize, copies: usize): u32 {
  for (let at: u32 = 0; at < copied; at++) {
    const i = u32At(copies, at);
    const first = firstLike(i);
    const bucket = first == i ? buckets++ : u32At(T.groupOfEvent, first);
    setU32(T.groupOfEvent, i, bucket);
    // By rule 1, or being on a side chain by rule 2 or 3: whatever else is in the bucket, it is one request.
    const isCopy = isSameRequest(first, i) || sessionOf(first) == sessionOf(i);
    if (first == i || !isCopy || load<u8>(carriesUsage + bucket) == 0) mix(isMixed, bucket);
  }
  // Copies may hang on each other, so a bucket's are dropped here only if each of them hangs on its request.
  for (let at: u32 = 0; at < copied; at++) {
    const i = u32At(copies, at);
    if (load<u8>(isMixed + u32At(T.groupOfEvent, i)) == 0) setU32(T.groupOfEvent, i, T.NONE);
  }
  return buckets;
}

// @ts-ignore: decorator
@inline
function sessionOf(i: u32): u32 {
  return u32At(T.transcriptSession, u32At(T.eventTranscript, i));
}

/** The first event with the response id of event `i`; without one, with its record's id. It may be `i` itself. */
function firstLike(i: u32): u32 {
  if (u32At(T.eventFlags, i) & T.RESPONSE_ID) return firstOfResponse(i);
  // Events that stand for several records hold none that stands elsewhere too: `splitRepeated`.
  const record = u32At(T.eventFirstRecord, i);
  if (firstRecords == 0 || record != u32At(T.eventLastRecord, i)) return i;
  const first = u32At(firstRecords, record);
  if (first == 0) return i;
  const known = u32At(eventsOfRecords, first - 1);
  if (known) return known - 1;
  setU32(eventsOfRecords, first - 1, i + 1);
  return i;
}

function firstOfResponse(i: u32): u32 {
  const low = u32At(T.eventResponseLow, i);
  const high = u32At(T.eventResponseHigh, i);
  let at = low & lastPlace;
  while (true) {
    const found = u32At(responses, at);
    if (found == 0) {
      setU32(responses, at, i + 1);
      return i;
    }
    if (u32At(T.eventResponseLow, found - 1) == low && u32At(T.eventResponseHigh, found - 1) == high) return found - 1;
    at = (at + 1) & lastPlace;
  }
}

/** Whether both events name one and the same request. */
function isSameRequest(a: u32, b: u32): bool {
  if (u32At(T.eventRequestLow, a) != u32At(T.eventRequestLow, b)) return false;
  if (u32At(T.eventRequestHigh, a) != u32At(T.eventRequestHigh, b)) return false;
  return (u32At(T.eventFlags, a) & u32At(T.eventFlags, b) & T.REQUEST_ID) != 0;
}

/** Marks a bucket as one that holds several requests. */
function mix(isMixed: usize, bucket: u32): void {
  if (load<u8>(isMixed + bucket)) return;
  store<u8>(isMixed + bucket, 1);
  mixed++;
}

/** Lists the events of mixed buckets in `members`, ascending; returns how many. */
export function collectMixed(isMixed: usize, members: usize): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < T.events; i++) {
    const bucket = i32At(T.groupOfEvent, i);
    if (bucket >= 0 && load<u8>(isMixed + bucket)) setU32(members, count++, i);
  }
  return count;
}
