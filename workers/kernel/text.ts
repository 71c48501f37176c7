/** White space, values nobody asked for, and what strings stand for. */
import { skipNumber } from "./number";
import { skipString } from "./strings";

/** Past space, tab and CR; never past an LF. */
export function skipWhite(p: usize): usize {
  while (true) {
    const c = load<u8>(p);
    if (c != 0x20 && c != 0x09 && c != 0x0d) return p;
    p++;
  }
}

/** Past a value of any kind. Only the outside of a container is looked at: brackets, quotes, control characters. */
export function skipValue(p: usize): usize {
  const c = load<u8>(p);
  if (c == 0x22) return skipString(p + 1);
  if (c == 0x7b) return skipContainer(p + 1, 0x7d);
  if (c == 0x5b) return skipContainer(p + 1, 0x5d);
  if (c == 0x74) return load<u32>(p) == 0x65757274 ? p + 4 : 0;
  if (c == 0x6e) return load<u32>(p) == 0x6c6c756e ? p + 4 : 0;
  if (c == 0x66) return load<u32>(p, 1) == 0x65736c61 ? p + 5 : 0;
  return skipNumber(p);
}

/**
 * 32 bytes at a time, from outside of strings: what is inside of one by the quotes does not count, and the depth
 * changes by as many brackets as are left. This holds up to the first backslash or control character. A string that
 * goes on there, or behind the 32 bytes, is passed over as such.
 */
function skipContainer(p: usize, closer: u8): usize {
  const fold = i8x16.splat(0x20); // turns [ into { and ] into }
  let depth: i32 = 1;
  while (true) {
    const v = v128.load(p);
    const w = v128.load(p, 16);
    const ends = marks(isControl(v), isControl(w)) | marksOf(v, w, 0x5c);
    const known = ends ? (ends & -ends) - 1 : -1;
    const quotes = marksOf(v, w, 0x22) & known;
    const outside = known & ~parity(quotes);
    const opens = marksOf(v128.or(v, fold), v128.or(w, fold), 0x7b) & outside;
    const closes = marksOf(v128.or(v, fold), v128.or(w, fold), 0x7d) & outside;
    if (popcnt(closes) >= depth) {
      const last = closeOf(depth, opens, closes);
      if (last >= 0) return load<u8>(p + <usize>last) == closer ? p + <usize>last + 1 : 0;
    }
    depth += popcnt(opens) - popcnt(closes);
    if (popcnt(quotes) & 1) {
      p = skipString(p + <usize>(32 - clz(quotes)));
      if (!p) return 0;
    } else if (ends) {
      p += <usize>ctz(ends);
      const c = load<u8>(p);
      if (c != 0x5c && c != 0x09 && c != 0x0d) return 0;
      p++;
    } else {
      p += 32;
    }
  }
}

// @ts-ignore: decorator
@inline
function isControl(v: v128): v128 {
  return i8x16.eq(i8x16.min_u(v, i8x16.splat(0x1f)), v);
}

/** A bit a byte, of two times 16. */
// @ts-ignore: decorator
@inline
function marks(first: v128, second: v128): i32 {
  return i8x16.bitmask(first) | (i8x16.bitmask(second) << 16);
}

/** Where a byte is. */
// @ts-ignore: decorator
@inline
function marksOf(v: v128, w: v128, byte: i8): i32 {
  return marks(i8x16.eq(v, i8x16.splat(byte)), i8x16.eq(w, i8x16.splat(byte)));
}

/** Each bit: whether an odd number of bits is set up to there. */
// @ts-ignore: decorator
@inline
function parity(bits: i32): i32 {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  return bits ^ (bits << 16);
}

/** The number of the bit that closes the outermost of `depth` brackets, -1 when it stays open. */
function closeOf(depth: i32, opens: i32, closes: i32): i32 {
  for (let left = opens | closes; left; left &= left - 1) {
    if (opens & left & -left) depth++;
    else if (--depth == 0) return ctz(left);
  }
  return -1;
}

/** A 64-bit hash; every step is a bijection of the state, so only the words' differences can collide. */
export function hashBytes(start: usize, end: usize): u64 {
  let h: u64 = 0x51_7c_c1_b7_27_22_0a_95 ^ ((<u64>(end - start)) * 0x9e3779b97f4a7c15);
  let p = start;
  while (p + 8 <= end) {
    h = (h ^ load<u64>(p)) * 0xff51afd7ed558ccd;
    h ^= h >> 32;
    p += 8;
  }
  const left = <u64>(end - p);
  if (left) {
    h = (h ^ (load<u64>(p) & (((<u64>1) << (left << 3)) - 1))) * 0xff51afd7ed558ccd;
    h ^= h >> 32;
  }
  h *= 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 29);
}

