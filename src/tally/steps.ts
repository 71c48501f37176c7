/** Where every path begins. */
export const ROOT = 0;

/** Pairs of a place and a number to the next place, and back. */
export class Steps {
  readonly #from: number[] = [-1];
  readonly #value: number[] = [-1];
  readonly #next = new Map<number, number>();
  #lastKey = -1;
  #last = ROOT;

  /** The place reached from `place` with `value`; the same one each time. */
  take(place: number, value: number): number {
    // Both are below 2^26: memory ends before there are more.
    const key = place * 0x4000000 + value;
    if (key === this.#lastKey) return this.#last;
    let next = this.#next.get(key);
    if (next === undefined) {
      next = this.#from.push(place) - 1;
      this.#value.push(value);
      this.#next.set(key, next);
    }
    this.#lastKey = key;
    this.#last = next;
    return next;
  }

  /** The values that led to a place. */
  pathTo(place: number): number[] {
    const path: number[] = [];
    for (let at = place; at !== ROOT; at = this.#from[at] as number) path.unshift(this.#value[at] as number);
    return path;
  }

  /** How many places there are, the root included. */
  get size(): number {
    return this.#from.length;
  }
}
