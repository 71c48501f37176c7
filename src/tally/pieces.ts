/** Which piece of time (day, hour, … and inside the window or not) each slice of a quarter of an hour is in. */
import type { TimeKeys } from "../calendar.ts";
import type { Window } from "../window.ts";

/** What a slice is that is not in one piece: as `src/tally/wasm/cells.ts` has them. */
const BEFORE_WINDOW = -2;
const AFTER_WINDOW = -3;
const CUT = -4;

/** Zones differ by whole quarters of an hour, nearly all of them. */
export const QUARTER_MS = 15 * 60_000;

/** Says for each slice, by its number, the piece it is in. */
export class Pieces {
  /** How long slices are: all of time where nothing cuts it. */
  readonly sliceMs: number;
  /** By piece, an instant in it; NaN for the piece of what has no time. */
  readonly instantsMs: number[] = [NaN];
  readonly #times: readonly TimeKeys[];
  readonly #window: Window;
  readonly #numbers = new Map<string, number>();
  /** Of the slice before: most are in the piece of their neighbour. */
  readonly #keys: number[] = [];
  #number = -1;

  constructor(times: readonly TimeKeys[], window: Window) {
    this.#times = times;
    this.#window = window;
    const isCut = times.length > 0 || window.sinceMs > -Infinity || window.untilMs < Infinity;
    this.sliceMs = isCut ? QUARTER_MS : Infinity;
  }

  numberOf(slice: number): number {
    if (this.sliceMs === Infinity) return this.#enter("", 0);
    const { sinceMs, untilMs } = this.#window;
    const firstMs = slice * QUARTER_MS;
    const lastMs = firstMs + QUARTER_MS - 1;
    if (lastMs < sinceMs) return BEFORE_WINDOW;
    if (firstMs > untilMs) return AFTER_WINDOW;
    if (firstMs < sinceMs || lastMs > untilMs) return CUT;
    if (!this.#times.every((keys) => keys.isOnePiece(firstMs, lastMs))) return CUT;
    // With the offset: pieces at both ends of a span that are one this way are one all the way between.
    let isSame = this.#number >= 0;
    this.#times.forEach((keys, at) => {
      const [number, offsetMs] = [keys.number(firstMs), keys.offsetMs(firstMs)];
      if (this.#keys[at * 2] !== number || this.#keys[at * 2 + 1] !== offsetMs) isSame = false;
      this.#keys[at * 2] = number;
      this.#keys[at * 2 + 1] = offsetMs;
    });
    if (!isSame) this.#number = this.#enter(this.#keys.join(), firstMs);
    return this.#number;
  }

  #enter(key: string, instantMs: number): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.instantsMs.push(instantMs) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }
}
