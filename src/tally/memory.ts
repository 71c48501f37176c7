/** The memory that cursors, the merged table and the tally share with their WebAssembly (`src/tally/wasm/`). */
import { tooManyRecords } from "../errors.ts";
import { allocate, byteLength, type Columns, paddedTo8, type Spec } from "../events.ts";
import { loadWasm } from "../wasm.ts";

/** The loops over all records, events and groups. Columns are bound by name; other arguments are columns too. */
interface Native {
  readonly memory: WebAssembly.Memory;
  shift(column: number, length: number, by: number): void;
  renumber(column: number, length: number, numbers: number): void;
  mark(column: number, length: number, marks: number): void;
  checksum(from: number, length: number): number;
  checksumRows(columns: number, count: number, rows: number, sums: number): void;
  widenU32(from: number, width: number, length: number, to: number): void;
  widenF64(from: number, width: number, length: number, to: number): void;
  largest(from: number, width: number, length: number): number;
  largestWhole(column: number, length: number): number;
  areCounts(column: number, length: number): number;
  areTimes(column: number, length: number): number;
  sumStarts(lengths: number, length: number, starts: number): number;
  areBookmarksSound(rows: number, identityBytes: number): number;
  areRowsSound(rows: number): number;
  placeRows(rows: number, isRelative: number, contexts: number, transcript: number): void;
  leaveRows(rows: number): number;
  nextWith(flags: number, from: number, to: number): number;
  findDistinct(from: number, to: number, found: number, vectors: number, places: number): number;
  settleRollout(
    from: number,
    to: number,
    ownFrom: number,
    isReview: boolean,
    goesOn: number,
    contextOfAll: number,
    told: number,
    toldCount: number,
    vectors: number,
    places: number,
  ): number;
  settleEach(from: number, to: number, contextOfAll: number): number;
  findRepeated(firsts: number, found: number, seen: number, again: number, mask: number, places: number): number;
  linkRepeated(firsts: number, found: number, count: number, next: number, tails: number): void;
  findMoved(found: number, count: number, moved: number): number;
  gatherU32(column: number, indexes: number, count: number, to: number): void;
  gatherF64(column: number, indexes: number, count: number, to: number): void;
  splitEvents(moved: number, count: number, origins: number): void;
  fillBuckets(
    places: number,
    last: number,
    firsts: number,
    byRecord: number,
    carriesUsage: number,
    isMixed: number,
    copies: number,
  ): number;
  mixedCount(): number;
  collectMixed(isMixed: number, members: number): number;
  describeGroups(named: number, ties: number): number;
  compareForAttribution(a: number, b: number): number;
  countResponses(lowOutputByContext: number): void;
  listLow(listed: number): number;
  responseCount(): number;
  responsesWithoutTimeCount(): number;
  noteModels(marks: number): number;
  priceGroups(rows: number, runs: number, mode: number, nowMs: number, left: number): number;
  findKinds(places: number, last: number): number;
  findSlices(places: number, last: number, numbers: number, sliceMs: number): number;
  fillCells(
    pieces: number,
    eventToolUses: number,
    places: number,
    last: number,
    events: number,
    groups: number,
  ): number;
  classKinds(kinds: number, by: number, places: number, last: number, classes: number, firsts: number): number;
  beginSpans(places: number, last: number, sessions: number): void;
  addSpan(row: number, session: number, firstMs: number, lastMs: number): void;
  addCells(cells: number, rows: number): number;
  addSpansUp(rows: number): void;
  findSumSlices(quarterMs: number): number;
  addSums(pieces: number, firstKind: number, quarterMs: number): number;
  addLeftRecords(events: number, uses: number): number;
  noteIds(bits: number, mask: number): void;
  noteNames(names: number, count: number): void;
  joinTranscripts(table: number, transcripts: number, enterAll: number): void;
  findShared(lows: number, highs: number, starts: number, members: number, rows: number, shared: number): void;
  placeKinds(transcripts: number, contexts: number, limits: number, numbers: number): number;
  placeSums(numbers: number): number;
  summedResponses(): number;
  sliceCount(): number;
  leftEventCount(): number;
  leftGroupCount(): number;
}

type Global = { value: number };

const PAGE_BYTES = 65_536;
/** Pages that are never written to take no memory. */
const STEP_BYTES = 4 << 20;
/** Nothing of ours lies at the lowest addresses: 0 means "none" in places, and from 1024 on WebAssembly has a few bytes of its own. */
const FIRST_ADDRESS = 4096;

/** Memories that nobody uses now. They are used again: the collector does not see how large they are. */
const idle: TallyMemory[] = [];
const MOST_IDLE = 4;

/** A memory with nothing in it, for as long as `use` takes: none of its columns may be looked at afterwards. */
export async function withMemory<T>(use: (memory: TallyMemory) => Promise<T>): Promise<T> {
  const memory = borrowMemory();
  try {
    return await use(memory);
  } finally {
    returnMemory(memory);
  }
}

export function borrowMemory(): TallyMemory {
  return idle.pop() ?? new TallyMemory();
}

export function returnMemory(memory: TallyMemory): void {
  memory.clear();
  if (idle.length < MOST_IDLE) idle.push(memory);
}

