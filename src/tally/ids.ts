/** Finds elements by a 64-bit id. Open addressing over their numbers: no object an id, the ids stay in their columns. */
export class IdIndex {
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  /** Element + 1; 0 is free. */
  #places: Uint32Array;
  #mask: number;
  #size = 0;

  /** `expected` ids need no growing. */
  constructor(low: Uint32Array, high: Uint32Array, expected: number) {
    this.#low = low;
    this.#high = high;
    let places = 16;
    while (places < expected * 1.5) places *= 2;
    this.#places = new Uint32Array(places);
    this.#mask = places - 1;
  }

  /** The element that came first with the id of element `i`: `i` itself when it is new. */
  first(i: number): number {
    const low = this.#low[i] as number;
    const high = this.#high[i] as number;
    let at = low & this.#mask;
    for (let found; (found = this.#places[at] as number) !== 0; at = (at + 1) & this.#mask) {
      if (this.#low[found - 1] === low && this.#high[found - 1] === high) return found - 1;
    }
    this.#places[at] = i + 1;
    if (++this.#size * 4 > this.#mask * 3) this.#grow();
    return i;
  }

  #grow(): void {
    const old = this.#places;
    this.#mask = this.#mask * 2 + 1;
    this.#places = new Uint32Array(this.#mask + 1);
    for (const place of old) {
      if (place === 0) continue;
      let at = (this.#low[place - 1] as number) & this.#mask;
      while (this.#places[at] !== 0) at = (at + 1) & this.#mask;
      this.#places[at] = place;
    }
  }
}

/**
 * Tells ids that stand alone from those that may come again. Nearly all record ids stand alone, and this takes two
 * bits of a megabyte that stays in the cache; only the others need `IdIndex`.
 */
export class MaybeRepeated {
  readonly #seen = new Uint32Array(WORDS);
  readonly #again = new Uint32Array(WORDS);

  /** Takes in the low half of an id. */
  note(low: number): void {
    const word = (low >>> 5) & (WORDS - 1);
    const bit = 1 << (low & 31);
    if ((this.#seen[word] as number) & bit) this.#again[word] = (this.#again[word] as number) | bit;
    else this.#seen[word] = (this.#seen[word] as number) | bit;
  }

  /** Whether an id that was noted may have been noted twice; when not, it was not. */
  has(low: number): boolean {
    return ((this.#again[(low >>> 5) & (WORDS - 1)] as number) & (1 << (low & 31))) !== 0;
  }
}

/** 2^23 bits: of 345,000 ids (1 GB of transcripts) 4 % are taken for repeated by mistake. */
const WORDS = 1 << 18;

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
