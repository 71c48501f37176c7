/** Prices of one's own: `--prices FILE`. Checked whole, since a wrong key would silently do nothing. */
import { readFileSync } from "node:fs";
import { nearest } from "../config/suggest.ts";
import { ScanError } from "../errors.ts";
import { TERMS } from "../events.ts";
import type { Price, Prices } from "./provider.ts";
import type { Override, Overrides } from "./own-prices.ts";
import { type RateRow, rowsOf } from "./rates.ts";
import { withoutMark } from "../json.ts";

const FILE_KEYS = ["$schema", "discount", "models"] as const;
const MODEL_KEYS = ["discount"] as const;
const PRICE_KEYS = ["input", "output", "cacheRead", "cacheCreation5m", "cacheCreation1h", "webSearches"] as const;
const ENTRY_KEYS = [...PRICE_KEYS, "from", "longContext", "times"] as const;
const LONG_KEYS = ["above", "input", "output", "cacheRead", "cacheCreation5m", "cacheCreation1h"] as const;

const LIST_KEYS = {
  input: "input_mtok",
  output: "output_mtok",
  cacheRead: "cache_read_mtok",
  cacheCreation5m: "cache_write_mtok",
  cacheCreation1h: "cache_write_1h_mtok",
  webSearches: "web_searches_kcount",
} as const satisfies Record<(typeof PRICE_KEYS)[number], keyof Prices>;

/** More than any price: a price per token instead of per million would be far below, one in cents not above. */
const MOST_DOLLARS = 1e6;
const DATE = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** Throws `INVALID_OPTION`, with the place of the mistake. */
export function readOverrides(path: string): Overrides {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ScanError("INVALID_OPTION", `--prices: ${path} cannot be read (${code}; give another file)`, { cause });
  }
  return parseOverrides(text, path);
}

export function parseOverrides(text: string, path: string): Overrides {
  const place = new Place(path, []);
  let value: unknown;
  try {
    value = JSON.parse(withoutMark(text));
  } catch (cause) {
    throw place.wrong(`is not JSON (${(cause as Error).message.replaceAll(/\s+/g, " ")})`);
  }
  const file = place.object(value, FILE_KEYS, `{"models": {"my-model": {"input": 3, "output": 15}}}`);
  const discount = file["discount"] === undefined ? 1 : place.at("discount").factor(file["discount"]);
  const modelsPlace = place.at("models");
  const models = file["models"] === undefined ? {} : modelsPlace.anyObject(file["models"]);
  return {
    path,
    discount,
    models: Object.entries(models).map(([pattern, entry]) => readModel(pattern, entry, modelsPlace.at(pattern))),
  };
}

function readModel(pattern: string, value: unknown, place: Place): Override {
  const entries = Array.isArray(value) ? (value as unknown[]) : [value];
  if (entries.length === 0) throw place.wrong("is an empty list (give prices, or leave the model out)");
  const list = entries.map((entry, at) => ({ entry, place: Array.isArray(value) ? place.at(at) : place }));
  const [only] = list;
  if (list.length === 1 && only && isDiscount(only.entry)) {
    const { discount } = only.place.object(only.entry, MODEL_KEYS, `{"discount": 0.9}`);
    return { pattern, rows: [], discount: only.place.at("discount").factor(discount) };
  }
  const dated = list.map((one) => ({ ...readEntry(one.entry, one.place), place: one.place }));
  for (const { rows, place: where } of dated) {
    // Else a later price without a term would be passed over for an earlier one with it.
    if (dated.some((other) => termsOf(other.rows) !== termsOf(rows))) {
      throw where.wrong(`has other terms in its "times" than another entry (give each the same)`);
    }
  }
  const sorted = dated.toSorted((a, b) => a.fromMs - b.fromMs);
  sorted.forEach(({ fromMs, place: where }, at) => {
    if (sorted[at - 1]?.fromMs === fromMs) throw where.wrong(`begins when another one does (give it a later "from")`);
  });
  return { pattern, rows: sorted.toReversed().flatMap(({ rows }) => rows), discount: undefined };
}

/** The terms that an entry says a price of. */
function termsOf([first]: readonly RateRow[]): string {
  return Object.keys(first?.times ?? {})
    .sort()
    .join();
}

function isDiscount(value: unknown): boolean {
  return typeof value === "object" && value !== null && "discount" in value;
}

