/** Which of several transcripts with the same records the records were written in first. */
import { FLAG } from "../events.ts";
import type { EventTable } from "../merge.ts";
import { EventsById } from "./ids.ts";
import type { Places } from "./places.ts";

const MANY = -1;

export class Originals {
  readonly #table: EventTable;
  readonly #places: Places;
  readonly #known = new Map<string, number>();
  #records: Records | undefined;

  constructor(table: EventTable, places: Places) {
    this.#table = table;
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
    const { shared, lastMs } = this.#sharedBy(concerned);
    const originals = concerned.filter((transcript) => this.#hasOwnBefore(transcript, lastMs, shared));
    if (originals.length === 1) return originals[0] as number;
    const { sessionOf, sessions } = this.#places;
    const session = (transcript: number) => sessions[sessionOf[transcript] as number] as string;
    return concerned.reduce((best, other) => (session(other) < session(best) ? other : best));
  }

  /** The events whose record stands in two or more of the transcripts, and the latest time among them. */
  #sharedBy(concerned: readonly number[]): { readonly shared: ReadonlySet<number>; readonly lastMs: number } {
    const { event, transcriptOf } = this.#table;
    const records = new EventsById(event.recordLow, event.recordHigh, 1024);
    const copies = new Map<number, number[]>();
    const shared = new Set<number>();
    let lastMs = -Infinity;
    for (const transcript of concerned) {
      for (let i = this.#firstOf(transcript), end = this.#firstOf(transcript + 1); i < end; i++) {
        if (!isRecord(event, i)) continue;
        const first = records.first(i);
        if (first === i) continue;
        const all = copies.get(first) ?? [first];
        copies.set(first, all);
        all.push(i);
      }
    }
    for (const all of copies.values()) {
      if (all.every((i) => transcriptOf[i] === transcriptOf[all[0] as number])) continue;
      for (const i of all) {
        shared.add(i);
        if ((event.timeMs[i] as number) > lastMs) lastMs = event.timeMs[i] as number;
      }
    }
    return { shared, lastMs };
  }

  /** Whether a transcript has a record before some time that stands in no other transcript of the scan. */
  #hasOwnBefore(transcript: number, ms: number, shared: ReadonlySet<number>): boolean {
    const { event } = this.#table;
    for (let i = this.#firstOf(transcript), end = this.#firstOf(transcript + 1); i < end; i++) {
      const isEarlier = (event.timeMs[i] as number) < ms;
      if (!isEarlier || shared.has(i) || (event.flags[i] as number) & FLAG.nested) continue;
      if (!isRecord(event, i)) return true;
      this.#records ??= new Records(this.#table);
      if (!this.#records.standsInMany(i)) return true;
    }
    return false;
  }

  /** The first event of a transcript; behind the last one, where the next would begin. */
  #firstOf(transcript: number): number {
    return this.#table.transcript.firstEvent[transcript] ?? this.#table.length;
  }
}

/** Where every record of the scan stands. Needed only when a fork lacks some of what its original has. */
class Records {
  readonly #first: EventsById;
  /** By its first event, the transcript a record stands in, or `MANY`. */
  readonly #homeOf: Int32Array;

  constructor({ length, event, transcriptOf }: EventTable) {
    this.#first = new EventsById(event.recordLow, event.recordHigh, length);
    this.#homeOf = new Int32Array(length);
    for (let i = 0; i < length; i++) {
      if (!isRecord(event, i)) continue;
      const first = this.#first.first(i);
      if (first === i) this.#homeOf[i] = transcriptOf[i] as number;
      else if (this.#homeOf[first] !== transcriptOf[i]) this.#homeOf[first] = MANY;
    }
  }

  standsInMany(i: number): boolean {
    return this.#homeOf[this.#first.first(i)] === MANY;
  }
}

function isRecord({ flags }: EventTable["event"], i: number): boolean {
  return ((flags[i] as number) & (FLAG.recordId | FLAG.nested)) === FLAG.recordId;
}
