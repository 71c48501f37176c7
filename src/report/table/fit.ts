/**
 * Which columns a table of a given width has. Step by step, until it fits: ids are cut, what few ask for goes, what is the
 * same in all rows moves to the title, long names are shortened, cache creation and cache read become one column,
 * responses go; only then are numbers rounded. What was done is said below the table.
 */
import type { Dimension, Figures } from "../../types.ts";
import { type Clock, type Column, type ColumnId, COLUMNS, type NumberForm, showsLastRecord } from "../columns.ts";
import { keyTitle, keyRoom, shortenKey } from "../keys.ts";
import { compact, exact } from "../numbers.ts";
import { widthOf } from "../width.ts";
import { PART_INDENT, type TableRow } from "./rows.ts";

/** A UUID up to each of its hyphens, and the sign that it goes on. */
const SESSION_WIDTHS = [9, 14, 19, 24] as const;

/** Spaces between two columns. */
export const GAP = 2;

export interface TableData {
  readonly dimensions: readonly Dimension[];
  readonly rows: readonly TableRow[];
  readonly totals: Figures;
  /** Rows that the totals have and the table has not. */
  readonly rowsOmitted: number;
  readonly totalLabel: string;
  readonly clock: Clock;
}

/** A column ready to be set. */
export interface FittedColumn {
  readonly title: readonly string[];
  readonly isNumber: boolean;
  readonly width: number;
  readonly cells: readonly string[];
  readonly total: string;
}

export interface FittedTable {
  readonly columns: readonly FittedColumn[];
  /** Dimensions whose one value belongs in the title. */
  readonly inTitle: ReadonlyArray<{ readonly dimension: Dimension; readonly value: string }>;
  readonly leftOut: readonly Column[];
  readonly isCacheMerged: boolean;
  readonly isRounded: boolean;
}

export function fitTable(data: TableData, width: number): FittedTable {
  const draft = new Draft(data);
  for (const narrow of narrowings(draft, width)) {
    if (draft.width <= width) break;
    narrow();
  }
  return draft.finish();
}

function narrowings(draft: Draft, width: number): Array<() => void> {
  const exactly = [
    () => draft.shortenSessions(),
    () => draft.leaveOut("duration"),
    () => draft.leaveOut("webSearches"),
    () => draft.moveToTitle(),
    () => draft.shortenNames(width, "good"),
    () => draft.leaveOut("reasoning"),
    () => draft.leaveOut("last"),
    () => draft.leaveOut("toolUses"),
    () => draft.mergeCache(),
    () => draft.leaveOut("responses"),
    () => draft.shortenNames(width, "least"),
  ];
  return [
    ...exactly,
    // Rounded numbers leave room for what was left out before.
    () => draft.startRounded(),
    ...exactly,
    () => draft.leaveOut("cache"),
    () => draft.leaveOut("input"),
    () => draft.leaveOut("output"),
    () => draft.leaveOut("cost"),
  ];
}

class Draft {
  readonly #data: TableData;
  #keys: Array<{ dimension: Dimension; at: number; width: number }> = [];
  #columns: FittedColumn[] = [];
  #ids: ColumnId[] = [];
  #form: NumberForm = exact;
  #leftOut: Column[] = [];
  readonly #inTitle: Array<{ dimension: Dimension; value: string }> = [];

  constructor(data: TableData) {
    this.#data = data;
    this.#start();
  }

