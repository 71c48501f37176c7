/** The values of the row that is being written, by slot, for what makes events of it; `present` are its bits. */
import { textNumber } from "./events";
import { cell, oddBits } from "./row";

// @ts-ignore: decorator
@inline
export function bit(slot: u32): u64 {
  return (<u64>1) << slot;
}

// @ts-ignore: decorator
@inline
export function integer(present: u64, slot: u32): u32 {
  return present & bit(slot) ? load<u32>(cell(slot)) : 0;
}

// @ts-ignore: decorator
@inline
export function count(present: u64, slot: u32): f64 {
  return present & bit(slot) ? load<f64>(cell(slot)) : 0;
}

// @ts-ignore: decorator
@inline
export function id(present: u64, slot: u32): u64 {
  return present & bit(slot) ? load<u64>(cell(slot)) : 0;
}

// @ts-ignore: decorator
@inline
export function time(present: u64, slot: u32): f64 {
  return present & bit(slot) ? load<f64>(cell(slot)) : NaN;
}

/** The number of a text, 0 for none. */
// @ts-ignore: decorator
@inline
export function text(present: u64, slot: u32): u32 {
  if (!(present & bit(slot))) return 0;
  const at = cell(slot);
  return textNumber(load<u32>(at), load<u32>(at, 4), load<u32>(at, 8), load<u32>(at, 12), oddBits(bit(slot)) != 0);
}
