/** Columns of cursor files, as narrow as their largest number lets them be: what they hold, and how they become wide (`src/cursors/narrow.ts`). */
import { f64At, setF64, setU32 } from "./table";

/** What `Date` holds, in milliseconds from 1970. */
export const MOST_MS: f64 = 8.64e15;
const MOST_SAFE: f64 = 9007199254740991;
/** The largest number of six bytes. */
export const MOST_SIX_BYTES: f64 = 281474976710655;

// @ts-ignore: decorator
@inline
export function narrowAt(column: usize, width: u32, i: u32): u32 {
  if (width == 1) return load<u8>(column + <usize>i);
  if (width == 2) return load<u16>(column + ((<usize>i) << 1));
  if (width == 0) return 0;
  return load<u32>(column + ((<usize>i) << 2));
}

/** Numbers of 1, 2 or 4 bytes to numbers of 4. */
export function widenU32(from: usize, width: u32, length: u32, to: usize): void {
  if (width == 4) {
    memory.copy(to, from, (<usize>length) << 2);
    return;
  }
  let i: u32 = 0;
  if (width == 1) {
    for (; i + 8 <= length; i += 8) {
      const eight = v128.load8x8_u(from + <usize>i);
      v128.store(to + ((<usize>i) << 2), i32x4.extend_low_i16x8_u(eight));
      v128.store(to + ((<usize>i) << 2), i32x4.extend_high_i16x8_u(eight), 16);
    }
  } else {
    for (; i + 4 <= length; i += 4) v128.store(to + ((<usize>i) << 2), v128.load16x4_u(from + ((<usize>i) << 1)));
  }
  for (; i < length; i++) setU32(to, i, narrowAt(from, width, i));
}

function sixAt(column: usize, i: u32): u64 {
  const at = column + <usize>i * 6;
  return <u64>load<u32>(at) | (<u64>load<u16>(at, 4) << 32);
}

/** Numbers of 1, 2, 4 or 6 bytes, or of 8 as they are, to numbers of 8. */
export function widenF64(from: usize, width: u32, length: u32, to: usize): void {
  if (width == 8) {
    memory.copy(to, from, (<usize>length) << 3);
    return;
  }
  let i: u32 = 0;
  if (width == 4) {
    for (; i + 2 <= length; i += 2) storeTwo(to, i, v128.load64_zero(from + ((<usize>i) << 2)));
  } else if (width == 2) {
    for (; i + 2 <= length; i += 2) storeTwo(to, i, i32x4.extend_low_i16x8_u(v128.load32_zero(from + ((<usize>i) << 1))));
  }
  for (; i < length; i++) setF64(to, i, width == 6 ? <f64>sixAt(from, i) : <f64>narrowAt(from, width, i));
}

// @ts-ignore: decorator
@inline
function storeTwo(to: usize, i: u32, whole: v128): void {
  v128.store(to + ((<usize>i) << 3), f64x2.convert_low_i32x4_u(whole));
}

/** The largest of numbers of 0, 1, 2 or 4 bytes; 0 of none. */
export function largest(from: usize, width: u32, length: u32): u32 {
  if (width == 0) return 0;
  let most: u32 = 0;
  for (let i: u32 = 0; i < length; i++) most = max(most, narrowAt(from, width, i));
  return most;
}

/** The largest of numbers of 8 bytes; -1 where one is not whole, from 0 to 2^48 - 1. */
export function largestWhole(column: usize, length: u32): f64 {
  let most: f64 = 0;
  for (let i: u32 = 0; i < length; i++) {
    const value = f64At(column, i);
    const isWhole = value >= 0 && value <= MOST_SIX_BYTES && Math.floor(value) == value;
    if (!isWhole || reinterpret<u64>(value) == 0x8000000000000000) return -1;
    most = Math.max(most, value);
  }
  return most;
}

/** Whether numbers of 8 bytes are whole, from 0 to 2^53 - 1. */
export function areCounts(column: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) {
    const value = f64At(column, i);
    const isCount = value >= 0 && value <= MOST_SAFE && Math.floor(value) == value;
    if (!isCount || reinterpret<u64>(value) == 0x8000000000000000) return false;
  }
  return true;
}

/** Whether numbers of 8 bytes are times, or what stands for none. */
export function areTimes(column: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) {
    const value = f64At(column, i);
    if (!(Math.abs(value) <= MOST_MS) && !isNaN(value)) return false;
  }
  return true;
}
