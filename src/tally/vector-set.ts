/** The vectors of one rollout. Most come with a larger total than any before: these are told to be new at a glance. */
import { PARTS, TOTAL } from "./vectors.ts";

export class VectorSet {
  #vectors = new Float64Array(64 * PARTS);
  #length = 0;
  /** By hash, the number of a vector plus 1. Holds the first `#listed` of them: it is filled when first asked. */
  #places = new Int32Array(256);
  #listed = 0;
  #largest = -1;

  /** As if made anew; keeps what it grew to. */
  clear(): void {
    this.#length = 0;
    this.#listed = 0;
    this.#largest = -1;
  }

  /** Adds a vector; false when it is there already. */
  add(vector: Float64Array): boolean {
    const total = vector[TOTAL] as number;
    if (total <= this.#largest && this.#has(vector)) return false;
    if (total > this.#largest) this.#largest = total;
    if ((this.#length + 1) * PARTS > this.#vectors.length) {
      const grown = new Float64Array(this.#vectors.length * 2);
      grown.set(this.#vectors);
      this.#vectors = grown;
    }
    this.#vectors.set(vector, this.#length * PARTS);
    this.#length++;
    return true;
  }

  #has(vector: Float64Array): boolean {
    this.#list();
    const last = this.#places.length - 1;
    for (let at = hashOf(vector, 0) & last; this.#places[at] !== 0; at = (at + 1) & last) {
      if (this.#isAt((this.#places[at] as number) - 1, vector)) return true;
    }
    return false;
  }

  #isAt(number: number, vector: Float64Array): boolean {
    for (let part = 0; part < PARTS; part++) {
      if (this.#vectors[number * PARTS + part] !== vector[part]) return false;
    }
    return true;
  }

  /** Enters the vectors that are not yet among the places. */
  #list(): void {
    if (this.#listed === 0) this.#places.fill(0);
    if (this.#length * 2 > this.#places.length) {
      this.#places = new Int32Array(2 ** Math.ceil(Math.log2(this.#length * 4)));
      this.#listed = 0;
    }
    const last = this.#places.length - 1;
    for (; this.#listed < this.#length; this.#listed++) {
      let at = hashOf(this.#vectors, this.#listed * PARTS) & last;
      while (this.#places[at] !== 0) at = (at + 1) & last;
      this.#places[at] = this.#listed + 1;
    }
  }
}

/** Of the vector that begins at `from`. */
function hashOf(numbers: Float64Array, from: number): number {
  let hash = 0;
  for (let part = 0; part < PARTS; part++) {
    hash = Math.imul(hash ^ ((numbers[from + part] as number) >>> 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
