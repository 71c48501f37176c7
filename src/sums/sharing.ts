/** Which transcripts have responses or records in common: what these come to can only be told of all of them together. */
import type { Narrow } from "../cursors/narrow.ts";
import type { IdColumns } from "../cursors/table.ts";
import type { MergedTable } from "../merge.ts";
import { placesFor, type TallyMemory } from "../tally/memory.ts";
import { bindTable } from "../tally/repeated.ts";

/** Bits for each id; the fewer there are, the more ids are looked up in vain. */
const BITS_PER_ID = 16;
/** At least so many, which stay in a processor's nearest cache: a line that was appended is compared with all ids there are. */
const LEAST_BITS = 2 ** 17;

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

/** Compares what is merged, of which `names` are too, with itself, and with others; each of these only until the next one. */
export function findSharing(
  table: MergedTable,
  names: readonly Name[],
  others: Iterable<RowsOfIds> | undefined,
  members: number,
): Sharing {
  const { memory, length, eventRecords, transcripts } = table;
  const { native } = memory;
  bindTable(table);
  const together = memory.u32(transcripts);
  for (let t = 0; t < transcripts; t++) together[t] = t;
  memory.bind("transcript", { together });
  const ids = eventRecords + 2 * length + names.length;
  const bits = 2 ** Math.ceil(Math.log2(Math.max(LEAST_BITS, ids * BITS_PER_ID)));
  native.noteIds(memory.u32((2 * bits) / 32).byteOffset, bits - 1);
  const named = memory.u32(names.length * 3);
  named.set(names.flatMap(({ low, high, transcript }) => [low, high, transcript]));
  native.noteNames(named.byteOffset, names.length);
  native.joinTranscripts(memory.u32(placesFor(ids) * 3).byteOffset, transcripts, others ? 1 : 0);
  const shared = memory.u8(members);
  for (const { columns, members: of } of others ?? []) {
    for (const { low, high, start } of columns) {
      const next = memory.next;
      const halves = [addressOf(low, memory), addressOf(high, memory)] as const;
      native.findShared(...halves, start.byteOffset, of.byteOffset, of.length, shared.byteOffset);
      memory.release(next);
    }
  }
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
