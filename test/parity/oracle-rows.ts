/** The oracles' last half: pieces of figures to rows and totals. Numbers such as (30) refer to `docs/decisions/0002`. */
import type { Dimension, Figures, Row, SourceName } from "../../src/types.ts";
import { compareNumbers, compareText, type Numbers, readNumbers, type Term } from "./oracle-read.ts";

export type FilterName = "project" | "session" | "model" | "agent" | "team";

export interface OracleOptions {
  by?: readonly Dimension[];
  /** Milliseconds UTC, inclusive, like `until`. */
  since?: number;
  until?: number;
  timezone?: string;
  /** 0 is Sunday; default 1, Monday. */
  startOfWeek?: number;
  count?: "responses" | "records";
  /** Exact strings, or with `*` for any characters. */
  filters?: Partial<Record<FilterName, string[]>>;
  /** Longest line in bytes. */
  maxLine?: number;
  /** Nano-dollars of one response, or of what it used beside its own; undefined: unpriced. Without it costs are left out. */
  price?: (model: string, time: number | undefined, numbers: Numbers, terms: readonly Term[]) => bigint | undefined;
  /** Default `auto`. */
  cost?: "auto" | "calculate" | "recorded";
  /** Told the name of each rule that decided something; the generators' coverage is measured with it. */
  onRule?: (rule: string) => void;
}

type Costs = Pick<Figures, "costUsd" | "costIsPartial">;
export type OracleFigures = Omit<Figures, keyof Costs> & Partial<Costs>;
export type OracleRow = OracleFigures & Pick<Row, "key">;

export interface GroupKeys {
  source: SourceName;
  project: string;
  session: string;
  agent: string;
  team: string | null;
  branch: string | null;
  /** Undefined: none, such as a group of user records (19). */
  model: string | undefined;
}

/** One contribution: to figures, or (with neither numbers nor uses) only to times. */
export interface Piece {
  keys: GroupKeys;
  time: number | undefined;
  numbers?: Numbers;
  responses?: number;
  toolUses?: number;
  /** Nano-dollars; null: unpriced. */
  cost?: bigint | null;
}

// ----------------------------------------------------------------------------------------------- Time keys

interface LocalTime {
  date: string;
  hour: string;
  /** Such as `+02:00`. */
  offset: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localTime(ms: number, timeZone: string): LocalTime {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(ms).map((p) => [p.type, p.value]));
  const date = `${String(parts.year).padStart(4, "0")}-${parts.month}-${parts.day}`;
  const wall = Date.parse(`${date}T${parts.hour}:${parts.minute}:${parts.second}Z`);
  const offsetMinutes = Math.round((wall - Math.floor(ms / 1000) * 1000) / 60_000);
  const two = (n: number): string => String(n).padStart(2, "0");
  const size = Math.abs(offsetMinutes);
  const offset = `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  return { date, hour: String(parts.hour), offset };
}

function timeKey(dimension: Dimension, ms: number, options: OracleOptions): string {
  const local = localTime(ms, options.timezone ?? "UTC");
  if (dimension === "day") return local.date;
  if (dimension === "month") return local.date.slice(0, -3);
  if (dimension === "hour") return `${local.date}T${local.hour}${local.offset}`;
  const day = new Date(`${local.date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() - (options.startOfWeek ?? 1) + 7) % 7));
  return day.toISOString().slice(0, 10);
}

// ----------------------------------------------------------------------------------------- Rows and figures

const NO_NUMBERS = readNumbers({}).numbers;

/** Pieces summed up; first and last time per session (30). */
class Sum {
  numbers: Numbers = { ...NO_NUMBERS };
  responses = 0;
  toolUses = 0;
  cost = 0n;
  priced = 0;
  unpriced = 0;
  /** (29): times alone make no row. */
  isRow = false;
  spans = new Map<string, { first: number; last: number }>();

  add({ keys, time, numbers, responses = 0, toolUses = 0, cost }: Piece): void {
    if (cost === null) this.unpriced++;
    else if (cost !== undefined) this.priced++;
    this.cost += cost ?? 0n;
    for (const name of Object.keys(NO_NUMBERS) as (keyof Numbers)[]) {
      this.numbers[name] += numbers?.[name] ?? 0n;
    }
    this.responses += responses;
    this.toolUses += toolUses;
    if (numbers || toolUses > 0) this.isRow = true;
    if (time === undefined) return;
    const span = this.spans.get(keys.session) ?? { first: time, last: time };
    this.spans.set(keys.session, {
      first: Math.min(span.first, time),
      last: Math.max(span.last, time),
    });
  }

