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
