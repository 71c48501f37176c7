/** The built byte scanner, one call at a time, without files around it. */
/// <reference path="../../workers/webassembly.d.ts" />
import { readFileSync } from "node:fs";
import { assignSlots, type Field, type Slots } from "../../src/sources/fields.ts";
import { RowCells } from "../../workers/cells.ts";
import { EventColumns } from "../../workers/event-columns.ts";
import { Kernel } from "../../workers/kernel.ts";
import { BUFFER } from "../../workers/layout.ts";

export const module = new WebAssembly.Module(readFileSync(new URL("../../dist/src/kernel.wasm", import.meta.url)));
const ROOM = 1 << 16;

export interface Surroundings {
  /** Bytes of memory right before the first line; not part of it. */
  readonly before?: Uint8Array;
  /** Bytes right behind the last line's end. */
  readonly behind?: Uint8Array;
  /** The last line ends at the end of the data, without an LF of its own. */
  readonly isTail?: boolean;
}

export class LineScanner<F extends Field> {
  readonly slots: Slots<F>;
  readonly cells: RowCells;
  readonly events: EventColumns;
  readonly #kernel: Kernel;

  constructor(record: F) {
    const { slots, slotCount } = assignSlots(record);
    this.slots = slots;
    this.#kernel = new Kernel(module, record, slotCount, ROOM);
    this.events = new EventColumns(this.#kernel, { folds: true, wantsDispatches: true });
    this.cells = new RowCells(this.#kernel, slotCount);
  }

  /** What `read` says of each row; `cells` stands on it. Blank lines have none. */
  rows<T>(text: string | Uint8Array, read: (cells: RowCells) => T, surroundings: Surroundings = {}): T[] {
    const { before = new Uint8Array(), behind = new Uint8Array(), isTail = false } = surroundings;
    const content = typeof text === "string" ? Buffer.from(text) : text;
    const kernel = this.#kernel;
    kernel.makeRoom(before.length + content.length + behind.length + 1);
    const { bytes } = kernel;
    const start = BUFFER + before.length;
    const limit = start + content.length;
    bytes.set(before, BUFFER);
    bytes.set(content, start);
    // Of a tail the data ends with it, and the kernel's own LF stands first behind it.
    if (!isTail) bytes[limit] = 0x0a;
    bytes.set(behind, limit + 1);
    const end = isTail ? limit : limit + 1 + behind.length;
    kernel.resetLines();
    const found: T[] = [];
    let from = start;
    do {
      from = kernel.scan(from, limit, end, isTail);
      for (let row = 0; row < kernel.rowCount; row++) {
        this.cells.moveTo(row);
        found.push(read(this.cells));
      }
    } while (kernel.rowsAreFull);
    return found;
  }

  /** What `read` says of a single line. */
  row<T>(text: string | Uint8Array, read: (cells: RowCells) => T, surroundings: Surroundings = {}): T {
    const rows = this.rows(text, read, surroundings);
    if (rows.length !== 1) throw new Error(`${rows.length} rows instead of one`);
    return rows[0] as T;
  }

  status(text: string | Uint8Array, surroundings: Surroundings = {}): number {
    return this.row(text, (cells) => cells.status, surroundings);
  }
}

/** The same numbers for the same seed (mulberry32); [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