  figures(hasCosts: boolean): OracleFigures {
    const n = this.numbers;
    const spans = [...this.spans.values()];
    const iso = (ms: number): string | null => (Number.isFinite(ms) ? new Date(ms).toISOString() : null);
    return {
      inputTokens: exact(n.input),
      outputTokens: exact(n.output),
      reasoningTokens: exact(n.reasoning),
      cacheCreationTokens: exact(n.creation),
      cacheCreation5mTokens: exact(n.creation5m),
      cacheCreation1hTokens: exact(n.creation1h),
      cacheReadTokens: exact(n.read),
      totalTokens: exact(n.input + n.output + n.creation + n.read),
      responses: this.responses,
      toolUses: this.toolUses,
      webSearches: exact(n.webSearches),
      firstAt: iso(Math.min(...spans.map((span) => span.first))),
      lastAt: iso(Math.max(...spans.map((span) => span.last))),
      durationMs: exact(spans.reduce((sum, span) => sum + BigInt(span.last) - BigInt(span.first), 0n)),
      billableEquivalentTokens: twentieths(
        20n * n.input + 100n * n.output + 25n * n.creation5m + 40n * n.creation1h + 2n * n.read,
      ),
      ...(hasCosts && {
        costUsd: this.priced === 0 && this.unpriced > 0 ? null : dollars(this.cost),
        costIsPartial: this.unpriced > 0,
      }),
    };
  }
}

function dollars(nanos: bigint): number {
  exact(nanos / 1_000_000_000n);
  return Number(`${nanos}e-9`);
}

function twentieths(sum: bigint): number {
  exact(sum / 20n);
  return Number(`${sum * 5n}e-2`);
}

/** (35) */
function exact(sum: bigint): number {
  if (sum > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError("a sum is beyond 2^53 - 1");
  return Number(sum);
}

const isTimeDimension = (dimension: Dimension): boolean =>
  dimension === "day" || dimension === "week" || dimension === "month" || dimension === "hour";

/** The key of a piece's row; undefined when it carries no such key (30). */
function rowKey(piece: Piece, options: OracleOptions): Record<string, string | null> | undefined {
  const key: Record<string, string | null> = {};
  for (const dimension of options.by ?? ["source", "model"]) {
    if (dimension === "none") continue;
    let value: string | null | undefined;
    if (!isTimeDimension(dimension)) value = piece.keys[dimension as keyof GroupKeys];
    else value = piece.time === undefined ? "unknown" : timeKey(dimension, piece.time, options);
    if (value === undefined) return undefined;
    key[dimension] = value;
  }
  return key;
}

/** (31), (32) */
function isAskedFor({ keys, time }: Piece, options: OracleOptions): boolean {
  if (time !== undefined && time < (options.since ?? -Infinity)) return false;
  if (time !== undefined && time > (options.until ?? Infinity)) return false;
  return Object.entries(options.filters ?? {}).every(([name, patterns]) => {
    const value = keys[name as FilterName];
    return typeof value === "string" && patterns.some((pattern) => matches(pattern, value));
  });
}

function matches(pattern: string, value: string): boolean {
  const literal = pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${literal.join(".*")}$`, "s").test(value);
}

/** (33). Hours ascend in time: at the end of summer time `T02+02:00` comes before `T02+01:00`. */
function compareRows(by: readonly Dimension[]): (a: OracleRow, b: OracleRow) => number {
  const when = (key: string | null | undefined, dimension: Dimension): number => {
    if (typeof key !== "string" || key === "unknown") return Infinity;
    if (dimension === "hour") return Date.parse(`${key.slice(0, 13)}:00:00${key.slice(13)}`);
    return Date.parse(`${key}${dimension === "month" ? "-01" : ""}T00:00:00Z`);
  };
  return (a, b) => {
    for (const dimension of by.filter(isTimeDimension)) {
      const order = compareNumbers(when(a.key[dimension], dimension), when(b.key[dimension], dimension));
      if (order !== 0) return order;
    }
    if (a.totalTokens !== b.totalTokens) return b.totalTokens - a.totalTokens;
    for (const dimension of by.filter((d) => !isTimeDimension(d))) {
      const [left, right] = [a.key[dimension] ?? null, b.key[dimension] ?? null];
      if (left === right) continue;
      if (left === null || right === null) return left === null ? 1 : -1;
      return compareText(left, right);
    }
    return 0;
  };
}

/** Pieces to rows and totals. */
export function answer(pieces: readonly Piece[], options: OracleOptions): { rows: OracleRow[]; totals: OracleFigures } {
  const totals = new Sum();
  const rows = new Map<string, { key: Row["key"]; sum: Sum }>();
  for (const piece of pieces.filter((p) => isAskedFor(p, options))) {
    totals.add(piece);
    const key = rowKey(piece, options);
    if (!key) continue;
    const name = JSON.stringify(Object.values(key));
    const row = rows.get(name) ?? { key, sum: new Sum() };
    row.sum.add(piece);
    rows.set(name, row);
  }

  return {
    rows: [...rows.values()]
      .filter(({ sum }) => sum.isRow)
      .map(({ key, sum }) => ({ key, ...sum.figures(options.price !== undefined) }))
      .sort(compareRows(options.by ?? ["source", "model"])),
    totals: totals.figures(options.price !== undefined),
  };
}