/**
 * Columns in the memory of one WebAssembly instance. What is taken is zero. One scan uses it at a time; it
 * is of the kind that threads share, though none does, because that kind grows without cutting its columns off.
 */
export class TallyMemory {
  readonly native: Native;
  readonly #globals: Readonly<Record<string, Global | undefined>>;
  #buffer: ArrayBuffer;
  #next = FIRST_ADDRESS;
  /** Below it, there may be something else than zeroes. */
  #dirty = 0;
  /** What was given back below `#next`. Pages that were touched before are taken again ten times as fast as fresh ones. */
  #spares: Array<{ next: number; readonly end: number }> = [];

  constructor() {
    const { exports } = new WebAssembly.Instance(loadWasm("tally"));
    this.native = exports as unknown as Native;
    this.#globals = exports as Record<string, Global | undefined>;
    this.#buffer = this.native.memory.buffer;
  }

  /** All of it. */
  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  columns<S extends Spec>(spec: S, length: number): Columns<S> {
    const at = this.#take(byteLength(spec, length));
    return allocate(spec, length, this.#buffer, at);
  }

  u32(length: number): Uint32Array {
    const at = this.#take(length * 4);
    return new Uint32Array(this.#buffer, at, length);
  }

  i32(length: number): Int32Array {
    const at = this.#take(length * 4);
    return new Int32Array(this.#buffer, at, length);
  }

  f64(length: number): Float64Array {
    const at = this.#take(length * 8);
    return new Float64Array(this.#buffer, at, length);
  }

  u8(length: number): Uint8Array<ArrayBuffer> {
    const at = this.#take(length);
    return new Uint8Array(this.#buffer, at, length);
  }

  shift(column: Uint32Array, from: number, length: number, by: number): void {
    this.native.shift(column.byteOffset + from * 4, length, by);
  }

  renumber(column: Uint32Array, from: number, length: number, numbers: Uint32Array): void {
    this.native.renumber(column.byteOffset + from * 4, length, numbers.byteOffset);
  }

  /** A hash table for `entries`. */
  places(entries: number): Uint32Array {
    return this.u32(placesFor(entries));
  }

  /** Tells WebAssembly where columns lie. */
  bind(table: string, columns: Readonly<Record<string, ArrayBufferView>>): void {
    for (const [name, { byteOffset }] of Object.entries(columns)) this.set(nameOf(table, name), byteOffset);
  }

  /** Sets a number that WebAssembly has a name for. */
  set(name: string, value: number): void {
    const global = this.#globals[name];
    if (global) global.value = value;
  }

  /** Tells WebAssembly how many elements a table has. */
  count(table: "events" | "records" | "extras" | "groups", length: number): void {
    this.set(table, length);
  }

  /** Where the next column will lie, unless it finds room in what was given back. */
  get next(): number {
    return this.#next;
  }

  /** Gives back everything that was taken since the next column would have lain at `next`. */
  release(next: number): void {
    this.#dirty = Math.max(this.#dirty, this.#next);
    this.#next = next;
    this.#spares = this.#spares.filter(({ end }) => end <= next);
  }

  /** Gives back everything. */
  clear(): void {
    this.release(FIRST_ADDRESS);
  }

  /** Gives back what was taken between two addresses. */
  recycle(from: number, to: number): void {
    if (to > from) this.#spares.push({ next: from, end: to });
  }

  /** Gives back columns that were taken as one: nobody may look at them any more, nor WebAssembly. */
  giveBack(...columns: ReadonlyArray<Uint32Array | Float64Array>): void {
    const from = Math.min(...columns.map(({ byteOffset }) => byteOffset));
    const to = Math.max(...columns.map(({ byteOffset, byteLength: bytes }) => byteOffset + bytes));
    this.recycle(from, from + paddedTo8(to - from));
  }

  #take(bytes: number): number {
    const size = paddedTo8(bytes);
    const spare = size > 0 ? this.#spares.find(({ next, end }) => size <= end - next) : undefined;
    if (spare) {
      const at = spare.next;
      spare.next += size;
      new Uint8Array(this.#buffer, at, size).fill(0);
      return at;
    }
    const at = this.#next;
    const end = at + size;
    if (end > this.#buffer.byteLength) this.#makeRoom(end);
    if (at < this.#dirty) new Uint8Array(this.#buffer, at, Math.min(end, this.#dirty) - at).fill(0);
    this.#next = end;
    return at;
  }

  /** Throws `TOO_MANY_RECORDS` beyond 4 GiB. */
  #makeRoom(end: number): void {
    const { memory } = this.native;
    const least = end - this.#buffer.byteLength;
    try {
      const bytes = Math.min(Math.max(least, STEP_BYTES), 2 ** 32 - this.#buffer.byteLength);
      memory.grow(Math.ceil(Math.max(bytes, least) / PAGE_BYTES));
    } catch (error) {
      throw tooManyRecords(error);
    }
    this.#buffer = memory.buffer;
  }
}

function nameOf(table: string, column: string): string {
  return `${table}${column.charAt(0).toUpperCase()}${column.slice(1)}`;
}

/** Two places an entry or more, as a power of two. */
export function placesFor(entries: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(16, entries * 1.5)));
}
