/** Which of several transcripts with the same records the records were written in first. */
import { FLAG } from "../events.ts";
import type { EventTable } from "../merge.ts";
import type { Places } from "./places.ts";
import type { RepeatedRecords } from "./repeated.ts";

const MANY = -1;

export class Originals {
  readonly #table: EventTable;
  readonly #repeated: RepeatedRecords;
  readonly #places: Places;
  readonly #known = new Map<string, number>();
  /** By transcript, the earliest time of a record that stands in no other; worked out when first asked for. */
  #ownSinceMs: Float64Array | undefined;

  constructor(table: EventTable, repeated: RepeatedRecords, places: Places) {
    this.#table = table;
    this.#repeated = repeated;
    this.#places = places;
  }

  /**
   * The original among transcripts: the only one that has a record of its own before the last record they
   * share. None or several: the one with the smallest session id, then path.
   */
  among(transcripts: readonly number[]): number {
    const concerned = [...new Set(transcripts)].sort((a, b) => a - b);
    if (concerned.length === 1) return concerned[0] as number;
    const key = concerned.join();
    let original = this.#known.get(key);
    if (original === undefined) {
      original = this.#find(concerned);
      this.#known.set(key, original);
    }
    return original;
  }

  #find(concerned: readonly number[]): number {
    const ownSinceMs = (this.#ownSinceMs ??= this.#findOwn());
    const sharedMs = this.#lastSharedMs(concerned);
    const originals = concerned.filter((transcript) => (ownSinceMs[transcript] as number) < sharedMs);
    if (originals.length === 1) return originals[0] as number;
    const { sessionOf, sessions } = this.#places;
    const session = (transcript: number) => sessions[sessionOf[transcript] as number] as string;
    return concerned.reduce((best, other) => (session(other) < session(best) ? other : best));
  }

  /** The latest time of a record that stands in two or more of the transcripts. */
  #lastSharedMs(concerned: readonly number[]): number {
    const copies = new Map<number, { readonly transcript: number; isShared: boolean; lastMs: number }>();
    for (const transcript of concerned) {
      for (const i of this.#recordsOf(transcript)) {
        if (!this.#repeated.has(i)) continue;
        const first = this.#repeated.firstOf(i);
        let copy = copies.get(first);
        if (!copy) copies.set(first, (copy = { transcript, isShared: false, lastMs: -Infinity }));
        if (copy.transcript !== transcript) copy.isShared = true;
        const timeMs = this.#table.record.timeMs[i] as number;
        if (timeMs > copy.lastMs) copy.lastMs = timeMs;
      }
    }
    let lastMs = -Infinity;
    for (const copy of copies.values()) if (copy.isShared && copy.lastMs > lastMs) lastMs = copy.lastMs;
    return lastMs;
  }

  #findOwn(): Float64Array {
    const { transcripts, record } = this.#table;
    // By the first record with an id, the transcript that id stands in, or `MANY`.
    const homes = new Map<number, number>();
    for (let t = 0; t < transcripts; t++) {
      for (const i of this.#recordsOf(t)) {
        if (!this.#repeated.has(i)) continue;
        const first = this.#repeated.firstOf(i);
        homes.set(first, (homes.get(first) ?? t) === t ? t : MANY);
      }
    }
    const sinceMs = new Float64Array(transcripts).fill(Infinity);
    for (let t = 0; t < transcripts; t++) {
      for (const i of this.#recordsOf(t)) {
        if (this.#repeated.has(i) && homes.get(this.#repeated.firstOf(i)) === MANY) continue;
        const timeMs = record.timeMs[i] as number;
        if (timeMs < (sinceMs[t] as number)) sinceMs[t] = timeMs;
      }
    }
    return sinceMs;
  }

  /** The records of a transcript, live copies aside. */
  *#recordsOf(transcript: number): Generator<number> {
    const { record, event, eventRecords, transcript: found } = this.#table;
    const end = found.firstRecord[transcript + 1] ?? eventRecords;
    for (let i = found.firstRecord[transcript] as number; i < end; i++) {
      if (((event.flags[record.event[i] as number] as number) & FLAG.nested) === 0) yield i;
    }
  }
}
