/** Numbers, by the grammar of RFC 8259 §6. */

/** What `parseCount` read last. */
export let countValue: f64 = 0;
/** Whether that is an integer from 0 to 2^53 - 1. */
export let countIsGood: bool = false;

const MAX_SAFE: u64 = 9007199254740991;

// @ts-ignore: decorator
@inline
function isDigit(c: u8): bool {
  return <u8>(c - 0x30) <= 9;
}

/** Past a number, or 0 when there is none at `p`. */
export function skipNumber(p: usize): usize {
  if (load<u8>(p) == 0x2d) p++;
  if (load<u8>(p) == 0x30) {
    p++;
  } else {
    if (!isDigit(load<u8>(p))) return 0;
    while (isDigit(load<u8>(p))) p++;
  }
  if (load<u8>(p) == 0x2e) {
    p++;
    if (!isDigit(load<u8>(p))) return 0;
    while (isDigit(load<u8>(p))) p++;
  }
  if ((load<u8>(p) | 0x20) == 0x65) {
    p++;
    const sign = load<u8>(p);
    if (sign == 0x2b || sign == 0x2d) p++;
    if (!isDigit(load<u8>(p))) return 0;
    while (isDigit(load<u8>(p))) p++;
  }
  return p;
}

/** Reads a count in any spelling, exactly. 0 when there is no number at `p`. */
export function parseCount(p: usize): usize {
  const first = load<u8>(p);
  if (<u8>(first - 0x31) <= 8) {
    let q = p + 1;
    let value = <u64>(first - 0x30);
    const stop = p + 15;
    while (q < stop) {
      const digit = <u8>(load<u8>(q) - 0x30);
      if (digit > 9) break;
      value = value * 10 + digit;
      q++;
    }
    const c = load<u8>(q);
    if (!isDigit(c) && c != 0x2e && (c | 0x20) != 0x65) {
      countValue = <f64>value;
      countIsGood = true;
      return q;
    }
  } else if (first == 0x30) {
    const c = load<u8>(p + 1);
    if (c == 0x2c || c == 0x7d) {
      countValue = 0;
      countIsGood = true;
      return p + 1;
    }
  }
  return parseCountSlowly(p);
}

/** The same for `1e1`, `10.0`, `-0`, and numbers too long to matter. */
function parseCountSlowly(start: usize): usize {
  const end = skipNumber(start);
  if (!end) return 0;
  let p = start;
  const isNegative = load<u8>(p) == 0x2d;
  if (isNegative) p++;
  // value = digits * 10^(zeros + scale); the last of `digits` is never 0.
  let digits: u64 = 0;
  let length = 0;
  let zeros: i64 = 0;
  let scale: i64 = 0;
  let isTooLong = false;
  let isFraction = false;
  while (p < end) {
    const c = load<u8>(p);
    if (c == 0x2e) {
      isFraction = true;
    } else if (isDigit(c)) {
      if (isFraction) scale--;
      if (c == 0x30) {
        if (length) zeros++;
      } else if (length + zeros + 1 > 18) {
        isTooLong = true;
      } else {
        for (; zeros; zeros--, length++) digits *= 10;
        digits = digits * 10 + (c - 0x30);
        length++;
      }
    } else {
      break;
    }
    p++;
  }
  if (p < end) {
    p++;
    const sign = load<u8>(p);
    if (sign == 0x2b || sign == 0x2d) p++;
    let exponent: i64 = 0;
    for (; p < end; p++) {
      // Past this nothing changes: a line is far shorter than 10^12 digits.
      if (exponent < 1000000000000) exponent = exponent * 10 + (load<u8>(p) - 0x30);
    }
    scale += sign == 0x2d ? -exponent : exponent;
  }
  countValue = 0;
  countIsGood = digits == 0 && !isTooLong;
  if (digits != 0 && !isNegative && !isTooLong) {
    let power = zeros + scale;
    countIsGood = power >= 0;
    while (power > 0 && digits <= MAX_SAFE) {
      digits *= 10;
      power--;
    }
    countIsGood = countIsGood && digits <= MAX_SAFE;
    countValue = <f64>digits;
  }
  return end;
}
