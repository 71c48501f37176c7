/** Figures by dimension. */
import { type Calendar, TimeKeys, type Weekday } from "../calendar.ts";
import { NO_USAGE } from "../events.ts";
import type { EventTable } from "../merge.ts";
import type { Dimension, Figures, Row, RowKey } from "../types.ts";
import { Sums } from "./figures.ts";
import { isTimeDimension, type Keys, NOT_CARRIED, type PlainDimension } from "./keys.ts";
import type { Places } from "./places.ts";
import { type Groups, NO_GROUP } from "./responses.ts";

/** An inclusive span of time in ms UTC; infinite where it is open. */
export interface Window {
  readonly sinceMs: number;
  readonly untilMs: number;
}

export interface Tallied {
  readonly table: EventTable;
  readonly places: Places;
  readonly groups: Groups;
  readonly toolUses: Uint32Array;
  readonly keys: Keys;
  readonly window: Window;
  /** Whether a group, with its own model or another, is asked about. */
  readonly isWanted: (group: number, model: number) => boolean;
  /** Whether what a response used under other models counts. */
  readonly hasExtras: boolean;
  readonly calendar: Calendar;
  readonly startOfWeek: Weekday;
}

/** Steps from a row's number and the next dimension's to the row of both. */
class Steps {
  readonly parents: number[] = [];
  readonly values: number[] = [];
  readonly #next = new Map<number, number>();

  take(parent: number, value: number): number {
    // Both are below 2^26: there are fewer events than that in memory.
    const key = parent * 0x4000000 + value;
    let next = this.#next.get(key);
    if (next === undefined) {
      next = this.parents.push(parent) - 1;
      this.values.push(value);
      this.#next.set(key, next);
    }
    return next;
  }
}

const ROOT = 0;

/** The figures of everything that is asked about. */
export function tallyTotals(tallied: Tallied): Figures {
  const { key: _none, ...figures } = tallyRows([], tallied)[0] ?? { key: {}, ...new Sums().toFigures() };
  return figures;
}

