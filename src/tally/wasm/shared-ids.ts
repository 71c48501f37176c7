/** Finds the transcripts that have ids of records or responses in common. */
import * as T from "./table";
import { setU32, u32At } from "./table";

/** Bits for the low halves of ids among the merged records and events, and for those that may stand there twice. */
let seen: usize = 0;
let again: usize = 0;
let mask: u32 = 0;

/** A hash table: low half, high half, and transcript plus 1 of each entry. */
let places: usize = 0;
let last: u32 = 0;

let named: usize = 0;
let namedCount: u32 = 0;

/** By transcript, one that it is together with, itself at the end. */
let together: usize = 0;

/** Ids of what is merged. `bits`: two bitmaps of `bitMask + 1` bits each, one behind the other. */
export function noteIds(bits: usize, bitMask: u32): void {
  seen = bits;
  again = bits + ((<usize>bitMask + 1) >> 3);
  mask = bitMask;
  for (let i: u32 = 0; i < T.records; i++) see(u32At(T.recordIdLow, i), u32At(T.recordIdHigh, i));
  for (let i: u32 = 0; i < T.events; i++) {
    see(u32At(T.eventResponseLow, i), u32At(T.eventResponseHigh, i));
    if (namesAnother(i)) see(u32At(T.eventRequestLow, i), u32At(T.eventRequestHigh, i));
  }
}

/** Ids that merged transcripts are known by beside those in their events: three numbers each, the halves and the transcript. */
export function noteNames(names: usize, count: u32): void {
  named = names;
  namedCount = count;
  for (let i: u32 = 0; i < count; i++) see(u32At(names, i * 3), u32At(names, i * 3 + 1));
}

/**
 * After all ids have been noted: writes to `T.transcriptTogether` for each transcript the first one that it has an id in common
 * with, directly or by way of others. `table`: three numbers an entry, for one and a half times the merged ids,
 * rounded up to a power of two. All of that memory must be zero, and `T.transcriptTogether` by itself. `enterAll`: others
 * will be looked up, and not only those that may stand twice are needed.
 */
export function joinTranscripts(table: usize, transcripts: u32, enterAll: bool): void {
  places = table;
  together = T.transcriptTogether;
  const candidate = enterAll ? seen : again;
  let candidates: u32 = 0;
  for (let i: u32 = 0; i < T.records; i++) if (isIn(candidate, u32At(T.recordIdLow, i))) candidates++;
  for (let i: u32 = 0; i < T.events; i++) {
    if (isIn(candidate, u32At(T.eventResponseLow, i))) candidates++;
    if (namesAnother(i)) candidates++;
  }
  candidates += namedCount;
  // As `placesFor` has it, so that they are never more than there is room for.
  last = 15;
  while (<f64>last + 1 < <f64>candidates * 1.5) last = last * 2 + 1;
  for (let i: u32 = 0; i < T.records; i++) {
    const low = u32At(T.recordIdLow, i);
    if (isIn(candidate, low)) enter(low, u32At(T.recordIdHigh, i), u32At(T.eventTranscript, u32At(T.recordEvent, i)));
  }
  for (let i: u32 = 0; i < T.events; i++) {
    const low = u32At(T.eventResponseLow, i);
    const transcript = u32At(T.eventTranscript, i);
    if (isIn(candidate, low)) enter(low, u32At(T.eventResponseHigh, i), transcript);
    if (namesAnother(i)) enter(u32At(T.eventRequestLow, i), u32At(T.eventRequestHigh, i), transcript);
  }
  for (let i: u32 = 0; i < namedCount; i++) {
    enter(u32At(named, i * 3), u32At(named, i * 3 + 1), u32At(named, i * 3 + 2));
  }
  for (let t: u32 = 0; t < transcripts; t++) setU32(together, t, standsFor(t));
}

/**
 * Marks in `shared`, a byte a member, those that have an id in common with what is merged, all of which was entered: row r
 * has the ids from `starts[r]` on, and is nobody where `members[r]` is 0.
 */
export function findShared(lows: usize, highs: usize, starts: usize, members: usize, rows: u32, shared: usize): void {
  for (let row: u32 = 0; row < rows; row++) {
    const member = u32At(members, row);
    if (member == 0) continue;
    const end = u32At(starts, row + 1);
    for (let i = u32At(starts, row); i < end; i++) {
      const low = u32At(lows, i);
      if (isIn(seen, low) && u32At(places, placeOf(low, u32At(highs, i)) * 3 + 2)) store<u8>(shared + member - 1, 1);
    }
  }
}

/** The first transcript of all that `transcript` is together with. */
function standsFor(transcript: u32): u32 {
  let one = transcript;
  while (u32At(together, one) != one) {
    // Shorter for the next one.
    setU32(together, one, u32At(together, u32At(together, one)));
    one = u32At(together, one);
  }
  return one;
}

/** Whether an event says which record is a copy of which, or which session of which: their ids stand where those of requests and responses do. */
// @ts-ignore: decorator
@inline
function namesAnother(i: u32): bool {
  return (u32At(T.eventFlags, i) & (T.ALIAS | T.SESSION)) != 0;
}

/** No id is two zeros. */
// @ts-ignore: decorator
@inline
function see(low: u32, high: u32): void {
  if ((low | high) == 0) return;
  if (isIn(seen, low)) put(again, low);
  else put(seen, low);
}

// @ts-ignore: decorator
@inline
function isIn(bitmap: usize, low: u32): bool {
  return ((load<u32>(bitmap + (((low & mask) >> 5) << 2)) >> (low & 31)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
function put(bitmap: usize, low: u32): void {
  const at = bitmap + (((low & mask) >> 5) << 2);
  store<u32>(at, load<u32>(at) | (1 << (low & 31)));
}

/** An id of a merged transcript. */
function enter(low: u32, high: u32, transcript: u32): void {
  if ((low | high) == 0) return;
  const at = placeOf(low, high);
  const other = u32At(places, at * 3 + 2);
  if (other == 0) {
    setU32(places, at * 3, low);
    setU32(places, at * 3 + 1, high);
    setU32(places, at * 3 + 2, transcript + 1);
  } else if (other != transcript + 1) {
    const first = standsFor(other - 1);
    const second = standsFor(transcript);
    // The first of them stands for all.
    if (first < second) setU32(together, second, first);
    else setU32(together, first, second);
  }
}

/** Where an id stands, or would. */
function placeOf(low: u32, high: u32): u32 {
  let at = low & last;
  while (u32At(places, at * 3 + 2)) {
    if (u32At(places, at * 3) == low && u32At(places, at * 3 + 1) == high) break;
    at = (at + 1) & last;
  }
  return at;
}
