/** Figures by dimension. */
import type { Dimension, Figures, Row } from "../types.ts";
import type { Window } from "../window.ts";
import { bindCells, bindKinds } from "./cells.ts";
import type { Cost } from "./costs.ts";
import { ROW, Sums } from "./figures.ts";
import type { Groups } from "./groups.ts";
import type { TallyMemory } from "./memory.ts";
import { compareRows, type NamedRow, NO_ROW, NOT_ASKED, RowFinder } from "./row-finder.ts";
import { Spans } from "./spans.ts";
import type { EventTable } from "./table.ts";
import type { Tallied } from "./tallied.ts";

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
