/** Which of several transcripts with the same records the records were written in first. */
import { FLAG } from "../events.ts";
import type { EventTable } from "../merge.ts";
import { EventsById } from "./ids.ts";
import type { Places } from "./places.ts";

const NO_RECORD = -1;
const MANY = -2;

export class Originals {
  readonly #table: EventTable;
  readonly #places: Places;
  /** Of events in the transcripts concerned: the first event with the same record id; `NO_RECORD` without one. */
  readonly #recordOf: Int32Array;
  /** By that first event, the transcript its record stands in, or `MANY`. */
  readonly #homeOf: Int32Array;
  readonly #known = new Map<string, number>();

  /** `concerned` are all transcripts that will be asked about. */
  constructor(table: EventTable, places: Places, concerned: ReadonlySet<number>) {
    this.#table = table;
    this.#places = places;
    const { length, event, transcriptOf } = table;
    const records = new EventsById(event.recordLow, event.recordHigh, 1024);
    const isRecord = (i: number) => ((event.flags[i] as number) & (FLAG.recordId | FLAG.nested)) === FLAG.recordId;
    this.#recordOf = new Int32Array(length).fill(NO_RECORD);
    this.#homeOf = new Int32Array(length);
    for (const transcript of concerned) {
      for (let i = this.#firstOf(transcript), end = this.#firstOf(transcript + 1); i < end; i++) {
        if (!isRecord(i)) continue;
        const record = (this.#recordOf[i] = records.first(i));
        if (record === i) this.#homeOf[i] = transcript;
        else if (this.#homeOf[record] !== transcript) this.#homeOf[record] = MANY;
      }
    }
    for (let i = 0; i < length; i++) {
      if (!isRecord(i) || concerned.has(transcriptOf[i] as number)) continue;
      const record = records.find(i);
      if (record >= 0) this.#homeOf[record] = MANY;
    }
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
    const lastSharedMs = this.#lastSharedMs(concerned);
    const originals = concerned.filter((transcript) => this.#hasOwnBefore(transcript, lastSharedMs));
    if (originals.length === 1) return originals[0] as number;
    const { sessionOf, sessions } = this.#places;
    const session = (transcript: number) => sessions[sessionOf[transcript] as number] as string;
    return concerned.reduce((best, other) => (session(other) < session(best) ? other : best));
  }

  #lastSharedMs(concerned: readonly number[]): number {
    const home = new Map<number, number>();
    const latestMs = new Map<number, number>();
    let lastMs = -Infinity;
    for (const transcript of concerned) {
      for (let i = this.#firstOf(transcript), end = this.#firstOf(transcript + 1); i < end; i++) {
        const record = this.#recordOf[i] as number;
        if (record === NO_RECORD) continue;
        const time = this.#table.event.timeMs[i] as number;
        const ms = Math.max(latestMs.get(record) ?? -Infinity, time === time ? time : -Infinity);
        latestMs.set(record, ms);
        if (!home.has(record)) home.set(record, transcript);
        else if (home.get(record) !== transcript) home.set(record, MANY);
        if (home.get(record) === MANY && ms > lastMs) lastMs = ms;
      }
    }
    return lastMs;
  }

  #hasOwnBefore(transcript: number, ms: number): boolean {
    const { event } = this.#table;
    for (let i = this.#firstOf(transcript), end = this.#firstOf(transcript + 1); i < end; i++) {
      if ((event.flags[i] as number) & FLAG.nested || !((event.timeMs[i] as number) < ms)) continue;
      const record = this.#recordOf[i] as number;
      if (record === NO_RECORD || this.#homeOf[record] !== MANY) return true;
    }
    return false;
  }

  /** The first event of a transcript; behind the last one, where the next would begin. */
  #firstOf(transcript: number): number {
    return this.#table.transcript.firstEvent[transcript] ?? this.#table.length;
  }
}
