/** First and last time by row and session. */
import type { Sums } from "./figures.ts";
import { ROOT, Steps } from "./steps.ts";

export class Spans {
  readonly #steps = new Steps();
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
    this.#at = this.#steps.take(this.#steps.take(ROOT, row), session);
    if (this.#at < this.#firstMs.length) return;
    const [firstMs, lastMs] = [this.#firstMs, this.#lastMs];
    this.#firstMs = new Float64Array(firstMs.length * 2).fill(Infinity);
    this.#lastMs = new Float64Array(firstMs.length * 2).fill(-Infinity);
    this.#firstMs.set(firstMs);
    this.#lastMs.set(lastMs);
  }

  addTo(sumsOf: (row: number) => Sums): void {
    for (let at = 0; at < this.#steps.size; at++) {
      const [row, session] = this.#steps.pathTo(at);
      if (row === undefined || session === undefined) continue;
      sumsOf(row).addSpan(this.#firstMs[at] as number, this.#lastMs[at] as number);
    }
  }
}
