/**
 * UTF-8 by three table look-ups for 16 bytes at a time: Keiser and Lemire, "Validating UTF-8 in less than one
 * instruction per byte" (Software: Practice and Experience 51, 2021). Spans without any non-ASCII byte are passed over.
 */

// What can be wrong with two bytes in a row; each table says what is wrong as far as it can see, and what all three
// agree on is. OVERLONG_4 shares its bit with TOO_LARGE_1000: both need the same second byte.
const TOO_SHORT: u8 = 1 << 0;
const TOO_LONG: u8 = 1 << 1;
const OVERLONG_3: u8 = 1 << 2;
const TOO_LARGE: u8 = 1 << 3;
const SURROGATE: u8 = 1 << 4;
const OVERLONG_2: u8 = 1 << 5;
const TOO_LARGE_1000: u8 = 1 << 6;
const TWO_CONTINUATIONS: u8 = 1 << 7;
const CARRY: u8 = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS;
const LARGE: u8 = CARRY | TOO_LARGE | TOO_LARGE_1000;
const THIRD: u8 = TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS;

/** Whether the bytes from the start of a line to its LF are UTF-8. */
export function isUtf8(start: usize, lf: usize): bool {
  // Nothing before the line reaches into it: its first byte is what `scan` found there, an ASCII one.
  const atStart = i8x16(0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  const behindFirst = i8x16(0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  let p = start;
  if (p + 16 > lf || isNonAscii(v128.load(p))) {
    const errors = v128.and(v128.xor(v128.and(lacks(p), atStart), pairs(p)), behindFirst);
    if (has(errors, p, lf)) return false;
  }
  p += 16;
  // The last three bytes passed over are looked at again: a sequence they begin must go on in what follows.
  while (p + 61 <= lf) {
    const some = v128.or(
      v128.or(v128.load(p - 3), v128.load(p + 13)),
      v128.or(v128.load(p + 29), v128.load(p + 45)),
    );
    if (!isNonAscii(some)) {
      p += 61;
      continue;
    }
    const errors = v128.or(
      v128.or(v128.xor(lacks(p), pairs(p)), v128.xor(lacks(p + 16), pairs(p + 16))),
      v128.xor(lacks(p + 32), pairs(p + 32)),
    );
    if (v128.any_true(errors)) return false;
    p += 48;
  }
  for (; p <= lf; p += 16) {
    if (has(v128.xor(lacks(p), pairs(p)), p, lf)) return false;
  }
  return true;
}

// @ts-ignore: decorator
@inline
function isNonAscii(v: v128): bool {
  return i8x16.bitmask(v) != 0;
}

/** Whether there is an error at or before the LF. */
// @ts-ignore: decorator
@inline
function has(errors: v128, p: usize, lf: usize): bool {
  const mask = i8x16.bitmask(i8x16.ne(errors, i8x16.splat(0)));
  const bytes = <i32>(lf - p) + 1;
  return (bytes < 16 ? mask & ((1 << bytes) - 1) : mask) != 0;
}

/** Bit 7 where the second or third byte before begins a sequence that must still go on here. */
// @ts-ignore: decorator
@inline
function lacks(p: usize): v128 {
  const third = i8x16.sub_sat_u(v128.load(p - 2), i8x16.splat(0x60));
  const fourth = i8x16.sub_sat_u(v128.load(p - 3), i8x16.splat(0x70));
  return v128.and(v128.or(third, fourth), i8x16.splat(-128));
}

/** What is wrong with each byte and the one before; bit 7 alone: two continuation bytes, which `lacks` may ask for. */
// @ts-ignore: decorator
@inline
function pairs(p: usize): v128 {
  const before = v128.load(p - 1);
  const low = i8x16.splat(0x0f);
  const firstHigh = i8x16.swizzle(
    i8x16(
      TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
      TWO_CONTINUATIONS, TWO_CONTINUATIONS, TWO_CONTINUATIONS, TWO_CONTINUATIONS,
      TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE, TOO_SHORT | TOO_LARGE | TOO_LARGE_1000,
    ),
    v128.and(i16x8.shr_u(before, 4), low),
  );
  const firstLow = i8x16.swizzle(
    i8x16(
      CARRY | OVERLONG_3 | OVERLONG_2 | TOO_LARGE_1000, CARRY | OVERLONG_2, CARRY, CARRY, CARRY | TOO_LARGE,
      LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE | SURROGATE, LARGE, LARGE,
    ),
    v128.and(before, low),
  );
  const secondHigh = i8x16.swizzle(
    i8x16(
      TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
      THIRD | OVERLONG_3 | TOO_LARGE_1000, THIRD | OVERLONG_3 | TOO_LARGE, THIRD | SURROGATE | TOO_LARGE,
      THIRD | SURROGATE | TOO_LARGE, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
    ),
    v128.and(i16x8.shr_u(v128.load(p), 4), low),
  );
  return v128.and(v128.and(firstHigh, firstLow), secondHigh);
}
