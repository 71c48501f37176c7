/** 64-bit ids to small numbers, in order of appearance. Open addressing over typed arrays: no object an id. */
export class IdTable {
  /** Ids seen so far. */
  size = 0;
  /** Low half, high half, number + 1; 0 in the third marks a free place. */
  #places: Uint32Array;
  #mask: number;

  constructor(expected: number) {
    let places = 16;
    while (places < expected * 1.5) places *= 2;
    this.#places = new Uint32Array(places * 4);
    this.#mask = places - 1;
  }

  /** The number of an id, a new one when it was not seen before. */
  number(low: number, high: number): number {
    const places = this.#places;
    let at = low & this.#mask;
    for (;;) {
      const i = at * 4;
      const found = places[i + 2] as number;
      if (found === 0) break;
      if (places[i] === low && places[i + 1] === high) return found - 1;
      at = (at + 1) & this.#mask;
    }
    const i = at * 4;
    places[i] = low;
    places[i + 1] = high;
    places[i + 2] = this.size + 1;
    if (this.size * 4 > this.#mask * 3) this.#grow();
    return this.size++;
  }

  #grow(): void {
    const old = this.#places;
    this.#mask = this.#mask * 2 + 1;
    this.#places = new Uint32Array((this.#mask + 1) * 4);
    for (let i = 0; i < old.length; i += 4) {
      if (old[i + 2] === 0) continue;
      let at = (old[i] as number) & this.#mask;
      while (this.#places[at * 4 + 2] !== 0) at = (at + 1) & this.#mask;
      this.#places.set(old.subarray(i, i + 3), at * 4);
    }
  }
}

/** Numbers that stand for the same thing. */
export class Unions {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = new Int32Array(size).map((_, i) => i);
  }

  find(i: number): number {
    while (this.#parent[i] !== i) {
      this.#parent[i] = this.#parent[this.#parent[i] as number] as number;
      i = this.#parent[i] as number;
    }
    return i;
  }

  join(a: number, b: number): void {
    this.#parent[this.find(a)] = this.find(b);
  }
}
