/** Groups summed into cells: what groups of one kind consumed in one piece of time. */
import type { TimeKeys } from "../calendar.ts";
import { AMOUNTS, type Columns } from "../events.ts";
import type { EventTable } from "./table.ts";
import type { Groups } from "./groups.ts";
import { Pieces } from "./pieces.ts";
import type { ToolUses } from "./tool-uses.ts";
import type { Window } from "../window.ts";

/** Everything about a group that rows can be named by, but for time. */
const KIND = {
  transcript: Uint32Array,
  context: Uint32Array,
  /** Of the attribution event: nested, side chain. */
  flags: Uint32Array,
  /** Text number; 0 is unknown. `NO_MODEL`: the group's records are in no row of a grouping by model. */
  model: Uint32Array,
} as const;

export const NO_MODEL = 0xffffffff;

export interface Kinds extends Columns<typeof KIND> {
  readonly length: number;
}

const CELL = {
  /** Of the earliest and latest record; Infinity and -Infinity where none has a time. */
  firstMs: Float64Array,
  lastMs: Float64Array,
  ...AMOUNTS,
  /** Of what could be priced: whole dollars, and nano-dollars beside them. */
  costDollars: Float64Array,
  costNanos: Float64Array,
  /** Of what could not. */
  unpricedTokens: Float64Array,
  kind: Uint32Array,
  piece: Uint32Array,
  responses: Uint32Array,
  toolUses: Uint32Array,
  priced: Uint32Array,
  unpriced: Uint32Array,
} as const;

export interface Cells extends Columns<typeof CELL> {
  readonly length: number;
  /** By piece, an instant in it; NaN for the piece of what has no time. */
  readonly instantsMs: readonly number[];
  /** Events and groups that are in no cell, because they are in several pieces or across the window's ends. */
  readonly leftEvents: Uint32Array;
  readonly leftGroups: Uint32Array;
}

export function findKinds({ memory }: EventTable, groups: Groups): Kinds {
  const columns = memory.columns(KIND, groups.length);
  memory.bind("kind", columns);
  const { address, last } = memory.places(groups.length);
  return { ...columns, length: memory.native.findKinds(address, last) };
}

/** Cuts time where `times` and the window cut it. */
export function fillCells(
  table: EventTable,
  groups: Groups,
  toolUses: ToolUses,
  times: readonly TimeKeys[],
  window: Window,
): Cells {
  const { memory, length } = table;
  const pieces = new Pieces(times, window);
  const slices = findSlices(table, pieces.sliceMs);
  const pieceOf = memory.i32(slices.length);
  for (const [i, slice] of slices.entries()) pieceOf[i] = pieces.numberOf(slice);
  const cells = memory.columns(CELL, length + groups.length);
  memory.bind("cell", cells);
  const { address, last } = memory.places(length + groups.length);
  const [events, left] = [memory.u32(length), memory.u32(groups.length)];
  const { native } = memory;
  return {
    ...cells,
    length: native.fillCells(
      pieceOf.byteOffset,
      toolUses.ofEvent.byteOffset,
      address,
      last,
      events.byteOffset,
      left.byteOffset,
    ),
    instantsMs: pieces.instantsMs,
    leftEvents: events.subarray(0, native.leftEventCount()),
    leftGroups: left.subarray(0, native.leftGroupCount()),
  };
}

/** The slices that events and groups are in. */
function findSlices({ memory, length }: EventTable, sliceMs: number): Float64Array {
  memory.bind("event", { firstSlice: memory.u32(length), lastSlice: memory.u32(length) });
  const { address, last } = memory.places(2 * length);
  const numbers = memory.f64(2 * length);
  return numbers.subarray(0, memory.native.findSlices(address, last, numbers.byteOffset, sliceMs));
}