function readEntry(value: unknown, place: Place): { readonly fromMs: number; readonly rows: readonly RateRow[] } {
  const entry = place.object(value, ENTRY_KEYS, `{"input": 3, "output": 15}, in dollars per million tokens`);
  const fromMs = entry["from"] === undefined ? -Infinity : place.at("from").instant(entry["from"]);
  for (const name of ["input", "output"] as const) {
    if (entry[name] === undefined) throw place.wrong(`has no "${name}" (give dollars per million tokens)`);
  }
  const long = entry["longContext"];
  const longPlace = place.at("longContext");
  const longEntry = long === undefined ? undefined : longPlace.object(long, LONG_KEYS, `{"above": 200000, "input": 6}`);
  const above = longEntry === undefined ? 0 : longPlace.at("above").count(longEntry["above"]);
  if (longEntry && LONG_KEYS.every((name) => name === "above" || longEntry[name] === undefined)) {
    throw longPlace.wrong(`has no price (give one such as "input", or leave it out)`);
  }
  const times = entry["times"] === undefined ? {} : readTimes(entry["times"], place.at("times"));
  const prices: Partial<Record<keyof Prices, Price>> = {};
  for (const name of PRICE_KEYS) {
    if (entry[name] === undefined && longEntry?.[name] !== undefined) {
      throw longPlace.wrong(`has "${name}", which is not among the ordinary prices (give it there too)`);
    }
    if (entry[name] === undefined) continue;
    const base = place.at(name).dollars(entry[name]);
    const price = longEntry?.[name] === undefined ? undefined : longPlace.at(name).dollars(longEntry[name]);
    prices[LIST_KEYS[name]] = price === undefined ? base : { base, tiers: [{ start: above, price }] };
  }
  return { fromMs, rows: rowsOf([{ prices }]).map((row) => ({ ...row, fromMs, times })) };
}

/** What fast mode and its like multiply these prices by. */
function readTimes(value: unknown, place: Place): Readonly<Record<string, number>> {
  const times = place.object(value, Object.keys(TERMS), `{"fast": 6}`);
  return Object.fromEntries(Object.entries(times).map(([term, factor]) => [term, place.at(term).times(factor)]));
}

/** Where in the file something stands, for whoever has to mend it. */
class Place {
  readonly #path: string;
  readonly #keys: ReadonlyArray<string | number>;

  constructor(path: string, keys: ReadonlyArray<string | number>) {
    this.#path = path;
    this.#keys = keys;
  }

  at(key: string | number): Place {
    return new Place(this.#path, [...this.#keys, key]);
  }

  wrong(what: string): ScanError {
    const keys = this.#keys.map((key) => (typeof key === "number" ? `[${key}]` : `"${key}"`)).join(" ");
    return new ScanError("INVALID_OPTION", `--prices: ${this.#path}${keys === "" ? "" : `: ${keys}`} ${what}`);
  }

  anyObject(value: unknown): Record<string, unknown> {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    throw this.wrong("is no JSON object");
  }

  object(value: unknown, names: readonly string[], example: string): Record<string, unknown> {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.wrong(`is no JSON object (write one such as ${example})`);
    }
    for (const key of Object.keys(value)) {
      if (names.includes(key)) continue;
      const near = nearest(key, names);
      const hint = near === undefined ? `known are ${names.join(", ")}` : `did you mean "${near}"?`;
      throw this.wrong(`has an unknown key "${key}" (${hint})`);
    }
    return value as Record<string, unknown>;
  }

  dollars(value: unknown): number {
    if (typeof value === "number" && value >= 0 && value <= MOST_DOLLARS) return value;
    throw this.wrong(
      `is no price (give dollars per million tokens, or per thousand searches, from 0 to ${MOST_DOLLARS})`,
    );
  }

  factor(value: unknown): number {
    if (typeof value === "number" && value > 0 && value <= 10) return value;
    throw this.wrong("is no factor (0.85 is 15 % less than list prices; above 0, at most 10)");
  }

  times(value: unknown): number {
    if (typeof value === "number" && value > 0 && value <= 100) return value;
    throw this.wrong("is no factor (6 is six times these prices, 0.5 half of them; above 0, at most 100)");
  }

  count(value: unknown): number {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.wrong("is no number of tokens (give the most input that ordinary prices hold for)");
  }

  instant(value: unknown): number {
    const [text = "", date = ""] = (typeof value === "string" ? DATE.exec(value) : null) ?? [];
    const [ms, day] = [Date.parse(text), Date.parse(date)];
    // A day that is none (30 February) is another one, or no time at all.
    const isDay = !Number.isNaN(day) && new Date(day).toISOString().startsWith(date);
    if (isDay && !Number.isNaN(ms)) return ms;
    throw this.wrong("is no date (2026-03-01, from 00:00 UTC on, or 2026-03-01T08:00Z)");
  }
}
