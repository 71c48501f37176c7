/**
 * What rows are known by. Of an id in a transcript only 64 bits are kept, so ids are hashes: of response and request, where
 * there are such ids, else of the record's, else of session and time. Options, files beside it and how they are read change none.
 */
import { type Hash, hashBytes } from "../cursors/hash.ts";
import { FLAG } from "../events.ts";
import { hasId } from "../tally/repeated.ts";
import type { Tallied } from "../tally/tallied.ts";

/** What an id is made of: one number a kind, so that no two kinds meet. */
const KIND = { request: 1, response: 2, state: 3, record: 4, time: 5 } as const;

const NONE = 0xffffffff;

export class RowIds {
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;

  constructor({ groups, table, places }: Pick<Tallied, "groups" | "table" | "places">) {
    const { event, record, transcriptOf } = table;
    const { attribution, chosen, length } = groups;
    this.#low = new Uint32Array(length);
    this.#high = new Uint32Array(length);
    const sessions = new Map<number, Hash>();
    const sessionOf = (transcript: number): Hash => {
      const session = places.sessionOf[transcript] as number;
      let hash = sessions.get(session);
      if (!hash) {
        const source = places.transcripts[transcript]?.source ?? "";
        hash = hashBytes(Buffer.from(`${source} ${places.sessions[session] as string}`));
        sessions.set(session, hash);
      }
      return hash;
    };
    const hashOf = (group: number, i: number): Hash => {
      const flags = event.flags[i] as number;
      const response = [event.responseLow[i] as number, event.responseHigh[i] as number] as const;
      const { low, high } = sessionOf(transcriptOf[i] as number);
      if (flags & FLAG.state && (response[0] !== 0 || response[1] !== 0))
        return hashNumbers(KIND.state, ...response, low, high);
      if (flags & FLAG.responseId && flags & FLAG.requestId)
        return hashNumbers(KIND.request, ...response, event.requestLow[i] as number, event.requestHigh[i] as number);
      if (flags & FLAG.responseId) return hashNumbers(KIND.response, ...response, low, high);
      const r = event.earliestRecord[i] as number;
      if (hasId(record, r)) return hashNumbers(KIND.record, record.idLow[r] as number, record.idHigh[r] as number);
      return hashNumbers(KIND.time, low, high, groups.timeMs[group] as number, chosen[group] === NONE ? 0 : 1);
    };
    const known: number[] = [];
    for (let group = 0; group < length; group++) {
      const i = attribution[group] as number;
      if (i === NONE) continue;
      this.#set(group, hashOf(group, i));
      known.push(group);
    }
    this.#partEquals(known, (group) => event.earliestRecord[attribution[group] as number] as number);
  }

  of(group: number): string {
    return `r${hexOf(this.#high[group] as number)}${hexOf(this.#low[group] as number)}`;
  }

  /** Several of one session and millisecond: by their places, which stay when a transcript grows. */
  #partEquals(groups: readonly number[], placeOf: (group: number) => number): void {
    const [low, high] = [this.#low.slice(), this.#high.slice()];
    const compareIds = (a: number, b: number) =>
      (high[a] as number) - (high[b] as number) || (low[a] as number) - (low[b] as number);
    const sorted = Uint32Array.from(groups).sort((a, b) => compareIds(a, b) || placeOf(a) - placeOf(b));
    let first = 0;
    for (const [at, group] of sorted.entries()) {
      if (compareIds(sorted[first] as number, group) !== 0) first = at;
      if (at > first) this.#set(group, hashNumbers(low[group] as number, high[group] as number, at - first));
    }
  }

  #set(group: number, { low, high }: Hash): void {
    this.#low[group] = low;
    this.#high[group] = high;
  }
}

const numbersToHash = new Float64Array(5);
const bytesToHash = new Uint8Array(numbersToHash.buffer);

/** Five of them at most. */
function hashNumbers(...numbers: readonly number[]): Hash {
  numbersToHash.set(numbers);
  return hashBytes(bytesToHash.subarray(0, numbers.length * Float64Array.BYTES_PER_ELEMENT));
}

function hexOf(number: number): string {
  return number.toString(16).padStart(8, "0");
}
