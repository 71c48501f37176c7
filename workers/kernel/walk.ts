/** Along the declared paths of a record, writing the cells of its row. Everything not declared is jumped over. */
import * as L from "./layout";
import { NO_MEMO, isWhole, keyBytes, learn, recall, remember, sameBytes, wholeBytes } from "./memos";
import { parseCount, countValue, countIsGood } from "./number";
import { cell, isPresent, replaceBits, setBad, setOdd, setPresent, setSpan, setTag, tag } from "./row";
import { scanText, textHasEscape } from "./strings";
import { escapesAreGood, hashBytes, skipValue, skipWhite, unescape } from "./text";
import { parseTime, timeValue } from "./time";

/** The entry of a key or enum text of `length` bytes at `k`, or 0. */
// @ts-ignore: decorator
@inline
function lookup(table: usize, k: usize, length: i32): usize {
  let first = load<u64>(k);
  if (length < 8) first &= ((<u64>1) << (<u64>(length << 3))) - 1;
  const mask = load<u32>(table);
  let i = (<u32>((first * 0x9e3779b97f4a7c15) >> 40) ^ <u32>length) & mask;
  while (true) {
    const entry = table + L.TABLE_ENTRIES + (<usize>i) * L.ENTRY_BYTES;
    const have = load<i32>(entry, L.ENTRY_LENGTH);
    if (have == 0) return 0;
    if (have == length && load<u64>(entry, L.ENTRY_FIRST) == first) {
      if (length <= 8) return entry;
      if (
        load<u64>(entry, L.ENTRY_LAST) == load<u64>(k + length - 8) &&
        (length <= 16 || load<u64>(entry, L.ENTRY_SECOND) == load<u64>(k + 8)) &&
        (length <= 24 || load<u64>(entry, L.ENTRY_THIRD) == load<u64>(k + 16))
      ) {
        return entry;
      }
    }
    i = (i + 1) & mask;
  }
}

/** Like `lookup`, for text that may hold escapes, all of them good. */
function lookupText(table: usize, start: usize, end: usize): usize {
  if (textHasEscape) {
    end = unescape(start, end, L.SCRATCH, L.SCRATCH_BYTES);
    if (!end) return 0; // longer than any key we know
    start = L.SCRATCH;
  }
  const length = <i32>(end - start);
  if (length == 0 || length > L.MAX_KEY_BYTES) return 0;
  return lookup(table, start, length);
}

/** Walks an object, `p` being behind its brace; at `link` hang the members that came first in others like it. */
export function walkObject(table: usize, p: usize, link: usize): usize {
  if (load<u8>(p) <= 0x20) p = skipWhite(p);
  if (load<u8>(p) == 0x7d) return p + 1;
  while (true) {
    const start = p;
    let memo: usize = load<u32>(link);
    let same = sameBytes(memo, p);
    while (same < keyBytes(memo) && memo != NO_MEMO) {
      memo = load<u32>(memo, L.MEMO_OTHER);
      same = sameBytes(memo, p);
    }
    let c: u8;
    if (isWhole(memo, same, p)) {
      recall(memo, p);
      p += wholeBytes(memo);
      c = load<u8>(p - 1);
    } else {
      if (memo != NO_MEMO) {
        entryOfKey = load<u32>(memo, L.MEMO_ENTRY);
        p += keyBytes(memo);
      } else {
        p = readKey(table, p);
        if (!p) return 0;
        memo = remember(link, start, p, entryOfKey);
      }
      if (load<u8>(p) <= 0x20) p = skipWhite(p);
      p = entryOfKey ? takeValue(entryOfKey, p, memo + L.MEMO_CHILD) : skipValue(p);
      if (!p) return 0;
      c = load<u8>(p);
      if (c <= 0x20) {
        p = skipWhite(p);
        c = load<u8>(p);
      }
      if (c != 0x2c && c != 0x7d) return 0;
      p++;
      learn(memo, start, p);
    }
    if (c == 0x7d) return p;
    if (load<u8>(p) <= 0x20) p = skipWhite(p);
    link = memo + L.MEMO_NEXT;
  }
}

/** The entry of the key `readKey` read last, 0 when nobody declared it. */
let entryOfKey: usize = 0;

/** Past a key and its colon. */
function readKey(table: usize, p: usize): usize {
  if (load<u8>(p) != 0x22) return 0;
  const start = p + 1;
  p = scanText(start);
  if (!p || (textHasEscape && !escapesAreGood(start, p - 1))) return 0;
  entryOfKey = lookupText(table, start, p - 1);
  p = skipWhite(p);
  return load<u8>(p) == 0x3a ? p + 1 : 0;
}

