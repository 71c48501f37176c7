/** Which transcripts have responses or records in common: what these come to can only be told of all of them together. */
import type { Narrow } from "../cursors/narrow.ts";
import type { MergedTable } from "../merge.ts";
import { placesFor, type TallyMemory } from "../tally/memory.ts";
import { bindTable } from "../tally/repeated.ts";
import type { IdColumns } from "./ids.ts";

/** Bits for each id; the fewer there are, the more ids are looked up in vain. */
const BITS_PER_ID = 16;

/** Ids of transcripts whose events are not merged. */
export interface RowsOfIds {
  readonly columns: readonly IdColumns[];
  /** By row, the member it is plus 1; 0: its ids are none of these. */
  readonly members: Uint32Array;
}

export interface Sharing {
  /** By merged transcript, the first of all that it is together with: those it has ids in common with, and so on. */
  readonly together: Uint32Array;
  /** Members that have ids in common with what is merged. */
  readonly shared: readonly number[];
}

/** Compares what is merged with itself, and with others. */
export function findSharing(table: MergedTable, others: readonly RowsOfIds[], members: number): Sharing {
  const { memory, length, eventRecords, transcripts } = table;
  const { native } = memory;
  bindTable(table);
  const together = memory.u32(transcripts);
  for (let t = 0; t < transcripts; t++) together[t] = t;
  memory.bind("transcript", { together });
  const ids = eventRecords + 2 * length;
  const bits = 2 ** Math.ceil(Math.log2(Math.max(1024, ids * BITS_PER_ID)));
  native.noteIds(memory.u32((2 * bits) / 32).byteOffset, bits - 1);
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

/** Where the numbers of a column lie, four bytes each. */
function addressOf({ address, width, length }: Narrow, memory: TallyMemory): number {
  if (width === 4) return address;
  const wide = memory.u32(length).byteOffset;
  if (width !== 0) memory.native.widenU32(address, width, length, wide);
  return wide;
}
