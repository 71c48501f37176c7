/** Groups summed into cells: what groups of one kind consumed in one piece of time. */
import { AMOUNTS, type Columns, copyColumns } from "../events.ts";
import { type Summed, SumsOfNoUse } from "./summed.ts";
import type { EventTable } from "./table.ts";
import type { Groups } from "./groups.ts";
import { type Pieces, QUARTER_MS } from "./pieces.ts";
import type { TallyMemory } from "./memory.ts";
import type { ToolUses } from "./tool-uses.ts";

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
  /** As many of them are kinds of groups; the others are told by their sums. */
  readonly ofGroups: number;
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

/** Those of groups, then those of sums. */
export function findKinds({ memory }: EventTable, groups: Groups, summed: Summed | undefined): Kinds {
  const more = summed?.kinds.transcript.length ?? 0;
  const columns = memory.columns(KIND, groups.length + more);
  bindKinds(memory, columns);
  const places = memory.places(groups.length);
  const ofGroups = memory.native.findKinds(places.byteOffset, places.length - 1);
  memory.giveBack(places);
  if (summed) copyColumns(summed.kinds, columns, ofGroups);
  return { ...columns, length: ofGroups + more, ofGroups };
}

/** What is tallied, and what is known without its events. */
export interface Addends {
  readonly table: EventTable;
  readonly groups: Groups;
  readonly toolUses: ToolUses;
  readonly kinds: Kinds;
  readonly summed: Summed | undefined;
}

/** Throws `SumsOfNoUse` where a piece of time begins or ends inside of a sum. */
export function fillCells({ table, groups, toolUses, kinds, summed }: Addends, pieces: Pieces): Cells {
  const { memory } = table;
  const { native } = memory;
  const sums = summed?.sums.kind.length ?? 0;
  const numbers = memory.f64(2 * table.length + sums);
  let slices = findSlices(table, pieces.sliceMs, numbers);
  if (summed) {
    memory.set("sums", sums);
    memory.bind("sum", { ...summed.sums, slice: memory.u32(sums) });
    slices = native.findSumSlices(QUARTER_MS);
  }
  const pieceOf = memory.i32(slices);
  for (let i = 0; i < slices; i++) pieceOf[i] = pieces.numberOf(numbers[i] as number);
  const filled = fill(table, groups, toolUses, pieceOf, sums);
  const length = summed ? native.addSums(pieceOf.byteOffset, kinds.ofGroups, QUARTER_MS) : filled.length;
  if (length < 0) throw new SumsOfNoUse();
  return { ...filled, length, instantsMs: pieces.instantsMs };
}

/** The same with each quarter of an hour as a piece of its own, whose instant is its beginning; nothing is left. */
export function fillQuarters({ table, groups, toolUses }: Addends): Cells {
  const { memory, length, eventRecords } = table;
  const numbers = memory.f64(2 * length + eventRecords);
  const pieceOf = memory.i32(findSlices(table, QUARTER_MS, numbers));
  for (let i = 0; i < pieceOf.length; i++) pieceOf[i] = i + 1;
  const { leftEvents, ...filled } = fill(table, groups, toolUses, pieceOf, eventRecords);
  const uses = memory.u32(eventRecords);
  uses.set(toolUses.ofRecord.subarray(0, eventRecords));
  const count = memory.native.addLeftRecords(leftEvents.byteOffset, uses.byteOffset);
  // Left records may have brought more; there is room behind them that says nothing.
  const quarters = numbers.subarray(0, memory.native.sliceCount());
  const instantsMs = [NaN, ...Array.from(quarters, (number) => number * QUARTER_MS)];
  return { ...filled, length: count, instantsMs, leftEvents: leftEvents.subarray(0, 0) };
}

/** Sums events and groups into cells, with room for `more`. */
function fill(
  { memory, length }: EventTable,
  groups: Groups,
  { ofEvent }: ToolUses,
  pieceOf: Int32Array,
  more: number,
): Omit<Cells, "instantsMs"> {
  const { native } = memory;
  const cells = memory.columns(CELL, length + groups.length + more);
  bindCells(memory, cells);
  // Looked into again when sums are added.
  const places = memory.places(length + groups.length + more);
  const [events, left] = [memory.u32(length), memory.u32(groups.length)];
  const to = [places.byteOffset, places.length - 1, events.byteOffset, left.byteOffset] as const;
  return {
    ...cells,
    length: native.fillCells(pieceOf.byteOffset, ofEvent.byteOffset, ...to),
    leftEvents: events.subarray(0, native.leftEventCount()),
    leftGroups: left.subarray(0, native.leftGroupCount()),
  };
}

/** Tells WebAssembly which cells are meant. */
export function bindCells(memory: TallyMemory, cells: Columns<typeof CELL>): void {
  for (const name of Object.keys(CELL) as Array<keyof typeof CELL>) memory.bind("cell", { [name]: cells[name] });
}

/** The same of kinds. */
export function bindKinds(memory: TallyMemory, { transcript, context, flags, model }: Columns<typeof KIND>): void {
  memory.bind("kind", { transcript, context, flags, model });
}

/** The slices that events and groups are in, their `numbers`, which have room for more. Returns how many. */
function findSlices({ memory, length }: EventTable, sliceMs: number, numbers: Float64Array): number {
  memory.bind("event", { firstSlice: memory.u32(length), lastSlice: memory.u32(length) });
  const places = memory.places(numbers.length);
  return memory.native.findSlices(places.byteOffset, places.length - 1, numbers.byteOffset, sliceMs);
}
