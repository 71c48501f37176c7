/** The memory that the merged table, the tally and its WebAssembly (`src/tally/wasm/`) share. */
import { readFileSync } from "node:fs";
import { tooManyRecords } from "../errors.ts";
import type { Room } from "../merge.ts";
import { allocate, byteLength, type Columns, type Spec } from "../events.ts";

/** The loops over all records, events and groups. Columns are bound by name; other arguments are columns too. */
interface Native {
  readonly memory: WebAssembly.Memory;
  shift(column: number, length: number, by: number): void;
  renumber(column: number, length: number, numbers: number): void;
  fillU32(column: number, length: number, value: number): void;
  findRepeated(firsts: number, found: number, seen: number, again: number, mask: number, places: number): number;
  fillBuckets(
    places: number,
    last: number,
    firsts: number,
    byRecord: number,
    carriesUsage: number,
    isMixed: number,
    copies: number,
  ): number;
  copyCount(): number;
  mixedCount(): number;
  firstLike(event: number): number;
  isSameRequest(a: number, b: number): number;
  mix(isMixed: number, bucket: number): void;
  collectMixed(isMixed: number, members: number): number;
  describeGroups(named: number, ties: number): number;
  compareForAttribution(a: number, b: number): number;
  countResponses(lowOutputByContext: number): void;
  responseCount(): number;
  responsesWithoutTimeCount(): number;
  noteModels(marks: number): number;
  priceGroups(rows: number, runs: number, mode: number, nowMs: number, left: number): number;
  findKinds(places: number, last: number): number;
  findSlices(places: number, last: number, numbers: number): number;
  fillCells(
    pieces: number,
    eventToolUses: number,
    places: number,
    last: number,
    events: number,
    groups: number,
  ): number;
  leftEventCount(): number;
  leftGroupCount(): number;
}

type Global = { value: number };
type Column = Uint32Array | Int32Array | Float64Array;

const PAGE_BYTES = 65_536;
/** Nothing of ours lies at the lowest addresses: 0 means "none" in places. */
const FIRST_ADDRESS = 1024;

/**
 * Columns in the memory of one WebAssembly instance. What is allocated is zero, and is never given back: the memory
 * lives as long as one tally. Growing cuts every column off from it, so it grows only in `grow`.
 */
export class TallyMemory implements Room {
  readonly spareEvents: number;
  readonly listsSkipped = "of scan";
  readonly native: Native;
  #buffer = new ArrayBuffer(0);
  readonly #globals: Readonly<Record<string, Global | undefined>>;
  #next = FIRST_ADDRESS;

  /** Takes no more room than is used in the end. Throws `TOO_MANY_RECORDS` beyond 4 GiB. */
  constructor(counts: ElementCounts) {
    // Some records of forks become events of their own (`splitRepeated`).
    this.spareEvents = counts.records >>> 2;
    const bytes = bytesOfTally({ ...counts, events: counts.events + this.spareEvents });
    const module = new WebAssembly.Module(readFileSync(new URL("./tally.wasm", import.meta.url)));
    const { exports } = new WebAssembly.Instance(module);
    this.native = exports as unknown as Native;
    this.#globals = exports as Record<string, Global | undefined>;
    this.#makeRoom(bytes + FIRST_ADDRESS);
  }

  columns<S extends Spec>(spec: S, length: number): Columns<S> {
    const columns = allocate(spec, length, this.#buffer, this.#next);
    this.#take(byteLength(spec, length));
    return columns;
  }

  u32(length: number): Uint32Array {
    return new Uint32Array(this.#buffer, this.#take(length * 4), length);
  }

  i32(length: number): Int32Array {
    return new Int32Array(this.#buffer, this.#take(length * 4), length);
  }

  f64(length: number): Float64Array {
    return new Float64Array(this.#buffer, this.#take(length * 8), length);
  }

  u8(length: number): Uint8Array {
    return new Uint8Array(this.#buffer, this.#take(length), length);
  }

  shift(column: Uint32Array, from: number, length: number, by: number): void {
    this.native.shift(column.byteOffset + from * 4, length, by);
  }

  renumber(column: Uint32Array, from: number, length: number, numbers: Uint32Array): void {
    this.native.renumber(column.byteOffset + from * 4, length, numbers.byteOffset);
  }

  /** A hash table for `entries`: its address and its last place. */
  places(entries: number): { readonly address: number; readonly last: number } {
    const size = placesFor(entries);
    return { address: this.u32(size).byteOffset, last: size - 1 };
  }

  /** Makes room for so many bytes more. All columns are lost but those of `tables`, which are returned anew. */
  grow<T extends Readonly<Record<string, Readonly<Record<string, Column>>>>>(bytes: number, tables: T): T {
    const places = Object.entries(tables).map(([name, columns]) => {
      const views = Object.entries(columns).map(([column, view]) => {
        const { byteOffset, length } = view;
        return [column, view.constructor as new (...where: unknown[]) => Column, byteOffset, length] as const;
      });
      return [name, views] as const;
    });
    this.#makeRoom(bytes);
    const reopen = ([name, views]: (typeof places)[number]) => [
      name,
      Object.fromEntries(views.map(([column, View, at, length]) => [column, new View(this.#buffer, at, length)])),
    ];
    return Object.fromEntries(places.map(reopen)) as T;
  }

  /** Tells WebAssembly where columns lie. */
  bind(table: string, columns: Readonly<Record<string, ArrayBufferView>>): void {
    for (const [name, { byteOffset }] of Object.entries(columns)) {
      const global = this.#globals[`${table}${name.charAt(0).toUpperCase()}${name.slice(1)}`];
      if (global) global.value = byteOffset;
    }
  }

  /** Tells WebAssembly how many elements a table has. */
  count(table: "events" | "records" | "groups", length: number): void {
    (this.#globals[table] as Global).value = length;
  }

  #makeRoom(bytes: number): void {
    const { memory } = this.native;
    try {
      memory.grow(Math.ceil(bytes / PAGE_BYTES));
    } catch (error) {
      throw tooManyRecords(error);
    }
    this.#buffer = memory.buffer;
  }

  #take(bytes: number): number {
    const at = this.#next;
    this.#next += Math.ceil(bytes / 8) * 8;
    return at;
  }
}

/** Two places an entry or more, as a power of two. */
export function placesFor(entries: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(16, entries * 1.5)));
}

/** Bytes that an event, a record and so on take at most, in the merged table and in all that the tally makes of them. */
const BYTES = { events: 460, records: 64, usages: 72, extras: 80, contexts: 28, texts: 20 } as const;
const FIXED_BYTES = 1 << 20;

export type ElementCounts = Readonly<Record<keyof typeof BYTES, number>>;

/** Bytes that a table and its tally take at most. */
export function bytesOfTally(count: ElementCounts): number {
  let bytes = FIXED_BYTES;
  for (const [name, each] of Object.entries(BYTES)) bytes += each * count[name as keyof typeof BYTES];
  return bytes;
}
