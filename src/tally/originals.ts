/** Which of several transcripts with the same records the records were written in first. */
import { FLAG } from "../events.ts";
import type { EventTable } from "./table.ts";
import type { Places } from "./places.ts";
import type { RepeatedRecords } from "./repeated.ts";

export class Originals {
  readonly #table: EventTable;
  readonly #repeated: RepeatedRecords;
  readonly #places: Places;
  readonly #known = new Map<string, number>();
  /** By transcript, the earliest time of a record that stands in no other. */
  readonly #ownSinceMs = new Map<number, number>();
  /** By transcript, its repeated records that have a time, latest first. */
  readonly #latest = new Map<number, Uint32Array>();

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
    const sharedMs = this.#lastSharedMs(concerned);
    const originals = concerned.filter((transcript) => this.#ownSince(transcript) < sharedMs);
    if (originals.length === 1) return originals[0] as number;
    const { sessionOf, sessions } = this.#places;
    const session = (transcript: number) => sessions[sessionOf[transcript] as number] as string;
    return concerned.reduce((best, other) => (session(other) < session(best) ? other : best));
  }

  /**
   * The latest time of a record that stands in two or more of the transcripts. Mostly the latest repeated record of
   * each is one, so that long chains of forks cost little more than short ones.
   */
  #lastSharedMs(concerned: readonly number[]): number {
    const { timeMs } = this.#table.record;
    const areConcerned = new Set(concerned);
    let lastMs = -Infinity;
    for (const transcript of concerned) {
      for (const i of this.#latestIn(transcript)) {
        if ((timeMs[i] as number) <= lastMs) break;
        if (!this.#standsInTwo(i, areConcerned)) continue;
        lastMs = timeMs[i] as number;
        break;
      }
    }
    return lastMs;
  }

  /** Whether a record's id stands in two of the transcripts, or of all where none are given. */
  #standsInTwo(i: number, transcripts?: ReadonlySet<number>): boolean {
    const { record, transcriptOf } = this.#table;
    let found = -1;
    for (const like of this.#repeated.like(i)) {
      const home = transcriptOf[record.event[like] as number] as number;
      if (this.#isCopy(like) || home === found || transcripts?.has(home) === false) continue;
      if (found >= 0) return true;
      found = home;
    }
    return false;
  }

  #ownSince(transcript: number): number {
    const known = this.#ownSinceMs.get(transcript);
    if (known !== undefined) return known;
    const { timeMs } = this.#table.record;
    let sinceMs = Infinity;
    for (let i = this.#firstOf(transcript), end = this.#firstOf(transcript + 1); i < end; i++) {
      if (!((timeMs[i] as number) < sinceMs) || this.#isCopy(i)) continue;
      if (!this.#repeated.has(i) || !this.#standsInTwo(i)) sinceMs = timeMs[i] as number;
    }
    this.#ownSinceMs.set(transcript, sinceMs);
    return sinceMs;
  }

  #latestIn(transcript: number): Uint32Array {
    const known = this.#latest.get(transcript);
    if (known) return known;
    const { timeMs } = this.#table.record;
    const latest = this.#repeatedIn(transcript)
      .filter((i) => !this.#isCopy(i) && !Number.isNaN(timeMs[i]))
      .sort((a, b) => (timeMs[b] as number) - (timeMs[a] as number));
    this.#latest.set(transcript, latest);
    return latest;
  }

  /** The repeated records of a transcript, ascending. */
  #repeatedIn(transcript: number): Uint32Array {
    const { all } = this.#repeated;
    return all.subarray(lowerBound(all, this.#firstOf(transcript)), lowerBound(all, this.#firstOf(transcript + 1)));
  }

  /** The first record of a transcript; behind the last one, where the next would begin. */
  #firstOf(transcript: number): number {
    return this.#table.transcript.firstRecord[transcript] ?? this.#table.eventRecords;
  }

  /** Live copies tell nothing about where a record was written. */
  #isCopy(i: number): boolean {
    const { event, record } = this.#table;
    return ((event.flags[record.event[i] as number] as number) & FLAG.nested) !== 0;
  }
}

/** The place of the first element that is not below `value`. */
function lowerBound(ascending: Uint32Array, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