  get width(): number {
    const widths = [...this.#keys, ...this.#columns].map((column) => column.width);
    return widths.reduce((sum, columnWidth) => sum + columnWidth, 0) + GAP * (widths.length - 1);
  }

  leaveOut(id: ColumnId): void {
    const at = this.#ids.indexOf(id);
    if (at < 0 || this.#ids.length === 1) return;
    this.#leftOut.push(COLUMNS.find((column) => column.id === id) as Column);
    this.#ids.splice(at, 1);
    this.#columns.splice(at, 1);
  }

  /** A value that all rows share is said once; one dimension stays. Rows that are not shown may have another one, and the total is theirs too. */
  moveToTitle(): void {
    if (this.#data.rowsOmitted > 0) return;
    for (const key of this.#keys.slice()) {
      const value = this.#data.rows[0]?.keys[key.at];
      const isShared = this.#data.rows.every(({ keys, isPart }) => !isPart && (keys[key.at] || value) === value);
      if (value === undefined || !isShared || this.#keys.length === 1) continue;
      this.#inTitle.push({ dimension: key.dimension, value });
      this.#keys = this.#keys.filter((other) => other !== key);
    }
  }

  /** An id that is cut is best cut to what people call it by, as long as that is one id. */
  shortenSessions(): void {
    const key = this.#keys.find(({ dimension }) => dimension === "session");
    if (!key) return;
    const ids = new Set(this.#data.rows.map(({ keys }) => keys[key.at] as string));
    const isUnique = (width: number) => new Set([...ids].map((id) => id.slice(0, width - 1))).size === ids.size;
    key.width = Math.min(key.width, SESSION_WIDTHS.find(isUnique) ?? Infinity);
  }

  /** As much as is missing, column by column from the one with most to spare. */
  shortenNames(width: number, room: "good" | "least"): void {
    const candidates = this.#keys.map((key) => {
      const leastWidth = Math.max(keyRoom(key.dimension)?.[room] ?? Infinity, widthOf(keyTitle(key.dimension)));
      return { key, spare: () => Math.max(0, key.width - leastWidth) };
    });
    for (let missing = this.width - width; missing > 0; missing--) {
      const longest = candidates.reduce((most, other) => (other.spare() > most.spare() ? other : most));
      if (longest.spare() === 0) return;
      longest.key.width--;
    }
  }

  mergeCache(): void {
    const at = this.#ids.indexOf("cacheCreation");
    this.#ids.splice(at, 2, "cache");
    this.#setColumns();
  }

  startRounded(): void {
    this.#form = compact;
    this.#start();
  }

  finish(): FittedTable {
    const { rows, totalLabel } = this.#data;
    const keys = this.#keys.map(({ dimension, at, width }, place) => ({
      title: [keyTitle(dimension)],
      isNumber: false,
      width,
      cells: rows.map(({ keys: texts, isPart }) => keyCell(texts[at] as string, dimension, width, isPart)),
      total: place === 0 ? totalLabel : "",
    }));
    return {
      columns: [...keys, ...this.#columns],
      inTitle: this.#inTitle,
      leftOut: this.#leftOut,
      isCacheMerged: this.#ids.includes("cache"),
      isRounded: this.#form === compact,
    };
  }

  /** All that is asked for, in full. */
  #start(): void {
    const { dimensions, totals } = this.#data;
    const inTitle = new Set(this.#inTitle.map(({ dimension }) => dimension));
    this.#keys = dimensions
      .map((dimension, at) => ({ dimension, at, width: this.#naturalWidth(dimension, at) }))
      .filter(({ dimension }) => !inTitle.has(dimension));
    const columns = COLUMNS.filter(({ id, isShown }) => isAskedFor(id, dimensions) && (isShown?.(totals) ?? true));
    this.#ids = columns.map(({ id }) => id);
    this.#leftOut = [];
    this.#setColumns();
  }

  #naturalWidth(dimension: Dimension, at: number): number {
    const least = Math.max(widthOf(keyTitle(dimension)), at === 0 ? widthOf(this.#data.totalLabel) : 0);
    return this.#data.rows.reduce((most, { keys }) => Math.max(most, widthOf(keys[at] as string)), least);
  }

  #setColumns(): void {
    const { rows, totals, clock } = this.#data;
    this.#columns = this.#ids.map((id) => {
      const { title, text } = COLUMNS.find((column) => column.id === id) as Column;
      const cells = rows.map(({ figures }) => text(figures, this.#form, clock));
      const total = text(totals, this.#form, clock);
      const width = [...title, ...cells, total].reduce((most, cell) => Math.max(most, widthOf(cell)), 0);
      return { title, isNumber: true, width, cells, total };
    });
  }
}

/** A part is a model, whatever the column is called. */
function keyCell(text: string, dimension: Dimension, width: number, isPart: boolean): string {
  if (!isPart || text === "") return shortenKey(text, dimension, width);
  return PART_INDENT + shortenKey(text.slice(PART_INDENT.length), "model", width - PART_INDENT.length);
}

/** Both cache columns become one only where there is no room; when somebody was last at work is asked of sessions and projects. */
function isAskedFor(id: ColumnId, dimensions: readonly Dimension[]): boolean {
  if (id === "cache") return false;
  if (id === "duration") return dimensions.includes("session");
  if (id === "last") return showsLastRecord(dimensions);
  return true;
}
