/** Figures by dimension. */
import { type Calendar, TimeKeys, type Weekday } from "../calendar.ts";
import type { Filter } from "../filters.ts";
import type { EventTable } from "./table.ts";
import { type Dimension, type Figures, isTimeDimension, type Row, type RowKey } from "../types.ts";
import { type Addends, bindCells, bindKinds, type Cells } from "./cells.ts";
import { ROW, Sums } from "./figures.ts";
import type { Groups } from "./groups.ts";
import type { Cost, Costs } from "./costs.ts";
import { Keys, NOT_CARRIED, type PlainDimension } from "./keys.ts";
import type { TallyMemory } from "./memory.ts";
import type { Places } from "./places.ts";
import { Spans } from "./spans.ts";
import { ROOT, Steps } from "./steps.ts";
import type { Window } from "../window.ts";

export interface Tallied extends Addends {
  readonly places: Places;
  readonly cells: Cells;
  readonly keys: Keys;
  readonly window: Window;
  readonly filter: Filter | undefined;
  /** Whether what a response used under other models counts. */
  readonly hasExtras: boolean;
  /** Undefined: costs are not asked for. */
  readonly costs: Costs | undefined;
  readonly calendar: Calendar;
  readonly startOfWeek: Weekday;
  /** Whether rows are wanted that have times and nothing else. */
  readonly keepsEmptyRows?: boolean | undefined;
}

/** Of a kind that is in no row, and of one that is not asked about. */
const NO_ROW = -1;
const NOT_ASKED = -2;

export interface Rows {
  /** One for each combination of names that has figures, sorted. */
  readonly rows: Row[];
  /** Of everything that is asked about. */
  readonly totals: Figures;
  /** Of it, what no price is known for. */
  readonly unpricedTokens: number;
  /** Names of its models, sorted. */
  readonly unpricedModels: readonly string[];
}

export function tallyRows(by: readonly Dimension[], tallied: Tallied): Rows {
  const { memory } = tallied.table;
  const start = memory.next;
  const adder = new Adder(by, tallied);
  adder.addCells();
  adder.addLeftEvents();
  adder.addLeftGroups();
  if (tallied.hasExtras) adder.addExtras();
  const rows = adder.finish();
  // Rows are objects: nobody looks at the columns they were added up in any more.
  memory.release(start);
  return rows;
}

/** Adds figures and times to rows. */
class Adder {
  readonly #tallied: Tallied;
  readonly #memory: TallyMemory;
  readonly #rows: RowFinder;
  readonly #rowOf: Int32Array;
  readonly #sums: Sums[] = [];
  readonly #spans: Spans;
  /** Numbers of models that something has no price of. */
  readonly #unpriced = new Set<number>();

