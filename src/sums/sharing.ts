/** Which transcripts have responses or records in common: what these come to can only be told of all of them together. */
import type { Narrow } from "../cursors/narrow.ts";
import type { IdColumns } from "../cursors/table.ts";
import type { MergedTable } from "../merge.ts";
import { placesFor, type TallyMemory } from "../tally/memory.ts";
import { bindTable } from "../tally/repeated.ts";

/** Bits for each id; the fewer there are, the more ids are looked up in vain. */
const BITS_PER_ID = 16;

/** Ids of transcripts whose events are not merged. */
export interface RowsOfIds {
  readonly columns: readonly IdColumns[];
  /** By row, the member it is plus 1; 0: its ids are none of these. */
  readonly members: Uint32Array;
}

/** An id that a transcript is known by beside those in its events. */
export interface Name {
  readonly low: number;
  readonly high: number;
  readonly transcript: number;
}

export interface Sharing {
  /** By merged transcript, the first of all that it is together with: those it has ids in common with, and so on. */
  readonly together: Uint32Array;
  /** Members that have ids in common with what is merged. */
  readonly shared: readonly number[];
}

/** Compares what is merged, of which `names` are too, with itself, and with others. */
export function findSharing(
  table: MergedTable,
  names: readonly Name[],
  others: readonly RowsOfIds[],
  members: number,
): Sharing {
  const { memory, length, eventRecords, transcripts } = table;
  const { native } = memory;
  bindTable(table);
  const together = memory.u32(transcripts);
  for (let t = 0; t < transcripts; t++) together[t] = t;
  memory.bind("transcript", { together });
  const ids = eventRecords + 2 * length + names.length;
  const bits = 2 ** Math.ceil(Math.log2(Math.max(1024, ids * BITS_PER_ID)));
  native.noteIds(memory.u32((2 * bits) / 32).byteOffset, bits - 1);
  const named = memory.u32(names.length * 3);
  named.set(names.flatMap(({ low, high, transcript }) => [low, high, transcript]));
  native.noteNames(named.byteOffset, names.length);
  const lists = others.flatMap(({ columns, members: of }) =>
    columns.map(({ low, high, start }) => ({
      low: addressOf(low, memory),
      high: addressOf(high, memory),
      rest: [start.byteOffset, of.byteOffset, of.length] as const,
    })),
  );
  for (const { low, rest } of lists) native.noteOthers(low, ...rest);
  native.joinTranscripts(memory.u32(placesFor(ids) * 3).byteOffset, transcripts);
  const shared = memory.u8(members);
  for (const { low, high, rest } of lists) native.findShared(low, high, ...rest, shared.byteOffset);
  return { together, shared: [...shared.keys()].filter((member) => shared[member] === 1) };
}

/** Names of members as rows with an id each. */
export function rowsOfNames(names: readonly Name[], memberOf: Int32Array, memory: TallyMemory): RowsOfIds {
  const column = (numbers: readonly number[]): Narrow => {
    const there = memory.u32(numbers.length);
    there.set(numbers);
    return { address: there.byteOffset, width: 4, length: numbers.length };
  };
  const start = memory.u32(names.length + 1);
  start.set(Array.from(start, (_, i) => i));
  const members = memory.u32(names.length);
  members.set(names.map(({ transcript }) => (memberOf[transcript] as number) + 1));
  const [low, high] = [column(names.map((name) => name.low)), column(names.map((name) => name.high))];
  return { columns: [{ low, high, start }], members };
}

/** Where the numbers of a column lie, four bytes each. */
function addressOf({ address, width, length }: Narrow, memory: TallyMemory): number {
  if (width === 4) return address;
  const wide = memory.u32(length).byteOffset;
  if (width !== 0) memory.native.widenU32(address, width, length, wide);
  return wide;
}
