/** Records that stand in the scan more than once: copies in forks, and live copies in another transcript. */
import { copyColumns, EVENT } from "../events.ts";
import type { EventTable } from "./table.ts";
import type { TallyMemory } from "./memory.ts";

/** Bits for each record in the two bitmaps that tell repeated ids from others; fewer are mistaken the more there are. */
const BITS_PER_RECORD = 4;

export class RepeatedRecords {
  /** Ascending. */
  readonly all: Uint32Array;
  /** By record: the first one with its id, plus 1; 0 for those that stand alone. */
  readonly firsts: Uint32Array;
  readonly #memory: TallyMemory;
  /** By record: the next one with its id, plus 1; 0 for the last one. Found when first asked for. */
  #next: Uint32Array | undefined;

  constructor(table: EventTable) {
    const { memory, eventRecords } = table;
    bindTable(table);
    this.#memory = memory;
    this.firsts = memory.u32(eventRecords);
    const found = memory.u32(eventRecords);
    const bits = 2 ** Math.ceil(Math.log2(Math.max(1024, eventRecords * BITS_PER_RECORD)));
    const [seen, again] = [memory.u32(bits / 32), memory.u32(bits / 32)];
    const places = memory.places(eventRecords);
    const count = memory.native.findRepeated(
      this.firsts.byteOffset,
      found.byteOffset,
      seen.byteOffset,
      again.byteOffset,
      bits - 1,
      places.byteOffset,
    );
    for (const column of [seen, again, places]) memory.giveBack(column);
    this.all = found.subarray(0, count);
  }

  has(record: number): boolean {
    return this.firsts[record] !== 0;
  }

  /** The first record with the same id. */
  firstOf(record: number): number {
    return (this.firsts[record] || record + 1) - 1;
  }

  /** All records with the same id, ascending. */
  *like(record: number): Generator<number> {
    const next = (this.#next ??= this.#link());
    for (let i = this.firstOf(record) + 1; i > 0; i = next[i - 1] as number) yield i - 1;
  }

  #link(): Uint32Array {
    const { native } = this.#memory;
    const next = this.#memory.u32(this.firsts.length);
    const tails = this.#memory.u32(this.firsts.length);
    const { firsts, all } = this;
    native.linkRepeated(firsts.byteOffset, all.byteOffset, all.length, next.byteOffset, tails.byteOffset);
    this.#memory.giveBack(tails);
    return next;
  }
}

export function hasId({ idLow, idHigh }: EventTable["record"], i: number): boolean {
  return idLow[i] !== 0 || idHigh[i] !== 0;
}

/** Tells WebAssembly where a table lies. */
export function bindTable(table: EventTable): void {
  const { memory, length, eventRecords, extras, event, record, usage, extra, transcriptOf } = table;
  memory.count("events", length);
  memory.count("records", eventRecords);
  memory.count("extras", extras);
  memory.bind("event", { ...event, transcript: transcriptOf });
  memory.bind("record", record);
  memory.bind("usage", usage);
  memory.bind("extra", extra);
}

/**
 * Makes each repeated record an event of its own where it has no response id, because then it counts where its
 * copies do and not where its neighbours do. An event that loses all its records begins behind its end.
 */
export function splitRepeated(table: EventTable, { all }: RepeatedRecords): EventTable {
  const { memory } = table;
  const moved = memory.u32(all.length);
  const count = memory.native.findMoved(all.byteOffset, all.length, moved.byteOffset);
  if (count === 0) return table;
  const roomy = makeRoom(table, table.length + count);
  bindTable(roomy);
  const origins = memory.u32(count).byteOffset;
  memory.native.gatherU32(table.record.event.byteOffset, moved.byteOffset, count, origins);
  for (const column of [...Object.values(roomy.event), roomy.transcriptOf]) {
    const to = column.byteOffset + table.length * column.BYTES_PER_ELEMENT;
    if (column instanceof Float64Array) memory.native.gatherF64(column.byteOffset, origins, count, to);
    else memory.native.gatherU32(column.byteOffset, origins, count, to);
  }
  memory.native.splitEvents(moved.byteOffset, count, origins);
  const split = { ...roomy, length: table.length + count };
  bindTable(split);
  return split;
}

/** Makes room for `length` events: mostly it is there, because merging leaves some. */
function makeRoom(table: EventTable, length: number): EventTable {
  if (length <= table.transcriptOf.length) return table;
  const { memory } = table;
  const event = memory.columns(EVENT, length);
  copyColumns(table.event, event, 0);
  const transcriptOf = memory.u32(length);
  transcriptOf.set(table.transcriptOf);
  return { ...table, event, transcriptOf };
}
