/** Records that stand in the scan more than once: copies in forks, and live copies in another transcript. */
import { allocate, type Columns, copyColumns, EVENT, FLAG } from "../events.ts";
import type { EventTable } from "../merge.ts";
import { IdIndex, MaybeRepeated } from "./ids.ts";

export class RepeatedRecords {
  /** By record: the first one with its id, plus 1; 0 for those that stand alone. Absent when all do. */
  #firsts: Uint32Array | undefined;

  constructor({ eventRecords, record: { idLow, idHigh } }: EventTable) {
    const repeated = new MaybeRepeated();
    for (let i = 0; i < eventRecords; i++) if ((idLow[i] as number) !== 0) repeated.note(idLow[i] as number);
    const ids = new IdIndex(idLow, idHigh, eventRecords / 16);
    for (let i = 0; i < eventRecords; i++) {
      if (idLow[i] === 0 ? idHigh[i] === 0 : !repeated.has(idLow[i] as number)) continue;
      const first = ids.first(i);
      if (first === i) continue;
      this.#firsts ??= new Uint32Array(eventRecords);
      this.#firsts[first] = this.#firsts[i] = first + 1;
    }
  }

  /** Whether there are any. */
  get areThere(): boolean {
    return this.#firsts !== undefined;
  }

  has(record: number): boolean {
    return this.#firsts !== undefined && this.#firsts[record] !== 0;
  }

  /** The first record with the same id. */
  firstOf(record: number): number {
    return (this.#firsts?.[record] || record + 1) - 1;
  }
}

export function hasId({ idLow, idHigh }: EventTable["record"], i: number): boolean {
  return idLow[i] !== 0 || idHigh[i] !== 0;
}

/** Of an event that has no records left. */
export function isEmpty({ firstRecord, lastRecord }: EventTable["event"], i: number): boolean {
  return (firstRecord[i] as number) > (lastRecord[i] as number);
}

/**
 * Makes each repeated record an event of its own where it has no response id, because then it counts where its
 * copies do and not where its neighbours do.
 */
export function splitRepeated(table: EventTable, repeated: RepeatedRecords): EventTable {
  const moved = recordsToMove(table, repeated);
  if (moved.length === 0) return table;
  const length = table.length + moved.length;
  const event = allocate(EVENT, length);
  copyColumns(table.event, event, 0);
  const transcriptOf = new Uint32Array(length);
  transcriptOf.set(table.transcriptOf);
  const record = { ...table.record, event: table.record.event.slice() };
  const left = new Set<number>();
  moved.forEach((i, at) => {
    const from = record.event[i] as number;
    const to = table.length + at;
    for (const column of Object.values(event)) column[to] = column[from] as number;
    transcriptOf[to] = transcriptOf[from] as number;
    record.event[i] = to;
    event.firstRecord[to] = event.lastRecord[to] = i;
    left.add(from).add(to);
  });
  for (const i of left) describeTimes(event, i, record);
  return { ...table, length, event, transcriptOf, record };
}

function recordsToMove({ eventRecords, event, record }: EventTable, repeated: RepeatedRecords): number[] {
  const moved: number[] = [];
  if (!repeated.areThere) return moved;
  for (let i = 0; i < eventRecords; i++) {
    if (!repeated.has(i)) continue;
    const of = record.event[i] as number;
    const isResponse = ((event.flags[of] as number) & FLAG.responseId) !== 0;
    if (!isResponse && event.firstRecord[of] !== event.lastRecord[of]) moved.push(i);
  }
  return moved;
}

/** Works out anew when an event's records were written, and between which records they stand. */
function describeTimes(event: Columns<typeof EVENT>, i: number, record: EventTable["record"]): void {
  const [from, to] = [event.firstRecord[i] as number, event.lastRecord[i] as number];
  event.firstMs[i] = Infinity;
  event.lastMs[i] = -Infinity;
  event.firstRecord[i] = 1;
  event.lastRecord[i] = 0;
  for (let r = from; r <= to; r++) {
    if (record.event[r] !== i) continue;
    if (isEmpty(event, i)) event.firstRecord[i] = event.earliestRecord[i] = event.chosenRecord[i] = r;
    event.lastRecord[i] = r;
    const timeMs = record.timeMs[r] as number;
    if (timeMs < (event.firstMs[i] as number)) {
      event.firstMs[i] = timeMs;
      event.earliestRecord[i] = r;
    }
    if (timeMs > (event.lastMs[i] as number)) event.lastMs[i] = timeMs;
  }
  event.chosenMs[i] = event.lastMs[i] as number;
}
