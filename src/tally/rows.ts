/** Figures by dimension. */
import { type Calendar, TimeKeys, type Weekday } from "../calendar.ts";
import type { Filter } from "../filters.ts";
import type { EventTable } from "../merge.ts";
import type { Dimension, Figures, Row } from "../types.ts";
import { Sums } from "./figures.ts";
import { isTimeDimension, type Keys, NOT_CARRIED, type PlainDimension } from "./keys.ts";
import type { Places } from "./places.ts";
import type { Groups } from "./responses.ts";
import { Spans } from "./spans.ts";
import { ROOT, Steps } from "./steps.ts";
import type { ToolUses } from "./tool-uses.ts";

/** An inclusive span of time in ms UTC; infinite where it is open. */
export interface Window {
  readonly sinceMs: number;
  readonly untilMs: number;
}

export interface Tallied {
  readonly table: EventTable;
  readonly places: Places;
  readonly groups: Groups;
  readonly toolUses: ToolUses;
  readonly keys: Keys;
  readonly window: Window;
  readonly filter: Filter | undefined;
  /** Whether what a response used under other models counts. */
  readonly hasExtras: boolean;
  readonly calendar: Calendar;
  readonly startOfWeek: Weekday;
}

/** Of a group that is in no row. */
const NO_ROW = -1;

export interface Rows {
  /** One for each combination of names that has figures, sorted. */
  readonly rows: Row[];
  /** Of everything that is asked about. */
  readonly totals: Figures;
}

export function tallyRows(by: readonly Dimension[], tallied: Tallied): Rows {
  const rows = new RowFinder(by, tallied);
  const isAsked = groupsAskedFor(tallied);
  const rowOf = rows.ofGroups(isAsked);
  const sessionOf = sessionsOfGroups(tallied);
  const sums: Sums[] = [];
  const sumsOf = (row: number) => (sums[row] ??= new Sums());
  const spans = new Spans();
  addRecords(tallied, rows, rowOf, sessionOf, spans, sumsOf);
  addResponses(tallied, rows, rowOf, sumsOf);
  const times = timesBySession(tallied, isAsked, sessionOf);
  if (tallied.hasExtras) addExtras(tallied, rows, sessionOf, [spans, times], sumsOf);
  spans.addTo(sumsOf);

  // Figures of rows add up to the totals, times do not.
  const totals = new Sums();
  const named: NamedRow[] = [];
  sums.forEach((sum, row) => {
    totals.addSums(sum);
    if (sum.isShown) named.push(rows.name(row, sum.toFigures()));
  });
  times.addTo(() => totals);
  return { rows: named.sort(compareRows).map(({ row }) => row), totals: totals.toFigures() };
}

/** 1 for each group that the filters let through with its own model. */
function groupsAskedFor({ groups, keys, filter }: Tallied): Uint8Array {
  const isAsked = new Uint8Array(groups.length);
  if (!filter) return isAsked.fill(1);
  const modelOf = keys.numbers("model");
  for (let group = 0; group < groups.length; group++) {
    if ((groups.attribution[group] as number) >= 0 && filter(group, modelOf(group))) isAsked[group] = 1;
  }
  return isAsked;
}

function sessionsOfGroups({ table, places, groups }: Tallied): Int32Array {
  const { attribution } = groups;
  const { transcriptOf } = table;
  const { sessionOf } = places;
  const sessions = new Int32Array(groups.length);
  for (let group = 0; group < sessions.length; group++) {
    const i = attribution[group] as number;
    if (i >= 0) sessions[group] = sessionOf[transcriptOf[i] as number] as number;
  }
  return sessions;
}

/** First and last times of all records that are asked about, whatever row they are in. */
function timesBySession(tallied: Tallied, isAsked: Uint8Array, sessionOf: Int32Array): Spans {
  const { table, groups } = tallied;
  const { of } = groups;
  const { firstMs, lastMs } = table.event;
  const spans = new Spans();
  for (let i = 0; i < of.length; i++) {
    const group = of[i] as number;
    if (group < 0 || isAsked[group] === 0) continue;
    const session = sessionOf[group] as number;
    if (isInside(tallied.window, firstMs[i] as number, lastMs[i] as number)) {
      spans.add(ROOT, session, firstMs[i] as number);
      spans.add(ROOT, session, lastMs[i] as number);
    } else {
      forRecordsInside(tallied, i, (_, time) => {
        if (time === time) spans.add(ROOT, session, time);
      });
    }
  }
  return spans;
}

