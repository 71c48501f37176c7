/** Where strings end. All return the address behind the closing quote, or 0 when the string is damaged. */

/** Whether the string `scanText` read last holds a backslash. */
export let textHasEscape: bool = false;

/** Past the quote that ends the string `p` is in. What stands before the string is its opening quote. */
export function skipString(p: usize): usize {
  const stops = i8x16.bitmask(plainStops(p)) | (i8x16.bitmask(plainStops(p + 16)) << 16);
  if (!stops) return skipLong(p + 32);
  p += <usize>ctz(stops);
  const c = load<u8>(p);
  if (c == 0x22) return p + 1;
  return c == 0x5c ? skipLong(p) : 0;
}

/** Like `skipString`, for strings that are looked into: sets `textHasEscape`. */
export function scanText(p: usize): usize {
  while (true) {
    const stops = i8x16.bitmask(plainStops(p)) | (i8x16.bitmask(plainStops(p + 16)) << 16);
    if (stops) {
      p += <usize>ctz(stops);
      break;
    }
    p += 32;
  }
  const c = load<u8>(p);
  textHasEscape = c == 0x5c;
  if (c == 0x22) return p + 1;
  return textHasEscape ? skipLong(p) : 0;
}

/** Marks of the 16 bytes at `p` that are a quote, a backslash or a control character. */
// @ts-ignore: decorator
@inline
export function plainStops(p: usize): v128 {
  const v = v128.load(p);
  return v128.or(i8x16.eq(v, i8x16.splat(0x5c)), isLow(v128.xor(v, i8x16.splat(0x02))));
}

/** Of bytes with bit 1 turned over: a quote is 0x20 then, and so stands next to the control characters. */
// @ts-ignore: decorator
@inline
function isLow(turned: v128): v128 {
  return i8x16.eq(i8x16.min_u(turned, i8x16.splat(0x20)), turned);
}

/**
 * The same from inside a string, `p` not being behind a backslash. Escapes are frequent: a quote behind a single
 * backslash is passed over 64 bytes at a time, one behind two or more is rare and its backslashes are counted.
 */
function skipLong(p: usize): usize {
  while (true) {
    while (!mayStop(p)) p += 64;
    const stops =
      (<u64>i8x16.bitmask(stopsAt(p))) |
      ((<u64>i8x16.bitmask(stopsAt(p + 16))) << 16) |
      ((<u64>i8x16.bitmask(stopsAt(p + 32))) << 32) |
      ((<u64>i8x16.bitmask(stopsAt(p + 48))) << 48);
    if (!stops) {
      // Two backslashes at the end belong to the next block too: it cannot see what stands before it.
      p += 62;
      continue;
    }
    p += <usize>ctz(stops);
    if (load<u8>(p) != 0x22) return 0;
    let before = p - 1;
    while (load<u8>(before) == 0x5c) before--;
    p++;
    if (((p - before) & 1) == 0) return p;
  }
}

/**
 * Whether `stopsAt` may find something in the 64 bytes at `p`; seldom so when it does not. Adding one to a byte
 * behind a backslash takes a quote out of what is low and leaves control characters in; this is wrong behind two
 * backslashes, so those are reported too.
 */
// @ts-ignore: decorator
@inline
function mayStop(p: usize): bool {
  const backslash = i8x16.splat(0x5c);
  const turn = i8x16.splat(0x02);
  const before = p - 1; // Offsets from it are none that the machine must work out first.
  const v0 = v128.load(before, 1);
  const v1 = v128.load(before, 17);
  const v2 = v128.load(before, 33);
  const v3 = v128.load(before, 49);
  const slash0 = i8x16.eq(v0, backslash);
  const slash1 = i8x16.eq(v1, backslash);
  const slash2 = i8x16.eq(v2, backslash);
  const slash3 = i8x16.eq(v3, backslash);
  const behind0 = i8x16.eq(v128.load(before), backslash);
  const behind1 = shifted(slash0, slash1);
  const behind2 = shifted(slash1, slash2);
  const behind3 = shifted(slash2, slash3);
  const least = i8x16.min_u(
    i8x16.min_u(i8x16.sub(v128.xor(v0, turn), behind0), i8x16.sub(v128.xor(v1, turn), behind1)),
    i8x16.min_u(i8x16.sub(v128.xor(v2, turn), behind2), i8x16.sub(v128.xor(v3, turn), behind3)),
  );
  const doubles = v128.or(
    v128.or(v128.and(slash0, behind0), v128.and(slash1, behind1)),
    v128.or(v128.and(slash2, behind2), v128.and(slash3, behind3)),
  );
  return i8x16.bitmask(v128.or(doubles, isLow(least))) != 0;
}

/** The 16 bytes that end one before the end of `second`. */
// @ts-ignore: decorator
@inline
function shifted(first: v128, second: v128): v128 {
  return v128.shuffle<u8>(first, second, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
}

/** Marks of the 16 bytes at `p` that may end a string: quotes that a single backslash does not escape, and control characters. */
// @ts-ignore: decorator
@inline
function stopsAt(p: usize): v128 {
  const backslash = i8x16.splat(0x5c);
  const before = p - 2;
  const v = v128.load(before, 2);
  const isEscape = v128.andnot(i8x16.eq(v128.load(before, 1), backslash), i8x16.eq(v128.load(before), backslash));
  const isQuote = v128.andnot(i8x16.eq(v, i8x16.splat(0x22)), isEscape);
  return v128.or(isQuote, i8x16.eq(i8x16.min_u(v, i8x16.splat(0x1f)), v));
}
