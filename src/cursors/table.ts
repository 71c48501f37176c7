/**
 * The cursors of one project folder: how far each of its transcripts has been read, and what had been found by then.
 * Events stay as narrow as they are on disk until they are copied to where they are used.
 */
import type { Columns, CONTEXT } from "../events.ts";
import type { Counts } from "../merged-columns.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { CURSOR, isRelative, type NarrowTables, ROW_TEXTS, SKIPPED_REASONS, type Wide } from "./columns.ts";
import { type Narrow, type Numbers, numbersOf } from "./narrow.ts";

/** What tells a file of cursors from others: its checksums. */
export interface Version {
  readonly low: number;
  readonly high: number;
}

/** Ids, and where those of each row begin. */
export interface IdColumns {
  readonly low: Narrow;
  readonly high: Narrow;
  readonly start: Uint32Array;
}

/** Columns of events that are still in their file. All throw `DamagedCursors` where it has not what it said. */
export interface UnreadEvents {
  /** Reads and checks those of some rows, which ascend, into where `tables` say that they lie. */
  load(table: CursorTable, tables: NarrowTables, rows: readonly number[]): void;
  /** Reads some columns of all rows, unchecked, to a place of their own. */
  readColumns(columns: readonly Narrow[]): Narrow[];
  /** Closes the file: it is opened again where more is asked for. */
  close(): void;
}

/** Of dozens of files, so they are listed once. */
const CURSOR_COLUMNS = Object.keys(CURSOR) as Array<keyof typeof CURSOR>;

/** One cursor of a table. */
export interface CursorAt {
  readonly table: CursorTable;
  readonly row: number;
}

export class CursorTable {
  /** Of the transcripts, in path order. */
  readonly paths: readonly string[];
  readonly texts: string[];
  readonly contexts: number;
  /** Of the transcripts. */
  readonly source: string;
  /** Of its file. */
  readonly version: Version;
  readonly row: Columns<typeof CURSOR>;
  /** Where the elements of each row begin, and where those of the last one end. */
  readonly start: Readonly<Record<keyof Counts | "skipped" | "listedContexts", Uint32Array>>;
  readonly #tables: NarrowTables;
  readonly #memory: TallyMemory;
  /** Columns of what rows are copied of, by name, once some are: taking them apart for each run of rows takes longer than copying few. */
  #copied: Readonly<Record<keyof Wide, ReadonlyArray<readonly [string, Narrow]>>> | undefined;
  /** Whether times of records count from the rows' bases. */
  readonly #isRelative: boolean;
  readonly #unread: UnreadEvents | undefined;

  /** Columns of `tables` lie in `memory`; those of events may be `unread`. */
  constructor(
    paths: readonly string[],
    texts: string[],
    tables: NarrowTables,
    memory: TallyMemory,
    { source, version }: Pick<CursorTable, "source" | "version">,
    unread?: UnreadEvents,
  ) {
    this.source = source;
    this.version = version;
    this.paths = paths;
    this.texts = texts;
    this.contexts = tables.context.agentName.length;
    this.#tables = tables;
    this.#memory = memory;
    this.#isRelative = isRelative(tables.record.timeMs);
    this.#unread = unread;
    const rows = tables.cursor.offset.length;
    const row = (this.row = memory.columns(CURSOR, rows));
    for (const name of CURSOR_COLUMNS) this.#widen(tables.cursor[name], row[name], 0, 0, rows);
    const startsOf = (lengths: Uint32Array) => {
      const starts = memory.u32(rows + 1);
      memory.native.sumStarts(lengths.byteOffset, rows, starts.byteOffset);
      return starts;
    };
    this.start = {
      events: startsOf(row.events),
      records: startsOf(row.eventRecords),
      usages: startsOf(row.usages),
      extras: startsOf(row.extras),
      skipped: startsOf(row.skippedListed),
      listedContexts: startsOf(row.contextsListed),
    };
  }

  /** Whether it was read as a whole: `load` has nothing to do. */
  get isWhole(): boolean {
    return this.#unread === undefined;
  }

  /**
   * Before anything is asked of the events of these rows, which ascend. Throws `DamagedCursors` where the file has not
   * what it said.
   */
  load(rows: readonly number[]): void {
    this.#unread?.load(this, this.#tables, rows);
  }

  /**
   * Ids that transcripts may have in common, whether rows are loaded or not, and unchecked. Where they are still in their
   * file they are read to a place of their own. Throws `DamagedCursors`.
   */
  readIds(): readonly IdColumns[] {
    const { event, record } = this.#tables;
    const { events, records } = this.start;
    const ids = [
      { low: event.responseLow, high: event.responseHigh, start: events },
      { low: record.idLow, high: record.idHigh, start: records },
    ];
    // Sessions that a session comes from.
    if (this.source === "codex") ids.push({ low: event.requestLow, high: event.requestHigh, start: events });
    const halves = this.#unread?.readColumns(ids.flatMap(({ low, high }) => [low, high]));
    if (!halves) return ids;
    return ids.map(({ start }, i) => ({ low: halves[2 * i] as Narrow, high: halves[2 * i + 1] as Narrow, start }));
  }

  /** Nothing more is loaded, or only after its file was opened again. */
  close(): void {
    this.#unread?.close();
  }