/** One row for each combination of names that has figures, sorted. */
export function tallyRows(by: readonly Dimension[], tallied: Tallied): Row[] {
  const { table, groups } = tallied;
  const plain = by.filter((dimension): dimension is PlainDimension => !isTimeDimension(dimension) && dimension !== "none");
  const times = by.filter(isTimeDimension).map((dimension) => ({
    dimension,
    keys: new TimeKeys(dimension, tallied.calendar, tallied.startOfWeek),
  }));
  const steps = new Steps();
  steps.take(-1, 0); // ROOT
  const base = new Int32Array(groups.length).fill(UNSEEN);
  const sums: Array<Sums | undefined> = [];
  const spans = new Spans();
  const { sinceMs, untilMs } = tallied.window;
  const isInside = (ms: number) => !Number.isFinite(ms) || (ms >= sinceMs && ms <= untilMs);
  let lastBase = NaN;
  let lastTimes = NaN;
  let lastRow = NaN;

  for (let i = 0; i < table.length; i++) {
    const group = groups.of[i] as number;
    if (group === NO_GROUP) continue;
    const timeMs = table.event.timeMs[i] as number;
    const toolUses = tallied.toolUses[i] as number;
    if ((timeMs !== timeMs && toolUses === 0) || !isInside(timeMs)) continue;
    const at = baseOf(group);
    if (at < 0) continue;
    const row = rowAt(at, timeMs);
    if (timeMs === timeMs) spans.add(row, sessionOf(group), timeMs);
    if (toolUses > 0) {
      const sum = sumsOf(row);
      sum.toolUses += toolUses;
      sum.isShown = true;
    }
  }

  for (let group = 0; group < groups.length; group++) {
    const chosen = groups.chosen[group] as number;
    if (chosen < 0 || !isInside(groups.timeMs[group] as number)) continue;
    const at = baseOf(group);
    if (at < 0) continue;
    const sum = sumsOf(rowAt(at, groups.timeMs[group] as number));
    sum.addUsage(table.usage, table.event.usage[chosen] as number);
    sum.responses++;
  }
  addExtras();

  spans.addTo(sumsOf);
  const rows: NamedRow[] = [];
  sums.forEach((sum, row) => {
    if (sum && (sum.isShown || by.length === 0)) rows.push(nameRow(row, sum.toFigures()));
  });
  return rows.sort(compareRows).map(({ row }) => row);

  function baseOf(group: number): number {
    const known = base[group] as number;
    if (known !== UNSEEN) return known;
    const model = tallied.keys.number("model", group);
    return (base[group] = tallied.isWanted(group, model) ? stepDown(group, model) : UNWANTED);
  }

  /** The row of a group before time is looked at; `UNWANTED` when it carries no such key. */
  function stepDown(group: number, model: number): number {
    let at = ROOT;
    for (const dimension of plain) {
      const value = dimension === "model" ? model : tallied.keys.number(dimension, group);
      if (value === NOT_CARRIED) return UNWANTED;
      at = steps.take(at, value);
    }
    return at;
  }

  function rowAt(at: number, timeMs: number): number {
    if (times.length === 0) return at;
    const first = (times[0] as (typeof times)[number]).keys.number(timeMs);
    if (times.length === 1 && at === lastBase && first === lastTimes) return lastRow;
    let row = steps.take(at, first);
    for (const { keys } of times.slice(1)) row = steps.take(row, keys.number(timeMs));
    lastBase = at;
    lastTimes = first;
    lastRow = row;
    return row;
  }

  function sumsOf(row: number): Sums {
    return (sums[row] ??= new Sums());
  }

  function sessionOf(group: number): number {
    const transcript = table.transcriptOf[groups.attribution[group] as number] as number;
    return tallied.places.sessionOf[transcript] as number;
  }

  /** What a response used under other models belongs to its time and its keys, the model aside. */
  function addExtras(): void {
    if (!tallied.hasExtras || table.extras === 0) return;
    const groupOfUsage = new Map<number, number>();
    for (let group = 0; group < groups.length; group++) {
      const chosen = groups.chosen[group] as number;
      if (chosen >= 0) groupOfUsage.set(table.event.usage[chosen] ?? NO_USAGE, group);
    }
    for (let x = 0; x < table.extras; x++) {
      const group = groupOfUsage.get(table.extra.owner[x] as number);
      if (group === undefined) continue;
      const timeMs = groups.timeMs[group] as number;
      const model = tallied.keys.extraModel(x, group);
      if (!isInside(timeMs) || !tallied.isWanted(group, model)) continue;
      const at = stepDown(group, model);
      if (at < 0) continue;
      const row = rowAt(at, timeMs);
      sumsOf(row).addUsage(table.extra, x);
      if (Number.isFinite(timeMs)) spans.add(row, sessionOf(group), timeMs);
    }
  }

  function nameRow(row: number, figures: Figures): NamedRow {
    const values: number[] = [];
    for (let at = row; at !== ROOT; at = steps.parents[at] as number) values.unshift(steps.values[at] as number);
    const startsMs: number[] = [];
    const names: Array<string | null> = [];
    const key: Record<string, string | null> = {};
    for (const dimension of by) {
      if (dimension === "none") continue;
      if (isTimeDimension(dimension)) {
        const at = times.findIndex((time) => time.dimension === dimension);
        const { keys } = times[at] as (typeof times)[number];
        const number = values[plain.length + at] as number;
        key[dimension] = keys.names[number] as string;
        startsMs.push(keys.startsMs[number] as number);
      } else {
        const name = tallied.keys.names(dimension).all[values[plain.indexOf(dimension)] as number] as string | null;
        key[dimension] = name;
        names.push(name);
      }
    }
    return { row: { key: key as RowKey, ...figures }, startsMs, names };
  }
}

interface NamedRow {
  readonly row: Row;
  /** When the pieces of time in the key begin; Infinity is unknown. */
  readonly startsMs: readonly number[];
  /** The other names in the key. */
  readonly names: ReadonlyArray<string | null>;
}

const UNSEEN = -1;
const UNWANTED = -2;

/** First and last time by row and session. */
class Spans {
  readonly #steps = new Steps();
  readonly #firstMs: number[] = [];
  readonly #lastMs: number[] = [];
  #lastRow = -1;
  #lastSession = -1;
  #last = -1;

  add(row: number, session: number, timeMs: number): void {
    if (row !== this.#lastRow || session !== this.#lastSession) {
      this.#lastRow = row;
      this.#lastSession = session;
      this.#last = this.#steps.take(row, session);
    }
    const at = this.#last;
    if (at === this.#firstMs.length) {
      this.#firstMs.push(timeMs);
      this.#lastMs.push(timeMs);
    } else if (timeMs < (this.#firstMs[at] as number)) {
      this.#firstMs[at] = timeMs;
    } else if (timeMs > (this.#lastMs[at] as number)) {
      this.#lastMs[at] = timeMs;
    }
  }

  addTo(sumsOf: (row: number) => Sums): void {
    this.#steps.parents.forEach((row, at) => {
      sumsOf(row).addSpan(this.#firstMs[at] as number, this.#lastMs[at] as number);
    });
  }
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
