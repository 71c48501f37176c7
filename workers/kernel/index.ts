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
import { linkOfRoot } from "./memos";
import { beginRow, endRow, moveToFirstRow } from "./row";
import { hashBytes, skipValue, skipWhite } from "./text";
import { isUtf8 } from "./utf8";
import { walkObject } from "./walk";

export { addRecord, beginRange, contextNumber, cutEvents, forgetNumbers, textNumber } from "./events";
export { configure } from "./row";
export { isBetween } from "./text";

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
