/** Room for merged columns outside of any WebAssembly: exactly as much as there is. */
import { allocate, type Columns, type Spec } from "../events.ts";
import type { Room } from "../merge.ts";

export const HEAP: Room = {
  spareEvents: 0,
  listsSkipped: "of each transcript",
  columns<S extends Spec>(spec: S, length: number): Columns<S> {
    return allocate(spec, length);
  },
  u32(length: number): Uint32Array {
    return new Uint32Array(length);
  },
  shift(column: Uint32Array, from: number, length: number, by: number): void {
    for (let i = from; i < from + length; i++) {
      const value = column[i] as number;
      if (value !== NOTHING) column[i] = value + by;
    }
  },
  renumber(column: Uint32Array, from: number, length: number, numbers: Uint32Array): void {
    for (let i = from; i < from + length; i++) column[i] = numbers[column[i] as number] as number;
  },
};

const NOTHING = 0xffffffff;