/** Times and tool uses: those of every record, by its own time. Most events are wholly in one row. */
function addRecords(
  tallied: Tallied,
  rows: RowFinder,
  rowOf: Int32Array,
  sessionOf: Int32Array,
  spans: Spans,
  sumsOf: (row: number) => Sums,
): void {
  const { table, groups, toolUses } = tallied;
  const { firstMs, lastMs } = table.event;
  const { of } = groups;
  for (let i = 0; i < of.length; i++) {
    const group = of[i] as number;
    if (group < 0) continue;
    const base = rowOf[group] as number;
    if (base < 0) continue;
    const session = sessionOf[group] as number;
    const [first, last] = [firstMs[i] as number, lastMs[i] as number];
    if (isInside(tallied.window, first, last) && rows.hasOnePiece(first, last)) {
      const row = rows.at(base, first);
      spans.add(row, session, first);
      spans.add(row, session, last);
      const uses = toolUses.ofEvent[i] as number;
      if (uses !== 0) sumsOf(row).addToolUses(uses);
      continue;
    }
    forRecordsInside(tallied, i, (record, time) => {
      const row = rows.at(base, time);
      if (time === time) spans.add(row, session, time);
      const uses = toolUses.ofRecord[record] as number;
      if (uses !== 0) sumsOf(row).addToolUses(uses);
    });
  }
}

/** Whether an event lies in the window from its first to its last record; one without a time does not. */
function isInside({ sinceMs, untilMs }: Window, firstMs: number, lastMs: number): boolean {
  return firstMs >= sinceMs && lastMs <= untilMs && firstMs <= lastMs;
}

/** The records of event `i` that are in the window or have no time, and their times. */
function forRecordsInside(
  { table: { event, record }, window: { sinceMs, untilMs } }: Tallied,
  i: number,
  use: (record: number, timeMs: number) => void,
): void {
  for (let r = event.firstRecord[i] as number; r <= (event.lastRecord[i] as number); r++) {
    const timeMs = record.timeMs[r] as number;
    if (record.event[r] === i && !(timeMs < sinceMs || timeMs > untilMs)) use(r, timeMs);
  }
}

/** Tokens: those of each response's chosen record, at the response's time. */
function addResponses(
  { table, groups, window: { sinceMs, untilMs } }: Tallied,
  rows: RowFinder,
  rowOf: Int32Array,
  sumsOf: (row: number) => Sums,
): void {
  for (let group = 0; group < groups.length; group++) {
    const chosen = groups.chosen[group] as number;
    const row = rowOf[group] as number;
    if (chosen < 0 || row < 0) continue;
    const time = groups.timeMs[group] as number;
    if (time !== Infinity && (time < sinceMs || time > untilMs)) continue;
    const sum = sumsOf(rows.at(row, time));
    sum.addUsage(table.usage, table.event.usage[chosen] as number);
    sum.responses++;
  }
}

/** What a response used under other models belongs to its time and its keys, the model aside. */
function addExtras(
  { table, groups, keys, filter, window: { sinceMs, untilMs } }: Tallied,
  rows: RowFinder,
  sessionOf: Int32Array,
  [spans, times]: readonly [rows: Spans, all: Spans],
  sumsOf: (row: number) => Sums,
): void {
  if (table.extras === 0) return;
  const groupOf = new Map<number, number>();
  for (let group = 0; group < groups.length; group++) {
    const chosen = groups.chosen[group] as number;
    if (chosen >= 0) groupOf.set(table.event.usage[chosen] as number, group);
  }
  for (let extra = 0; extra < table.extras; extra++) {
    const group = groupOf.get(table.extra.owner[extra] as number);
    if (group === undefined) continue;
    const time = groups.timeMs[group] as number;
    const model = keys.extraModel(extra, group);
    if (time !== Infinity && (time < sinceMs || time > untilMs)) continue;
    if (filter && !filter(group, model)) continue;
    const row = rows.at(rows.ofGroup(group, model), time);
    sumsOf(row).addUsage(table.extra, extra);
    if (time === Infinity) continue;
    spans.add(row, sessionOf[group] as number, time);
    times.add(ROOT, sessionOf[group] as number, time);
  }
}

