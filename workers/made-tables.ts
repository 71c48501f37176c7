/** The tables that the kernel fills (`workers/kernel/events.ts`), with what was moved out of its memory to make room. */
import { allocate, type Columns, copyColumns, EVENT, RECORD, type Spec, USAGE } from "../src/events.ts";
import type { Kernel } from "./kernel.ts";
import { EVENT_COLUMNS, RECORD_COLUMNS, ROOM, STATE, USAGE_COLUMNS } from "./layout.ts";
import type { Piece } from "./table.ts";

const TABLES = {
  event: { spec: EVENT, address: EVENT_COLUMNS, count: STATE.events, base: STATE.eventBase },
  record: { spec: RECORD, address: RECORD_COLUMNS, count: STATE.records, base: STATE.recordBase },
  usage: { spec: USAGE, address: USAGE_COLUMNS, count: STATE.usages, base: STATE.usageBase },
} as const;
type TableName = keyof typeof TABLES;
const TABLE_NAMES = Object.keys(TABLES) as TableName[];

export class MadeTables {
  readonly #kernel: Kernel;
  readonly #moved: Record<TableName, Piece[]> = { event: [], record: [], usage: [] };

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** How many elements there are since `clear`. */
  total(table: TableName): number {
    const { base, count } = TABLES[table];
    return this.#get(base) + this.#get(count);
  }

  /** Of each table there are as many elements as of records, or fewer. */
  get areFull(): boolean {
    return this.#get(STATE.records) === ROOM;
  }

  /** Moves what there is out of the kernel's memory. An event is cut there, which never shows. */
  makeRoom(): void {
    for (const name of TABLE_NAMES) {
      const { spec, count, base } = TABLES[name];
      const length = this.#get(count);
      const columns = allocate<Spec>(spec, length);
      copyColumns(this.#columns(name), columns, 0, 0, length);
      this.#moved[name].push({ length, columns });
      this.#set(base, this.#get(base) + length);
      this.#set(count, 0);
    }
    this.#kernel.making.cutEvents();
  }

  /** Events, records and usages, in pieces. */
  all(): Array<readonly [Spec, readonly Piece[]]> {
    return TABLE_NAMES.map((name) => {
      const { spec, count } = TABLES[name];
      return [spec, [...this.#moved[name], { length: this.#get(count), columns: this.#columns(name) }]];
    });
  }

  clear(): void {
    for (const name of TABLE_NAMES) {
      this.#moved[name] = [];
      this.#set(TABLES[name].base, 0);
      this.#set(TABLES[name].count, 0);
    }
  }

  /** All the room a table has in the kernel's memory. */
  #columns(name: TableName): Columns<Spec> {
    const { spec, address } = TABLES[name];
    return allocate<Spec>(spec, ROOM, this.#kernel.words.buffer, address);
  }

  #get(address: number): number {
    return this.#kernel.words[address >> 2] as number;
  }

  #set(address: number, value: number): void {
    this.#kernel.words[address >> 2] = value;
  }
}
