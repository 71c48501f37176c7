/** Records that stand in the scan more than once: copies in forks, and live copies in another transcript. */
import { type Columns, copyColumns, EVENT, FLAG } from "../events.ts";
import type { EventTable } from "./table.ts";
import { placesFor } from "./memory.ts";

/** Bits for each record in the two bitmaps that tell repeated ids from others; fewer are mistaken the more there are. */
const BITS_PER_RECORD = 16;

export class RepeatedRecords {
  /** Ascending. */
  readonly all: Uint32Array;
  /** By record: the first one with its id, plus 1; 0 for those that stand alone. */
  readonly firsts: Uint32Array;

  constructor(table: EventTable) {
    const { memory, eventRecords } = table;
    bindTable(table);
    this.firsts = memory.u32(eventRecords);
    const found = memory.u32(eventRecords);
    const bits = 2 ** Math.ceil(Math.log2(Math.max(1024, eventRecords * BITS_PER_RECORD)));
    const [seen, again] = [memory.u32(bits / 32), memory.u32(bits / 32)];
    const places = memory.u32(placesFor(eventRecords));
    const count = memory.native.findRepeated(
      this.firsts.byteOffset,
      found.byteOffset,
      seen.byteOffset,
      again.byteOffset,
      bits - 1,
      places.byteOffset,
    );
    this.all = found.slice(0, count);
  }

  has(record: number): boolean {
    return this.firsts[record] !== 0;
  }

  /** The first record with the same id. */
  firstOf(record: number): number {
    return (this.firsts[record] || record + 1) - 1;
  }
}

export function hasId({ idLow, idHigh }: EventTable["record"], i: number): boolean {
  return idLow[i] !== 0 || idHigh[i] !== 0;
}

/** Tells WebAssembly where a table lies. */
export function bindTable({ memory, length, eventRecords, event, record, usage, transcriptOf }: EventTable): void {
  memory.count("events", length);
  memory.count("records", eventRecords);
  memory.bind("event", { ...event, transcript: transcriptOf });
  memory.bind("record", { idLow: record.idLow, idHigh: record.idHigh });
  memory.bind("usage", usage);
}

/**
 * Makes each repeated record an event of its own where it has no response id, because then it counts where its
 * copies do and not where its neighbours do. An event that loses all its records begins behind its end.
 */
export function splitRepeated(table: EventTable, repeated: RepeatedRecords): EventTable {
  const moved = repeated.all.filter((i) => standsWithOthers(table, i));
  if (moved.length === 0) return table;
  const length = table.length + moved.length;
  const roomy = makeRoom(table, length);
  const { event, record, transcriptOf } = roomy;
  const left = new Set<number>();
  moved.forEach((i, at) => {
    const of = record.event[i] as number;
    const to = table.length + at;
    for (const column of Object.values(event)) column[to] = column[of] as number;
    transcriptOf[to] = transcriptOf[of] as number;
    record.event[i] = to;
    event.firstRecord[to] = event.lastRecord[to] = i;
    left.add(of).add(to);
  });
  for (const i of left) describeTimes(event, i, record);
  const split = { ...roomy, length };
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

function standsWithOthers({ event, record }: EventTable, i: number): boolean {
  const of = record.event[i] as number;
  const isResponse = ((event.flags[of] as number) & FLAG.responseId) !== 0;
  return !isResponse && event.firstRecord[of] !== event.lastRecord[of];
}

/** Works out anew when an event's records were written, and between which records they stand. */
function describeTimes(event: Columns<typeof EVENT>, i: number, record: EventTable["record"]): void {
  const from = event.firstRecord[i] as number;
  const to = event.lastRecord[i] as number;
  let isEmpty = true;
  let firstMs = Infinity;
  let lastMs = -Infinity;
  event.firstRecord[i] = 1;
  event.lastRecord[i] = 0;
  for (let r = from; r <= to; r++) {
    if (record.event[r] !== i) continue;
    if (isEmpty) event.firstRecord[i] = event.earliestRecord[i] = event.chosenRecord[i] = r;
    isEmpty = false;
    event.lastRecord[i] = r;
    const timeMs = record.timeMs[r] as number;
    if (timeMs < firstMs) {
      firstMs = timeMs;
      event.earliestRecord[i] = r;
    }
    if (timeMs > lastMs) lastMs = timeMs;
  }
  event.firstMs[i] = firstMs;
  event.lastMs[i] = event.chosenMs[i] = lastMs;
}