/** Finds the row of a group of records, and of a time. */
class RowFinder {
  /** Whether rows depend on time. */
  readonly hasTimes: boolean;
  readonly #by: readonly Dimension[];
  readonly #tallied: Tallied;
  readonly #plain: readonly PlainDimension[];
  readonly #hasModel: boolean;
  readonly #numberOf: ReadonlyArray<(group: number) => number>;
  readonly #times: readonly TimeKeys[];
  readonly #steps = new Steps();
  /** Names of the last group; most groups have those of the one before. */
  readonly #path: number[];
  #rowOfPath = -1;
  #lastBase = -1;
  #lastTime = -1;
  #last = -1;

  constructor(by: readonly Dimension[], tallied: Tallied) {
    const { keys, calendar, startOfWeek } = tallied;
    this.#by = by;
    this.#tallied = tallied;
    this.#plain = by.filter((name): name is PlainDimension => !isTimeDimension(name) && name !== "none");
    this.#hasModel = this.#plain.includes("model");
    this.#path = this.#plain.map(() => -1);
    this.#numberOf = this.#plain.map((dimension) => keys.numbers(dimension));
    this.#times = by.filter(isTimeDimension).map((dimension) => new TimeKeys(dimension, calendar, startOfWeek));
    this.hasTimes = this.#times.length > 0;
  }

  /** The row of each group, time aside; -1 for those that are not asked about or carry no such key. */
  ofGroups(isAsked: Uint8Array): Int32Array {
    const { groups, keys } = this.#tallied;
    const { attribution } = groups;
    const modelOf = keys.numbers("model");
    const rowOf = new Int32Array(groups.length).fill(NO_ROW);
    for (let group = 0; group < rowOf.length; group++) {
      if (isAsked[group] === 0 || (attribution[group] as number) < 0) continue;
      const model = this.#hasModel ? modelOf(group) : NOT_CARRIED;
      if (this.#hasModel && model === NOT_CARRIED) continue;
      rowOf[group] = this.ofGroup(group, model);
    }
    return rowOf;
  }

  /** The row of one group with a model. */
  ofGroup(group: number, model: number): number {
    const path = this.#path;
    let isSame = true;
    for (let d = 0; d < path.length; d++) {
      const numberOf = this.#numberOf[d] as (group: number) => number;
      const value = this.#plain[d] === "model" ? model : numberOf(group);
      if (path[d] !== value) isSame = false;
      path[d] = value;
    }
    if (!isSame || this.#rowOfPath < 0) {
      this.#rowOfPath = ROOT;
      for (const value of path) this.#rowOfPath = this.#steps.take(this.#rowOfPath, value);
    }
    return this.#rowOfPath;
  }

  /** The row of a group's row and a time. */
  at(base: number, timeMs: number): number {
    if (!this.hasTimes) return base;
    const time = (this.#times[0] as TimeKeys).number(timeMs);
    if (this.#times.length === 1 && base === this.#lastBase && time === this.#lastTime) return this.#last;
    let row = this.#steps.take(base, time);
    for (const keys of this.#times.slice(1)) row = this.#steps.take(row, keys.number(timeMs));
    this.#lastBase = base;
    this.#lastTime = time;
    this.#last = row;
    return row;
  }

  /** Whether the pieces of time that rows are named by do not change between two instants. */
  hasOnePiece(firstMs: number, lastMs: number): boolean {
    return this.#times.every((keys) => keys.isOnePiece(firstMs, lastMs));
  }

  name(row: number, figures: Figures): NamedRow {
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
    return { row: { key: key, ...figures }, startsMs, names };
  }
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
