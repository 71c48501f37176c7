/** Which piece of time (day, hour, … and inside the window or not) each slice of a quarter of an hour is in. */
import type { TimeKeys } from "../calendar.ts";
import type { Window } from "../window.ts";

/** What a slice is that is not in one piece: as `src/tally/wasm/cells.ts` has them. */
const BEFORE_WINDOW = -2;
const AFTER_WINDOW = -3;
const CUT = -4;

const SLICE_MS = 15 * 60_000;

/** Says for each slice, by its number of quarters of an hour since 1970, the piece it is in. */
export class Pieces {
  /** By piece, an instant in it; NaN for the piece of what has no time. */
  readonly instantsMs: number[] = [NaN];
  readonly #times: readonly TimeKeys[];
  readonly #window: Window;
  readonly #numbers = new Map<string, number>();

  constructor(times: readonly TimeKeys[], window: Window) {
    this.#times = times;
    this.#window = window;
  }

  numberOf(slice: number): number {
    const { sinceMs, untilMs } = this.#window;
    const firstMs = slice * SLICE_MS;
    const lastMs = firstMs + SLICE_MS - 1;
    if (lastMs < sinceMs) return BEFORE_WINDOW;
    if (firstMs > untilMs) return AFTER_WINDOW;
    if (firstMs < sinceMs || lastMs > untilMs) return CUT;
    if (!this.#times.every((keys) => keys.isOnePiece(firstMs, lastMs))) return CUT;
    // With the offset: pieces at both ends of a span that are one this way are one all the way between.
    const key = this.#times.map((keys) => `${keys.number(firstMs)} ${keys.offsetMs(firstMs)}`).join();
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.instantsMs.push(firstMs) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }
}
