/** Which row is whose: by the names of a kind of groups, and by time. */
import { TimeKeys } from "../calendar.ts";
import { type Dimension, type Figures, isTimeDimension, type Row, type RowKey } from "../types.ts";
import { Keys, NOT_CARRIED, type PlainDimension } from "./keys.ts";
import { ROOT, Steps } from "./steps.ts";
import type { Tallied } from "./tallied.ts";

/** Of a kind that is in no row, and of one that is not asked about. */
export const NO_ROW = -1;
export const NOT_ASKED = -2;

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

  /** Whether rows are parted by time too, which `ofKinds` leaves aside. */
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

export interface NamedRow {
  readonly row: Row;
  /** When the pieces of time in the key begin; Infinity is unknown. */
  readonly startsMs: readonly number[];
  /** The other names in the key. */
  readonly names: ReadonlyArray<string | null>;
}

/** Number 33: time keys ascend, then most tokens first, then the other keys; null last. */
export function compareRows(a: NamedRow, b: NamedRow): number {
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
