import { allocate, type Columns, copyColumns, type Spec } from "../src/events.ts";

/** Elements of a table; columns may have room behind them. */
export interface Piece {
  readonly length: number;
  readonly columns: Columns<Spec>;
}

/** Columns that grow, and keep what they grew to. */
export class Table<S extends Spec> {
  length = 0;
  columns: Columns<S>;
  readonly #spec: S;
  #room: number;

  constructor(spec: S, room: number) {
    this.#spec = spec;
    this.#room = room;
    this.columns = allocate(spec, room);
  }

  clear(): void {
    for (const column of Object.values(this.columns)) column.fill(0, 0, this.length);
    this.length = 0;
  }

  /** Room for one more, all zero; returns its index. */
  add(): number {
    if (this.length === this.#room) {
      this.#room *= 2;
      const grown = allocate(this.#spec, this.#room);
      copyColumns(this.columns, grown, 0);
      this.columns = grown;
    }
    return this.length++;
  }
}
