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

function skipContainer(p: usize, closer: u8): usize {
  const quote = i8x16.splat(0x22);
  const control = i8x16.splat(0x1f);
  const fold = i8x16.splat(0x20);
  const open = i8x16.splat(0x7b);
  const close = i8x16.splat(0x7d);
  let depth: i32 = 1;
  while (true) {
    const v = v128.load(p);
    // Bit 5 turns [ into { and ] into }.
    const folded = v128.or(v, fold);
    const mask = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(v, quote), i8x16.eq(i8x16.min_u(v, control), v)),
        v128.or(i8x16.eq(folded, open), i8x16.eq(folded, close)),
      ),
    );
    if (!mask) {
      p += 16;
      continue;
    }
    p += <usize>ctz(mask);
    const c = load<u8>(p);
    p++;
    if (c == 0x22) {
      p = skipString(p);
      if (!p) return 0;
    } else if ((c | 0x20) == 0x7b) {
      depth++;
    } else if ((c | 0x20) == 0x7d) {
      if (--depth == 0) return c == closer ? p : 0;
    } else if (c != 0x09 && c != 0x0d) {
      return 0;
    }
  }
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
