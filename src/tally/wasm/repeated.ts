/** Finds the records whose id stands in the scan more than once. */
import * as T from "./table";
import { u32At, setU32 } from "./table";

/**
 * Writes for each repeated record the first one with its id, plus 1, to `firsts`, and all of them, ascending, to
 * `found`; returns how many there are. Nearly all ids stand alone: two bits for each low half, in `seen` and `again`
 * (`mask + 1` bits each), tell those that may not; only they need the hash table at `places`. All of that memory
 * must be zero.
 */
export function findRepeated(firsts: usize, found: usize, seen: usize, again: usize, mask: u32, places: usize): u32 {
  const records = T.records;
  for (let i: u32 = 0; i < records; i++) {
    const low = u32At(T.recordIdLow, i);
    if (low == 0) continue;
    const word = ((low & mask) >> 5) << 2;
    const bit: u32 = 1 << (low & 31);
    const before = load<u32>(seen + word);
    if (before & bit) store<u32>(again + word, load<u32>(again + word) | bit);
    else store<u32>(seen + word, before | bit);
  }
  let candidates: u32 = 0;
  for (let i: u32 = 0; i < records; i++) candidates += mayBeRepeated(i, again, mask) ? 1 : 0;
  // As `placesFor` has it, so that they are never more than there is room for.
  let last: u32 = 15;
  while (<f64>last + 1 < <f64>candidates * 1.5) last = last * 2 + 1;

  let repeated = false;
  for (let i: u32 = 0; i < records; i++) {
    if (!mayBeRepeated(i, again, mask)) continue;
    const first = firstWithId(i, places, last);
    if (first == i) continue;
    setU32(firsts, first, first + 1);
    setU32(firsts, i, first + 1);
    repeated = true;
  }
  let count: u32 = 0;
  if (repeated) for (let i: u32 = 0; i < records; i++) if (u32At(firsts, i)) setU32(found, count++, i);
  return count;
}

// @ts-ignore: decorator
@inline
function mayBeRepeated(i: u32, again: usize, mask: u32): bool {
  const low = u32At(T.recordIdLow, i);
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
