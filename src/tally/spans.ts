/** First and last time by row and session. */
import type { Sums } from "./figures.ts";

export class Spans {
  /** By row and session, both below 2^26: memory ends before there are more. */
  readonly #places = new Map<number, number>();
  /** By place. */
  readonly #rows: number[] = [];
  #firstMs = new Float64Array(64).fill(Infinity);
  #lastMs = new Float64Array(64).fill(-Infinity);
  #row = -1;
  #session = -1;
  #at = -1;

  add(row: number, session: number, firstMs: number, lastMs: number): void {
    if (row !== this.#row || session !== this.#session) this.#moveTo(row, session);
    const at = this.#at;
    if (firstMs < (this.#firstMs[at] as number)) this.#firstMs[at] = firstMs;
    if (lastMs > (this.#lastMs[at] as number)) this.#lastMs[at] = lastMs;
  }

  #moveTo(row: number, session: number): void {
    this.#row = row;
    this.#session = session;
    const key = row * 0x4000000 + session;
    let at = this.#places.get(key);
    if (at === undefined) {
      at = this.#rows.push(row) - 1;
      this.#places.set(key, at);
    }
    this.#at = at;
    if (at < this.#firstMs.length) return;
    const [firstMs, lastMs] = [this.#firstMs, this.#lastMs];
    this.#firstMs = new Float64Array(firstMs.length * 2).fill(Infinity);
    this.#lastMs = new Float64Array(firstMs.length * 2).fill(-Infinity);
    this.#firstMs.set(firstMs);
    this.#lastMs.set(lastMs);
  }

  addTo(sumsOf: (row: number) => Sums): void {
    for (const [at, row] of this.#rows.entries()) {
      sumsOf(row).addSpan(this.#firstMs[at] as number, this.#lastMs[at] as number);
    }
  }
}