  constructor(by: readonly Dimension[], tallied: Tallied) {
    const { table, places, cells, kinds, hasExtras } = tallied;
    this.#tallied = tallied;
    this.#memory = table.memory;
    bindCells(this.#memory, cells);
    bindKinds(this.#memory, kinds);
    this.#rows = new RowFinder(by, tallied);
    this.#rowOf = this.#rows.ofKinds();
    const { firstRecord, lastRecord } = table.event;
    const left = cells.leftEvents.reduce(
      (sum, i) => sum + (lastRecord[i] as number) - (firstRecord[i] as number) + 1,
      0,
    );
    this.#spans = new Spans(this.#memory, places, cells.length + left + (hasExtras ? table.extras : 0));
  }

  addCells(): void {
    const { cells, keys } = this.#tallied;
    const rowOfCell = this.#rowsOfCells();
    const rows = this.#rows.length;
    const sums = this.#memory.columns(ROW, rows);
    this.#memory.bind("row", sums);
    const unpriced = this.#memory.native.addCells(cells.length, rowOfCell.byteOffset);
    for (let row = 0; row < rows; row++) {
      if (sums.responses[row] !== 0 || sums.toolUses[row] !== 0) this.#sumsOf(row).addRow(sums, row);
    }
    if (unpriced === 0) return;
    const modelOf = keys.numbers("model");
    for (let cell = 0; cell < cells.length; cell++) {
      if (cells.unpriced[cell] !== 0 && rowOfCell[cell] !== NOT_ASKED) {
        this.#unpriced.add(modelOf(cells.kind[cell] as number));
      }
    }
  }

  #rowsOfCells(): Int32Array {
    const { length, kind, piece, instantsMs } = this.#tallied.cells;
    const rowOf = this.#rowOf;
    const rowOfCell = this.#memory.i32(length);
    this.#memory.native.gatherU32(rowOf.byteOffset, kind.byteOffset, length, rowOfCell.byteOffset);
    if (!this.#rows.hasTimes) return rowOfCell;
    for (let cell = 0; cell < length; cell++) {
      const base = rowOfCell[cell] as number;
      if (base >= 0) rowOfCell[cell] = this.#rows.at(base, instantsMs[piece[cell] as number] as number);
    }
    return rowOfCell;
  }

  /** Events that are in several pieces of time, or reach over the window's ends: record by record. */
  addLeftEvents(): void {
    const { table, groups, cells, toolUses, window } = this.#tallied;
    const { firstRecord, lastRecord } = table.event;
    for (const i of cells.leftEvents) {
      const kind = groups.kind[groups.of[i] as number] as number;
      const base = this.#rowOf[kind] as number;
      if (base === NOT_ASKED) continue;
      for (let r = firstRecord[i] as number; r <= (lastRecord[i] as number); r++) {
        const timeMs = table.record.timeMs[r] as number;
        if (table.record.event[r] !== i || !isIn(window, timeMs)) continue;
        const row = base === NO_ROW ? NO_ROW : this.#rows.at(base, timeMs);
        this.#addSpan(row, kind, timeMs, timeMs);
        const uses = toolUses.ofRecord[r] as number;
        if (row !== NO_ROW && uses !== 0) this.#sumsOf(row).addToolUses(uses);
      }
    }
  }

  addLeftGroups(): void {
    const { table, groups, cells, window, keys } = this.#tallied;
    const modelOf = keys.numbers("model");
    for (const group of cells.leftGroups) {
      const kind = groups.kind[group] as number;
      const base = this.#rowOf[kind] as number;
      const timeMs = groups.timeMs[group] as number;
      if (base < 0 || !isIn(window, timeMs)) continue;
      const sums = this.#sumsOf(this.#rows.at(base, timeMs));
      const usage = table.event.usage[groups.chosen[group] as number] as number;
      const cost = costOf(groups, group);
      sums.addUsage(table.usage, usage);
      sums.addCost(cost, tokensAt(table.usage, usage));
      if (!cost) this.#unpriced.add(modelOf(kind));
      sums.responses++;
    }
  }

  /** What a response used under other models belongs to its time and its keys, the model aside. */
  addExtras(): void {
    const { table, groups, keys, filter, window, costs } = this.#tallied;
    for (let extra = 0; extra < table.extras; extra++) {
      const i = table.extra.event[extra] as number;
      const group = groups.of[i] as number;
      if (group < 0 || groups.chosen[group] !== i) continue;
      const timeMs = groups.timeMs[group] as number;
      if (timeMs !== Infinity && !isIn(window, timeMs)) continue;
      const kind = groups.kind[group] as number;
      const model = keys.extraModel(extra, kind);
      if (filter && !filter(kind, model)) continue;
      const row = this.#rows.at(this.#rows.ofKind(kind, model), timeMs);
      const cost = costs?.ofExtra(extra, keys.names("model").all[model] as string, timeMs);
      this.#sumsOf(row).addUsage(table.extra, extra);
      this.#sumsOf(row).addCost(cost, tokensAt(table.extra, extra));
      if (!cost) this.#unpriced.add(model);
      if (timeMs !== Infinity) this.#addSpan(row, kind, timeMs, timeMs);
    }
  }

  /** Figures of rows add up to the totals, times do not. */
  finish(): Rows {
    const hasCosts = this.#tallied.costs !== undefined;
    const totals = new Sums();
    this.#spans.addTo(this.#rows.length, (row) => this.#sumsOf(row), totals);
    const named: NamedRow[] = [];
    this.#sums.forEach((sum, row) => {
      totals.addSums(sum);
      if (sum.isShown || this.#tallied.keepsEmptyRows) named.push(this.#rows.name(row, sum.toFigures(hasCosts)));
    });
    const { all: models } = this.#tallied.keys.names("model");
    return {
      rows: named.sort(compareRows).map(({ row }) => row),
      totals: totals.toFigures(hasCosts),
      unpricedTokens: hasCosts ? totals.unpricedTokens : 0,
      unpricedModels: hasCosts ? [...this.#unpriced].map((model) => models[model] as string).sort() : [],
    };
  }

  #addSpan(row: number, kind: number, firstMs: number, lastMs: number): void {
    const { places, kinds } = this.#tallied;
    this.#spans.add(row, places.sessionOf[kinds.transcript[kind] as number] as number, firstMs, lastMs);
  }

  #sumsOf(row: number): Sums {
    return (this.#sums[row] ??= new Sums());
  }
}

export function costOf({ costDollars, costNanos }: Groups, group: number): Cost | undefined {
  const dollars = costDollars[group] as number;
  return dollars < 0 ? undefined : { dollars, nanos: costNanos[group] as number };
}

export function tokensAt(usage: EventTable["usage"], i: number): number {
  const { input, output, cacheCreation5m, cacheCreation1h, cacheRead } = usage;
  const created = (cacheCreation5m[i] as number) + (cacheCreation1h[i] as number);
  return (input[i] as number) + (output[i] as number) + created + (cacheRead[i] as number);
}

export function isIn({ sinceMs, untilMs }: Window, timeMs: number): boolean {
  return timeMs >= sinceMs && timeMs <= untilMs;
}

/** Finds the row of a kind of groups, and of a time. */
export class RowFinder {
  readonly #by: readonly Dimension[];
  readonly #tallied: Tallied;
  readonly #plain: readonly PlainDimension[];
  readonly #numberOf: ReadonlyArray<(kind: number) => number>;
  readonly #times: readonly TimeKeys[];
  readonly #steps = new Steps();
  /** Names of the last kind; most kinds have those of the one before. */
  readonly #path: number[];
  #rowOfPath = -1;

