/** What is done to whole columns. */
import { f64At, setF64, setU32, u32At } from "./table";

/** Adds `by` to each, but for those that stand for nothing (all bits set). */
export function shift(column: usize, length: u32, by: u32): void {
  for (let at = column, end = column + ((<usize>length) << 2); at < end; at += 4) {
    const value = load<u32>(at);
    if (value != u32.MAX_VALUE) store<u32>(at, value + by);
  }
}

/** Replaces each by what stands at its place in `numbers`. */
export function renumber(column: usize, length: u32, numbers: usize): void {
  for (let at = column, end = column + ((<usize>length) << 2); at < end; at += 4) {
    store<u32>(at, load<u32>(numbers + ((<usize>load<u32>(at)) << 2)));
  }
}

/** Sets the byte of each number that stands in it. */
export function mark(column: usize, length: u32, marks: usize): void {
  for (let at = column, end = column + ((<usize>length) << 2); at < end; at += 4) store<u8>(marks + <usize>load<u32>(at), 1);
}

export function fillU32(column: usize, length: u32, value: u32): void {
  for (let at = column, end = column + ((<usize>length) << 2); at < end; at += 4) store<u32>(at, value);
}

export function fillF64(column: usize, length: u32, value: f64): void {
  for (let at = column, end = column + ((<usize>length) << 3); at < end; at += 8) store<f64>(at, value);
}

/** Copies the elements that `indexes` names to `to`, one behind the other. */
export function gatherU32(column: usize, indexes: usize, count: u32, to: usize): void {
  for (let i: u32 = 0; i < count; i++) setU32(to, i, u32At(column, u32At(indexes, i)));
}

export function gatherF64(column: usize, indexes: usize, count: u32, to: usize): void {
  for (let i: u32 = 0; i < count; i++) setF64(to, i, f64At(column, u32At(indexes, i)));
}