  countsOf(from: number, to: number): Counts {
    const { events, records, usages, extras } = this.start;
    const length = (start: Uint32Array) => (start[to] as number) - (start[from] as number);
    return { events: length(events), records: length(records), usages: length(usages), extras: length(extras) };
  }

  skippedLine(i: number) {
    const { line, offset, reason } = this.#tables.skipped;
    return {
      line: this.#numberAt(line, i),
      offset: this.#numberAt(offset, i),
      reason: SKIPPED_REASONS[this.#numberAt(reason, i)] as (typeof SKIPPED_REASONS)[number],
    };
  }

  #numberAt(column: Narrow, i: number): number {
    return this.#numbersOf(column)[i] as number;
  }

  /** What each context says in a column, as the number of a text. */
  contextTexts(name: keyof typeof CONTEXT): Numbers {
    return this.#numbersOf(this.#tables.context[name]);
  }

  /** The contexts of events, row by row, each once. */
  get listedContexts(): Numbers {
    return this.#numbersOf(this.#tables.listedContext.context);
  }

  /** Makes all texts empty but those that these rows, which are loaded, name. */
  keepTextsOf(rows: readonly number[]): void {
    const kept = new Set<number>();
    const { event, extra, context } = this.#tables;
    const columns = Object.values(context).map((column) => this.#numbersOf(column));
    const contexts = this.listedContexts;
    const models = this.#numbersOf(event.model);
    const extraModels = this.#numbersOf(extra.model);
    const { events, extras, listedContexts } = this.start;
    for (const row of rows) {
      for (const name of ROW_TEXTS) kept.add(this.row[name][row] as number);
      for (let i = listedContexts[row] as number; i < (listedContexts[row + 1] as number); i++) {
        for (const column of columns) kept.add(column[contexts[i] as number] as number);
      }
      for (let i = events[row] as number; i < (events[row + 1] as number); i++) kept.add(models[i] as number);
      for (let i = extras[row] as number; i < (extras[row + 1] as number); i++) kept.add(extraModels[i] as number);
    }
    const texts = Array.from(kept, (number) => [number, this.texts[number] as string] as const);
    this.texts.fill("");
    for (const [number, text] of texts) this.texts[number] = text;
  }

  /** Calls `use` while all texts are empty but those that these rows name: a merge takes in whatever is there. */
  withTextsOf<T>(rows: readonly number[], use: () => T): T {
    if (rows.length === this.paths.length) return use();
    const texts = this.texts.slice();
    try {
      this.keepTextsOf(rows);
      return use();
    } finally {
      for (const [number, text] of texts.entries()) this.texts[number] = text;
    }
  }

  #numbersOf(column: Narrow): Numbers {
    return numbersOf(column, this.#memory.buffer);
  }

  copyContexts(to: Columns<typeof CONTEXT>, at: number): void {
    for (const [name, column] of Object.entries(this.#tables.context)) {
      this.#widen(column, to[name as keyof typeof CONTEXT], at, 0, this.contexts);
    }
  }

  /**
   * Copies rows [from, to) to where `at` says, with texts numbered as here; the first one is of `transcript`. The
   * columns of `wide` have to be bound.
   */
  copyRows(
    from: number,
    to: number,
    wide: Wide,
    at: Counts & { readonly contexts: number; readonly transcript: number },
  ): void {
    const { start, row } = this;
    const rows = { from, to };
    const { event, record, usage, extra } = (this.#copied ??= {
      event: Object.entries(this.#tables.event),
      record: Object.entries(this.#tables.record),
      usage: Object.entries(this.#tables.usage),
      extra: Object.entries(this.#tables.extra),
    });
    this.#copy(event, wide.event, at.events, start.events, rows);
    this.#copy(record, wide.record, at.records, start.records, rows);
    this.#copy(usage, wide.usage, at.usages, start.usages, rows);
    this.#copy(extra, wide.extra, at.extras, start.extras, rows);
    const memory = this.#memory;
    memory.bind("row", {
      events: row.events.subarray(from),
      eventRecords: row.eventRecords.subarray(from),
      usages: row.usages.subarray(from),
      extras: row.extras.subarray(from),
      baseMs: row.baseMs.subarray(from),
    });
    memory.set("placedEvents", at.events);
    memory.set("placedRecords", at.records);
    memory.set("placedUsages", at.usages);
    memory.set("placedExtras", at.extras);
    memory.native.placeRows(to - from, this.#isRelative ? 1 : 0, at.contexts, at.transcript);
  }

  #copy(
    columns: ReadonlyArray<readonly [string, Narrow]>,
    wide: Readonly<Record<string, Uint32Array | Float64Array>>,
    at: number,
    start: Uint32Array,
    { from, to }: { readonly from: number; readonly to: number },
  ): void {
    const first = start[from] as number;
    const length = (start[to] as number) - first;
    if (length === 0) return;
    for (const [name, column] of columns) {
      this.#widen(column, wide[name] as Uint32Array | Float64Array, at, first, length);
    }
  }

  #widen({ address, width }: Narrow, to: Uint32Array | Float64Array, at: number, first: number, length: number): void {
    // What is taken of the memory is zero.
    if (width === 0) return;
    const { native } = this.#memory;
    const from = address + first * width;
    if (to instanceof Float64Array) native.widenF64(from, width, length, to.byteOffset + at * 8);
    else native.widenU32(from, width, length, to.byteOffset + at * 4);
  }
}
