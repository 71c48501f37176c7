/** A row of the kernel, read as a source reads it. */
import { epochToMs, parseInstant } from "../src/sources/time.ts";
import type { Cells } from "../src/sources/source.ts";
import type { Kernel } from "./kernel.ts";
import { CELL_BYTES, ROW, ROWS } from "./layout.ts";

const CELL_WORDS = CELL_BYTES / 4;
const CELL_DOUBLES = CELL_BYTES / 8;

export class RowCells implements Cells {
  readonly #kernel: Kernel;
  readonly #rowBytes: number;
  #words: Uint32Array;
  #doubles: Float64Array;
  #firstWord = 0;
  #firstDouble = 0;
  #presentLow = 0;
  #presentHigh = 0;
  #oddLow = 0;
  #oddHigh = 0;

  constructor(kernel: Kernel, slotCount: number) {
    this.#kernel = kernel;
    this.#rowBytes = ROW.cells + slotCount * CELL_BYTES;
    this.#words = kernel.words;
    this.#doubles = kernel.doubles;
  }

  /** Moves to row `row` of the kernel's last call. */
  moveTo(row: number): void {
    const address = ROWS + row * this.#rowBytes;
    const words = this.#kernel.words;
    this.#words = words;
    this.#doubles = this.#kernel.doubles;
    this.#firstWord = (address + ROW.cells) >> 2;
    this.#firstDouble = (address + ROW.cells) >> 3;
    const present = (address + ROW.present) >> 2;
    this.#presentLow = words[present] as number;
    this.#presentHigh = words[present + 1] as number;
    this.#oddLow = words[present + 2] as number;
    this.#oddHigh = words[present + 3] as number;
  }

  get lineStart(): number {
    return this.#header(ROW.lineStart);
  }
  get lineEnd(): number {
    return this.#header(ROW.lineEnd);
  }
  get status(): number {
    return this.#header(ROW.status);
  }
  get lineIndex(): number {
    return this.#header(ROW.lineIndex);
  }

  has(slot: number): boolean {
    return ((slot < 32 ? this.#presentLow >>> slot : this.#presentHigh >>> (slot - 32)) & 1) !== 0;
  }

  hasBadCount(first: number, last: number): boolean {
    if ((this.#oddLow | this.#oddHigh) === 0) return false;
    for (let slot = first; slot <= last; slot++) if (this.#isOdd(slot)) return true;
    return false;
  }

  count(slot: number): number {
    return this.has(slot) ? (this.#doubles[this.#firstDouble + slot * CELL_DOUBLES] as number) : 0;
  }

  time(slot: number): number {
    if (!this.has(slot)) return NaN;
    if (!this.#isOdd(slot)) return this.#doubles[this.#firstDouble + slot * CELL_DOUBLES] as number;
    const value: unknown = JSON.parse(this.json(slot));
    return typeof value === "number" ? epochToMs(value) : parseInstant(value as string);
  }

  decimal(slot: number): string | undefined {
    if (!this.has(slot) || !this.#isOdd(slot)) return undefined;
    const text = this.json(slot);
    return text.startsWith('"') ? undefined : text;
  }

  integer(slot: number): number {
    return this.has(slot) ? this.#word(slot, 0) : 0;
  }

  hashLow(slot: number): number {
    return this.has(slot) ? this.#word(slot, 0) : 0;
  }

  hashHigh(slot: number): number {
    return this.has(slot) ? this.#word(slot, 1) : 0;
  }

  text(slot: number): number {
    if (!this.has(slot)) return 0;
    const at = this.#firstWord + slot * CELL_WORDS;
    const words = this.#words;
    return this.#kernel.making.textNumber(
      words[at] as number,
      words[at + 1] as number,
      words[at + 2] as number,
      words[at + 3] as number,
      this.#isOdd(slot) ? 1 : 0,
    );
  }

  textOf(slot: number): string {
    const text = this.json(slot);
    return this.#isOdd(slot) ? (JSON.parse(`"${text}"`) as string) : text;
  }

  json(slot: number): string {
    return this.#kernel.textAt(this.#word(slot, 2), this.#word(slot, 3));
  }

  isText(slot: number): boolean {
    return !this.has(slot) && this.#isOdd(slot);
  }

  standsBeside(slot: number, text: string): boolean {
    const { lineStart, lineEnd } = this;
    if (!this.has(slot) && !this.#isOdd(slot)) return this.#kernel.has(text, lineStart, lineEnd);
    const start = this.#word(slot, 2);
    return this.#kernel.has(text, lineStart, start) || this.#kernel.has(text, start + this.#word(slot, 3), lineEnd);
  }

  line(): string {
    const { lineStart, lineEnd } = this;
    return this.#kernel.textAt(lineStart, lineEnd - lineStart);
  }

  startOf(slot: number, bytes: number): string {
    const start = this.#word(slot, 2);
    return this.#kernel.bytes.toString("latin1", start, start + Math.min(bytes, this.#word(slot, 3)));
  }

  #header(at: number): number {
    return this.#words[this.#firstWord - (ROW.cells >> 2) + (at >> 2)] as number;
  }

  #word(slot: number, word: number): number {
    return this.#words[this.#firstWord + slot * CELL_WORDS + word] as number;
  }

  #isOdd(slot: number): boolean {
    return ((slot < 32 ? this.#oddLow >>> slot : this.#oddHigh >>> (slot - 32)) & 1) !== 0;
  }
}
