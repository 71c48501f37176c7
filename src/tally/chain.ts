/** The running totals of one rollout, and those of the review inside it. */
import type { Columns, USAGE } from "../events.ts";
import { VectorSet } from "./vector-set.ts";
import { COLUMNS, PARTS } from "./vectors.ts";

export class Chain {
  /** Whether the last one read went down in some part, so that the total began anew. */
  fell = false;
  isInReview = false;
  /** What the event added, when it was new. */
  readonly added = new Float64Array(PARTS);
  readonly #own = new Float64Array(PARTS);
  readonly #review = new Float64Array(PARTS);
  readonly #seen = new VectorSet();

  /** As if made anew. */
  clear(): void {
    this.#own.fill(0);
    this.isInReview = false;
    this.#seen.clear();
  }

  /** Starts from zero. */
  beginReview(): void {
    this.#review.fill(0);
    this.isInReview = true;
  }

  /** The rollout's own chain goes on from where it stood. */
  endReview(): void {
    this.isInReview = false;
  }

  /**
   * Goes on to the total at `at`. Whether it is new in this rollout; `added` is then the difference, or where it fell the
   * total itself.
   */
  read(usage: Columns<typeof USAGE>, at: number): boolean {
    const before = this.isInReview ? this.#review : this.#own;
    this.fell = false;
    for (let part = 0; part < PARTS; part++) {
      const now = usage[COLUMNS[part] as (typeof COLUMNS)[number]][at] as number;
      const difference = now - (before[part] as number);
      if (difference < 0) this.fell = true;
      this.added[part] = difference;
      before[part] = now;
    }
    if (this.fell) this.added.set(before);
    return this.#seen.add(before);
  }

  /** Goes on by what an event says its request used. */
  add(usage: Columns<typeof USAGE>, at: number): void {
    const before = this.isInReview ? this.#review : this.#own;
    for (let part = 0; part < PARTS; part++) {
      const used = usage[COLUMNS[part] as (typeof COLUMNS)[number]][at] as number;
      this.added[part] = used;
      before[part] = (before[part] as number) + used;
    }
  }
}
