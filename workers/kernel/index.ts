/**
 * The byte scanner: walks each line of JSONL once, follows only the declared paths, and writes a row of typed
 * cells a line. Everything not declared is jumped over.
 *
 * Two rules hold everywhere. No loop passes an LF: inside a string any control character ends the string as
 * damaged, outside only space, tab and CR are white space, so an unbalanced quote costs its own line and nothing
 * else. And one LF stands behind the last byte of the data, so no loop needs to look at where the data ends.
 *
 * A function that moves through the bytes returns the address after what it read, or 0 when that is not JSON.
 */
import { hasMessage, takeClaude } from "./claude";
import { takeCodex } from "./codex";
import * as L from "./layout";
import { NO_MEMO, isWhole, keyBytes, learn, linkOfRoot, recall, remember, sameBytes, wholeBytes } from "./memos";
import { parseCount, countValue, countIsGood } from "./number";
import {
  beginRow,
  cell,
  endRow,
  isPresent,
  moveToFirstRow,
  replaceBits,
  setBad,
  setOdd,
  setPresent,
  setSpan,
  setTag,
  tag,
} from "./row";
import { scanText, textHasEscape } from "./strings";
import { escapesAreGood, hashBytes, skipValue, skipWhite, unescape } from "./text";
import { parseTime, timeValue } from "./time";
import { isUtf8 } from "./utf8";

export { addRecord, beginRange, contextNumber, cutEvents, forgetNumbers, textNumber } from "./events";
export { configure } from "./row";

let rows: u32 = 0;
let lines: u32 = 0;
let isFull: bool = false;

/** Rows of the last call. */
export function rowCount(): u32 {
  return rows;
}

/** Lines taken in since `resetLines`, blank ones included. */
export function lineCount(): u32 {
  return lines;
}

export function resetLines(): void {
  lines = 0;
}

/** Whether the last call stopped before it was through: for want of room, or since the host must read a row first. */
export function rowsAreFull(): bool {
  return isFull;
}

/** Hash of bytes put anywhere into memory by the host; the same function as for `KIND_HASH`. */
export function hash(start: usize, length: u32): u64 {
  return hashBytes(start, start + length);
}

/**
 * Takes in the lines that begin in [start, limit) and end before `end`, or at `end` when `isFinal`.
 * The byte at `end` must be an LF. Returns the start of the first line not taken in.
 *
 * Where ordinary records become events here, a line that does has no row, but where it may hold a message that is
 * wanted. The host reads any row before the next line is: what it does comes between.
 */
export function scan(root: usize, start: usize, limit: usize, end: usize, isFinal: bool): usize {
  rows = 0;
  isFull = false;
  moveToFirstRow();
  const source = load<u32>(L.STATE_SOURCE);
  const longest = load<u32>(L.STATE_MAX_LINE_BYTES);
  let p = start;
  while (p < limit) {
    const first = skipWhite(p);
    if (load<u8>(first) == 0x0a) {
      if (first == end) {
        if (isFinal) p = end;
        return p;
      }
      lines++;
      p = first + 1;
      continue;
    }
    if (rows == L.ROW_LIMIT) {
      isFull = true;
      return p;
    }
    beginRow();
    let status = L.STATUS_OBJECT;
    let q: usize = 0;
    if (load<u8>(first) == 0x7b) {
      q = walkObject(root, first + 1, linkOfRoot(root));
    } else {
      q = skipValue(first);
      status = L.STATUS_VALUE;
    }
    if (q) {
      q = skipWhite(q);
      if (load<u8>(q) != 0x0a || !isUtf8(first, q)) q = 0;
    }
    if (!q) {
      status = L.STATUS_MALFORMED;
      q = lineEnd(p);
    }
    if (q == end && !isFinal) return p;
    if (source && status == L.STATUS_OBJECT && q != end && <u32>(q - p) <= longest && take(source)) {
      store<u32>(L.STATE_TAKEN, load<u32>(L.STATE_TAKEN) + 1);
      if (hasMessage) {
        endRow(p, q, L.STATUS_MESSAGE, lines);
        rows = 1;
        isFull = true;
      }
      lines++;
      p = q + 1;
      if (hasMessage) return p;
      continue;
    }
    endRow(p, q, status, lines);
    rows++;
    lines++;
    if (q == end) return end;
    p = q + 1;
    if (source) {
      isFull = true;
      return p;
    }
  }
  return p;
}

/** Makes events of the record whose cells have just been written; false when the host must. */
// @ts-ignore: decorator
@inline
function take(source: u32): bool {
  return source == L.SOURCE_CLAUDE ? takeClaude() : takeCodex();
}

/** Address of the first LF at or after `p`. There is one: behind the data if nowhere else. */
export function lineEnd(p: usize): usize {
  const lf = i8x16.splat(0x0a);
  while (true) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(p), lf));
    if (mask) return p + <usize>ctz(mask);
    p += 16;
  }
}

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
function walkObject(table: usize, p: usize, link: usize): usize {
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