/** Reads a declared value. What a duplicate key left before goes first: the last one wins as a whole. */
function takeValue(entry: usize, p: usize, link: usize): usize {
  const kind = load<u32>(entry, L.ENTRY_KIND);
  const slot = load<u32>(entry, L.ENTRY_SLOT);
  if (kind == L.KIND_TAG) setTag(0);
  replaceBits(load<u64>(entry, L.ENTRY_SUBTREE), 0, 0);
  const c = load<u8>(p);
  if (kind == L.KIND_JSON) return takeJson(slot, p, c);
  if (c == 0x22) {
    const start = p + 1;
    if (kind == L.KIND_TIME) {
      const done = parseTime(start);
      if (done) {
        store<f64>(cell(slot), timeValue);
        if (timeValue == timeValue) setPresent(slot);
        return done;
      }
    }
    p = scanText(start);
    if (!p || (textHasEscape && !escapesAreGood(start, p - 1))) return 0;
    takeText(entry, kind, slot, start, p - 1);
    return p;
  }
  if (c == 0x7b) {
    if (kind == L.KIND_OBJECT) {
      setPresent(slot);
      return walkObject(load<u32>(entry, L.ENTRY_CHILD), p + 1, link);
    }
    if (kind == L.KIND_COUNT) setBad(slot);
    return skipValue(p);
  }
  if (c == 0x5b) {
    if (kind == L.KIND_EACH) return walkEach(entry, slot, p, link);
    if (kind == L.KIND_COUNT) setBad(slot);
    return skipValue(p);
  }
  if (kind == L.KIND_COUNT) {
    const done = parseCount(p);
    if (done) {
      setPresent(slot);
      if (countIsGood) store<f64>(cell(slot), countValue);
      else setOdd(slot);
      return done;
    }
    if (c != 0x6e) setBad(slot); // true and false; null is nothing
    return skipValue(p);
  }
  const end = skipValue(p);
  if (!end) return 0;
  if (kind == L.KIND_BOOL && (c == 0x74 || c == 0x66)) {
    setPresent(slot);
    store<u32>(cell(slot), c == 0x74 ? 1 : 0);
  } else if (kind == L.KIND_TIME && c <= 0x39) {
    setPresent(slot);
    setOdd(slot);
    setSpan(slot, p, end);
  }
  return end;
}

/** A value of any kind, left to the host as it stands. */
function takeJson(slot: u32, p: usize, c: u8): usize {
  const end = skipValue(p);
  if (!end || c == 0x6e) return end; // null is nothing
  setPresent(slot);
  setSpan(slot, p, end);
  return end;
}

/** A declared value that is a string, its escapes good. An empty one is absent. */
function takeText(entry: usize, kind: u32, slot: u32, start: usize, end: usize): void {
  if (kind == L.KIND_COUNT) {
    setBad(slot);
    return;
  }
  if (start == end) return;
  if (kind == L.KIND_EACH) {
    setOdd(slot);
    setSpan(slot, start - 1, end + 1);
    return;
  }
  if (kind == L.KIND_HASH) {
    if (textHasEscape) {
      const to = unescape(start, end, L.SCRATCH, L.SCRATCH_BYTES);
      // An id that long is told from others by its bytes as they stand.
      if (to) {
        start = L.SCRATCH;
        end = to;
      }
    }
    setPresent(slot);
    store<u64>(cell(slot), hashBytes(start, end));
  } else if (kind == L.KIND_TEXT) {
    setPresent(slot);
    if (textHasEscape) setOdd(slot);
    store<u64>(cell(slot), hashBytes(start, end));
    setSpan(slot, start, end);
  } else if (kind == L.KIND_ENUM) {
    const found = lookupText(load<u32>(entry, L.ENTRY_CHILD), start, end);
    setPresent(slot);
    store<u32>(cell(slot), found ? load<u32>(found, L.ENTRY_SLOT) : 0);
  } else if (kind == L.KIND_TAG) {
    const found = lookupText(load<u32>(entry, L.ENTRY_CHILD), start, end);
    setTag(found ? load<u32>(found, L.ENTRY_SLOT) : 0);
  } else if (kind == L.KIND_TIME) {
    setPresent(slot);
    setOdd(slot);
    setSpan(slot, start - 1, end + 1);
  }
}

/** Walks an array whose elements count by their tag. Counters are the slots behind the array's own. */
function walkEach(entry: usize, slot: u32, start: usize, link: usize): usize {
  const table = load<u32>(entry, L.ENTRY_CHILD);
  let elements: u32 = 0;
  let p = start + 1;
  if (load<u8>(p) <= 0x20) p = skipWhite(p);
  if (load<u8>(p) != 0x5d) {
    while (true) {
      if (load<u8>(p) == 0x7b) {
        setTag(0);
        p = walkObject(table, p + 1, link);
        if (tag) {
          const counter = slot + tag;
          const at = cell(counter);
          store<u32>(at, isPresent(counter) ? load<u32>(at) + 1 : 1);
          setPresent(counter);
        }
      } else {
        p = skipValue(p);
      }
      if (!p) return 0;
      elements++;
      let c = load<u8>(p);
      if (c <= 0x20) {
        p = skipWhite(p);
        c = load<u8>(p);
      }
      if (c == 0x5d) break;
      if (c != 0x2c) return 0;
      p++;
      if (load<u8>(p) <= 0x20) p = skipWhite(p);
    }
  }
  p++;
  setPresent(slot);
  store<u32>(cell(slot), elements);
  setSpan(slot, start, p);
  return p;
}
