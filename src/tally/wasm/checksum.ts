/** Checksums of cursor files and of the rows in them. */
import { setU32, u32At } from "./table";

const FACTOR: u32 = 0x9e3779b1;

// @ts-ignore: decorator
@inline
function mixLanes(lanes: v128, from: usize): v128 {
  const product = i32x4.mul(v128.xor(lanes, v128.load(from)), i32x4.splat(FACTOR));
  return v128.or(i32x4.shl(product, 15), i32x4.shr_u(product, 17));
}

// @ts-ignore: decorator
@inline
function mixWord(state: u32, word: u32): u32 {
  return rotl<u32>((state ^ word) * FACTOR, 15);
}

/**
 * A checksum of bytes: 16 lanes of 32 bits, a word at a time each; then the lanes, what is left and the length. Every
 * step is one to one, so damage within one lane is always seen, and other damage but for once in 2^32.
 */
export function checksum(from: usize, length: u32): u32 {
  let a = i32x4(1, 2, 3, 4);
  let b = i32x4(5, 6, 7, 8);
  let c = i32x4(9, 10, 11, 12);
  let d = i32x4(13, 14, 15, 16);
  let at = from;
  for (const end = from + (length & ~63); at < end; at += 64) {
    a = mixLanes(a, at);
    b = mixLanes(b, at + 16);
    c = mixLanes(c, at + 32);
    d = mixLanes(d, at + 48);
  }
  let state = mixVector(mixVector(mixVector(mixVector(0, a), b), c), d);
  for (const end = from + length; at < end; at++) state = mixWord(state, load<u8>(at));
  state = mixWord(state, length);
  state = (state ^ (state >> 16)) * 0x85ebca6b;
  return state ^ (state >> 13);
}

/**
 * A checksum of each of some rows. `columns` lists what the rows consist of, three numbers each: the address of a column of the
 * first row, the bytes of its numbers, and the address of the rows' lengths in it. The first one is moved on.
 */
export function checksumRows(columns: usize, count: u32, rows: u32, sums: usize): void {
  for (let row: u32 = 0; row < rows; row++) {
    let state: u32 = 0;
    for (let c: u32 = 0, at = columns; c < count; c++, at += 12) {
      const from = load<u32>(at);
      const length = u32At(load<u32>(at, 8), row) * load<u32>(at, 4);
      state = mixWord(state, checksum(from, length));
      store<u32>(at, from + length);
    }
    setU32(sums, row, state);
  }
}

// @ts-ignore: decorator
@inline
function mixVector(state: u32, lanes: v128): u32 {
  const ab = mixWord(mixWord(state, i32x4.extract_lane(lanes, 0)), i32x4.extract_lane(lanes, 1));
  return mixWord(mixWord(ab, i32x4.extract_lane(lanes, 2)), i32x4.extract_lane(lanes, 3));
}