  constructor(by: readonly Dimension[], tallied: Tallied) {
    const { keys } = tallied;
    this.#by = by;
    this.#tallied = tallied;
    this.#plain = by.filter((name): name is PlainDimension => !isTimeDimension(name) && name !== "none");
    this.#path = this.#plain.map(() => -1);
    this.#numberOf = this.#plain.map((dimension) => keys.numbers(dimension));
    this.#times = timesOf(by, tallied);
  }

  /** Whether a kind's row is not yet its groups'. */
  get hasTimes(): boolean {
    return this.#times.length > 0;
  }

  /** How many rows have been found so far, the one of everything included. */
  get length(): number {
    return this.#steps.size;
  }

  /** The row of each kind, time aside; `NO_ROW` for those without such a key, `NOT_ASKED` for those filtered out. */
  ofKinds(): Int32Array {
    const { kinds, keys, filter, table } = this.#tallied;
    const { memory } = table;
    const modelOf = keys.numbers("model");
    const hasModel = this.#plain.includes("model");
    const ofOne = (kind: number): number => {
      const model = modelOf(kind);
      if (filter && !filter(kind, model)) return NOT_ASKED;
      return hasModel && model === NOT_CARRIED ? NO_ROW : this.ofKind(kind, model);
    };
    const rowOf = memory.i32(kinds.length);
    // A filter may look at all of a kind.
    if (filter) {
      for (let kind = 0; kind < kinds.length; kind++) rowOf[kind] = ofOne(kind);
      return rowOf;
    }
    const places = memory.places(kinds.length);
    const [classes, firsts] = [memory.u32(kinds.length), memory.u32(kinds.length)];
    const to = [places.byteOffset, places.length - 1, classes.byteOffset, firsts.byteOffset] as const;
    const count = memory.native.classKinds(kinds.length, Keys.columnsOf(this.#plain), ...to);
    const rows = memory.i32(count);
    for (let i = 0; i < count; i++) rows[i] = ofOne(firsts[i] as number);
    memory.native.gatherU32(rows.byteOffset, classes.byteOffset, kinds.length, rowOf.byteOffset);
    return rowOf;
  }

  /** The row of one kind with a model. */
  ofKind(kind: number, model: number): number {
    const path = this.#path;
    let isSame = true;
    for (let d = 0; d < path.length; d++) {
      const numberOf = this.#numberOf[d] as (kind: number) => number;
      const value = this.#plain[d] === "model" ? model : numberOf(kind);
      if (path[d] !== value) isSame = false;
      path[d] = value;
    }
    if (!isSame || this.#rowOfPath < 0) {
      this.#rowOfPath = ROOT;
      for (const value of path) this.#rowOfPath = this.#steps.take(this.#rowOfPath, value);
    }
    return this.#rowOfPath;
  }

  /** The row of a kind's row and a time; no time is NaN or Infinity. */
  at(base: number, timeMs: number): number {
    let row = base;
    for (const keys of this.#times) row = this.#steps.take(row, keys.number(timeMs));
    return row;
  }

  name(row: number, figures: Figures): NamedRow {
    const { key, startsMs, names } = this.keyOf(row);
    return { row: { key, ...figures }, startsMs, names };
  }

  keyOf(row: number): Omit<NamedRow, "row"> & { readonly key: RowKey } {
    const { keys } = this.#tallied;
    const path = this.#steps.pathTo(row);
    const startsMs: number[] = [];
    const names: Array<string | null> = [];
    const key: Record<string, string | null> = {};
    let [plain, times] = [0, 0];
    for (const dimension of this.#by) {
      if (dimension === "none") continue;
      if (isTimeDimension(dimension)) {
        const number = path[this.#plain.length + times] as number;
        const timeKeys = this.#times[times++] as TimeKeys;
        key[dimension] = timeKeys.names[number] as string;
        startsMs.push(timeKeys.startsMs[number] as number);
      } else {
        const name = keys.names(dimension).all[path[plain++] as number] as string | null;
        key[dimension] = name;
        names.push(name);
      }
    }
    return { key, startsMs, names };
  }
}

/** The dimensions that are pieces of time. */
export function timesOf(
  by: readonly Dimension[],
  { calendar, startOfWeek }: Pick<Tallied, "calendar" | "startOfWeek">,
): TimeKeys[] {
  return by.filter(isTimeDimension).map((dimension) => new TimeKeys(dimension, calendar, startOfWeek));
}

interface NamedRow {
  readonly row: Row;
  /** When the pieces of time in the key begin; Infinity is unknown. */
  readonly startsMs: readonly number[];
  /** The other names in the key. */
  readonly names: ReadonlyArray<string | null>;
}

/** Number 33: time keys ascend, then most tokens first, then the other keys; null last. */
function compareRows(a: NamedRow, b: NamedRow): number {
  for (const [at, startMs] of a.startsMs.entries()) {
    const other = b.startsMs[at] as number;
    if (startMs !== other) return startMs < other ? -1 : 1;
  }
  if (a.row.totalTokens !== b.row.totalTokens) return b.row.totalTokens - a.row.totalTokens;
  for (const [at, left] of a.names.entries()) {
    const right = b.names[at] as string | null;
    if (left === right) continue;
    if (left === null || right === null) return left === null ? 1 : -1;
    return left < right ? -1 : 1;
  }
  return 0;
}
