/** Columns of a cursor file that are read when somebody asks for rows of them. */
import type { TallyMemory } from "../tally/memory.ts";
import { areEventsSound } from "./check.ts";
import { DamagedCursors } from "./damaged.ts";
import type { CursorFile } from "./file.ts";
import { HEADER_BYTES } from "./layout.ts";
import type { Narrow } from "./narrow.ts";
import { checksumsOf, columnsOfRows, type EventTables, lengthsOf } from "./rows.ts";
import type { CursorTable, UnreadEvents } from "./table.ts";

/** Reading all of a file costs less than reading so large a part of its rows one by one. */
const SHARE_OF_ALL = 1 / 8;

export class UnreadColumns implements UnreadEvents {
  readonly #file: CursorFile;
  /** Where they begin in it. */
  readonly #from: number;
  readonly #memory: TallyMemory;
  /** By row. */
  #isLoaded: Uint8Array | undefined;

  constructor(file: CursorFile, from: number, memory: TallyMemory) {
    this.#file = file;
    this.#from = from;
    this.#memory = memory;
  }

  /** Reads what is not there yet of `rows`, which ascend. Throws `DamagedCursors`. */
  load(table: CursorTable, tables: EventTables, rows: readonly number[]): void {
    const all = table.paths.length;
    const isLoaded = (this.#isLoaded ??= new Uint8Array(all));
    const left = rows.filter((row) => isLoaded[row] === 0);
    if (left.length > 0) this.#whileOpen(() => this.#load(table, tables, left, isLoaded));
  }

  #load(table: CursorTable, tables: EventTables, left: readonly number[], isLoaded: Uint8Array): void {
    const all = isLoaded.length;
    const isMost = left.length > all * SHARE_OF_ALL;
    if (isMost && !this.#file.read(this.#from, this.#file.bytes.length)) throw new DamagedCursors();
    for (const [from, to] of isMost ? [[0, all] as const] : runsOf(left)) {
      const columns = columnsOfRows(tables, table.start, from, to);
      if (!isMost) this.#read(columns);
      this.#check(table, columns, from, to);
      isLoaded.fill(1, from, to);
    }
  }

  #read(columns: EventTables): void {
    for (const table of Object.values<Readonly<Record<string, Narrow>>>(columns)) this.#readEach(Object.values(table));
  }

  #readEach(columns: readonly Narrow[]): void {
    for (const { address, width, length } of columns) {
      const at = address - this.#file.bytes.byteOffset;
      if (!this.#file.read(at, at + width * length)) throw new DamagedCursors();
    }
  }

  /** Reads some columns of all rows, unchecked, to a place of their own. Throws `DamagedCursors`. */
  readColumns(columns: readonly Narrow[]): Narrow[] {
    const read: Narrow[] = [];
    this.#whileOpen(() => {
      for (const { address, width, length } of columns) {
        const bytes = this.#memory.u8(width * length);
        if (!this.#file.readInto(bytes, address - this.#file.bytes.byteOffset)) throw new DamagedCursors();
        read.push({ address: bytes.byteOffset, width, length });
      }
    });
    return read;
  }

  #whileOpen(use: () => void): void {
    if (!this.#file.whileOpen(HEADER_BYTES, use)) throw new DamagedCursors();
  }

  #check(table: CursorTable, columns: EventTables, from: number, to: number): void {
    const { row } = table;
    const sums = checksumsOf(columns, lengthsOf(row, from, to), this.#memory);
    const isRight = sums.every((sum, i) => sum === row.checksum[from + i]);
    if (!isRight || !areEventsSound(table, columns, from, to, this.#memory)) throw new DamagedCursors();
  }

  close(): void {
    this.#file.close();
  }
}

/** Neighbours together, as [from, to). */
function runsOf(rows: readonly number[]): Array<readonly [number, number]> {
  const runs: Array<[number, number]> = [];
  for (const row of rows) {
    const last = runs.at(-1);
    if (last?.[1] === row) last[1]++;
    else runs.push([row, row + 1]);
  }
  return runs;
}
