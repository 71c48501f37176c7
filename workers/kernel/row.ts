/** The row that is being written. */
import * as L from "./layout";

let row: usize = L.ROWS;
let rowBytes: usize = L.ROW_CELLS;
/** A bit a slot: whether it has a value, and what the cell types call odd. */
let present: u64 = 0;
let odd: u64 = 0;
/** Of the element being walked: the number of its counter. */
export let tag: u32 = 0;

/** Sets how many slots a row has. */
export function configure(slots: u32): void {
  rowBytes = L.ROW_CELLS + (<usize>slots) * L.CELL_BYTES;
}

export function moveToFirstRow(): void {
  row = L.ROWS;
}

// @ts-ignore: decorator
@inline
export function beginRow(): void {
  present = 0;
  odd = 0;
}

// @ts-ignore: decorator
@inline
export function endRow(lineStart: usize, lineEnd: usize, status: u32, line: u32): void {
  store<u32>(row, <u32>lineStart, L.ROW_LINE_START);
  store<u32>(row, <u32>lineEnd, L.ROW_LINE_END);
  store<u32>(row, status, L.ROW_STATUS);
  store<u32>(row, line, L.ROW_LINE_INDEX);
  store<u64>(row, present, L.ROW_PRESENT);
  store<u64>(row, odd, L.ROW_ODD);
  row += rowBytes;
}

// @ts-ignore: decorator
@inline
export function cell(slot: u32): usize {
  return row + L.ROW_CELLS + (<usize>slot) * L.CELL_BYTES;
}

// @ts-ignore: decorator
@inline
export function isPresent(slot: u32): bool {
  return ((present >> slot) & 1) != 0;
}

// @ts-ignore: decorator
@inline
export function setPresent(slot: u32): void {
  present |= (<u64>1) << slot;
}

// @ts-ignore: decorator
@inline
export function setOdd(slot: u32): void {
  odd |= (<u64>1) << slot;
}

export function setBad(slot: u32): void {
  setPresent(slot);
  setOdd(slot);
}

// @ts-ignore: decorator
@inline
export function setSpan(slot: u32, start: usize, end: usize): void {
  store<u32>(cell(slot), <u32>start, 8);
  store<u32>(cell(slot), <u32>(end - start), 12);
}

// @ts-ignore: decorator
@inline
export function setTag(value: u32): void {
  tag = value;
}

/** Puts the bits of `slots` to those given. */
// @ts-ignore: decorator
@inline
export function replaceBits(slots: u64, presentBits: u64, oddBits: u64): void {
  present = (present & ~slots) | presentBits;
  odd = (odd & ~slots) | oddBits;
}

// @ts-ignore: decorator
@inline
export function presentBits(slots: u64): u64 {
  return present & slots;
}

// @ts-ignore: decorator
@inline
export function oddBits(slots: u64): u64 {
  return odd & slots;
}