/** Whether every backslash in a string begins an escape of RFC 8259 §7. */
export function escapesAreGood(p: usize, end: usize): bool {
  while (p < end) {
    if (load<u8>(p++) != 0x5c) continue;
    const e = load<u8>(p++);
    if (e == 0x75) {
      if (hex4(p) < 0) return false;
      p += 4;
    } else if (!unescaped(e)) {
      return false;
    }
  }
  return true;
}

/**
 * Writes the text a JSON string with good escapes stands for, as UTF-8 (a lone surrogate as its three bytes, so
 * that no two texts become one). Returns the address behind it, 0 when it does not fit.
 */
export function unescape(start: usize, end: usize, to: usize, room: usize): usize {
  const stop = to + room - 8;
  let p = start;
  while (p < end) {
    if (to > stop) return 0;
    const c = load<u8>(p++);
    if (c != 0x5c) {
      store<u8>(to++, c);
      continue;
    }
    const e = load<u8>(p++);
    if (e != 0x75) {
      store<u8>(to++, unescaped(e));
      continue;
    }
    let unit = hex4(p);
    p += 4;
    if (unit >= 0xd800 && unit < 0xdc00 && load<u8>(p) == 0x5c && load<u8>(p + 1) == 0x75) {
      const low = hex4(p + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        p += 6;
      }
    }
    to = putUtf8(to, unit);
  }
  return to;
}

function unescaped(e: u8): u8 {
  if (e == 0x22 || e == 0x5c || e == 0x2f) return e;
  if (e == 0x62) return 0x08;
  if (e == 0x66) return 0x0c;
  if (e == 0x6e) return 0x0a;
  if (e == 0x72) return 0x0d;
  if (e == 0x74) return 0x09;
  return 0;
}

function hex4(p: usize): i32 {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const c = <i32>load<u8>(p + i);
    const folded = c | 0x20;
    let digit = c - 0x30;
    if (digit < 0 || digit > 9) {
      digit = folded - 0x61 + 10;
      if (digit < 10 || digit > 15) return -1;
    }
    value = (value << 4) | digit;
  }
  return value;
}

function putUtf8(to: usize, unit: i32): usize {
  if (unit < 0x80) {
    store<u8>(to, <u8>unit);
    return to + 1;
  }
  if (unit < 0x800) {
    store<u8>(to, <u8>(0xc0 | (unit >> 6)));
    store<u8>(to, <u8>(0x80 | (unit & 0x3f)), 1);
    return to + 2;
  }
  if (unit < 0x10000) {
    store<u8>(to, <u8>(0xe0 | (unit >> 12)));
    store<u8>(to, <u8>(0x80 | ((unit >> 6) & 0x3f)), 1);
    store<u8>(to, <u8>(0x80 | (unit & 0x3f)), 2);
    return to + 3;
  }
  store<u8>(to, <u8>(0xf0 | (unit >> 18)));
  store<u8>(to, <u8>(0x80 | ((unit >> 12) & 0x3f)), 1);
  store<u8>(to, <u8>(0x80 | ((unit >> 6) & 0x3f)), 2);
  store<u8>(to, <u8>(0x80 | (unit & 0x3f)), 3);
  return to + 4;
}

/**
 * Whether a text of `length` bytes, 2 to 8, stands between two addresses. `low` and `high` are its bytes, the first one lowest,
 * and zeros behind them.
 */
export function isBetween(from: usize, to: usize, low: u32, high: u32, length: u32): bool {
  if (to < from + length) return false;
  const wanted = ((<u64>high) << 32) | <u64>low;
  const mask: u64 = length == 8 ? u64.MAX_VALUE : ((<u64>1) << (length << 3)) - 1;
  const first = i8x16.splat(<u8>low);
  const second = i8x16.splat(<u8>(low >> 8));
  const last = to - length;
  for (let p = from; p <= last; p += 16) {
    let found = i8x16.bitmask(v128.and(i8x16.eq(v128.load(p), first), i8x16.eq(v128.load(p, 1), second)));
    for (; found; found &= found - 1) {
      const at = p + <usize>ctz(found);
      if (at > last) return false;
      if ((load<u64>(at) & mask) == wanted) return true;
    }
  }
  return false;
}
