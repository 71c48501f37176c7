/** Rates as exact integers, and what they make of an amount of tokens. */
import type { AMOUNTS } from "../events.ts";
import type { DatedPrices, Price, Prices } from "./provider.ts";
import { wholeProduct } from "./product.ts";

/** Picodollars (10^-12 dollars) a token: a millionth of a dollar per million tokens is one. Whole numbers. */
export interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cacheCreation5m: number;
  readonly cacheCreation1h: number;
  readonly cacheRead: number;
  /** Of one search; undefined: not known. */
  readonly webSearch: number | undefined;
}

/** Rates and the requests they hold for. */
export interface RateRow {
  readonly rates: Rates;
  /** -Infinity: always. */
  readonly fromMs: number;
  /** The part of each UTC day, its end excluded; 0 and 0: all of it. */
  readonly dayStartMs: number;
  readonly dayEndMs: number;
  /** Requests with more input than this, cached or not; -1: all. */
  readonly above: number;
  /** Of one's own, not of the list. */
  readonly isOwn?: boolean;
  /** By term, what these rates are multiplied by instead of by the surcharge that is known. */
  readonly times?: Readonly<Record<string, number>>;
}

/** What the provider of Claude charges for writing to the cache, in parts of its input rate; for others the same is assumed. */
const CACHE_CREATION_5M = 1.25;
const CACHE_CREATION_1H = 2;

const PICO_A_DOLLAR_PER_MILLION = 1e6;
const PICO_A_DOLLAR_PER_THOUSAND = 1e9;

/** In the order in which they are to be tried: later prices first, and of one time those for long requests first. */
export function rowsOf(dated: readonly DatedPrices[]): RateRow[] {
  return dated.flatMap(({ constraint, prices }, at) => rowsOfPrices(prices, at === 0 ? {} : constraint)).toReversed();
}

function rowsOfPrices(prices: Prices, constraint: DatedPrices["constraint"] | object = {}): RateRow[] {
  const when = {
    fromMs: "start_date" in constraint ? Date.parse(constraint.start_date) : -Infinity,
    dayStartMs: "start_time" in constraint ? timeOfDayMs(constraint.start_time) : 0,
    dayEndMs: "start_time" in constraint ? timeOfDayMs(constraint.end_time) : 0,
  };
  const starts = new Set<number>();
  for (const price of Object.values(prices)) {
    if (typeof price === "object") for (const { start } of price.tiers) starts.add(start);
  }
  const borders = [-1, ...[...starts].sort((a, b) => a - b)];
  return borders.map((above) => ({ ...when, above, rates: ratesOf(prices, above) }));
}

function ratesOf(prices: Prices, above: number): Rates {
  const rate = (price: Price | undefined) =>
    price === undefined ? undefined : wholeProduct(dollarsOf(price, above), PICO_A_DOLLAR_PER_MILLION);
  const input = rate(prices.input_mtok) ?? 0;
  const searches = prices.web_searches_kcount;
  return {
    input,
    output: rate(prices.output_mtok) ?? 0,
    cacheCreation5m: rate(prices.cache_write_mtok) ?? wholeProduct(input, CACHE_CREATION_5M),
    cacheCreation1h: rate(prices.cache_write_1h_mtok) ?? input * CACHE_CREATION_1H,
    // Where reading from the cache has no price of its own it is input like any other.
    cacheRead: rate(prices.cache_read_mtok) ?? input,
    webSearch:
      searches === undefined ? undefined : wholeProduct(dollarsOf(searches, above), PICO_A_DOLLAR_PER_THOUSAND),
  };
}

/** The price of requests with more input than `above`. */
function dollarsOf(price: Price, above: number): number {
  if (typeof price === "number") return price;
  let dollars = price.base;
  let highest = -1;
  for (const tier of price.tiers) {
    if (tier.start > above || tier.start < highest) continue;
    dollars = tier.price;
    highest = tier.start;
  }
  return dollars;
}

/** `01:00:00Z`; with an offset, `+08:00`, as well. */
function timeOfDayMs(text: string): number {
  return Date.parse(`1970-01-02T${text}`) % 86_400_000;
}

/** `rates` with each token rate times some factors, and those of searches times others, rounded to whole picodollars. */
export function timesFactors(rates: Rates, factors: readonly number[], ofSearches: readonly number[] = []): Rates {
  const times = (rate: number) => wholeProduct(rate, ...factors);
  return {
    input: times(rates.input),
    output: times(rates.output),
    cacheCreation5m: times(rates.cacheCreation5m),
    cacheCreation1h: times(rates.cacheCreation1h),
    cacheRead: times(rates.cacheRead),
    webSearch: rates.webSearch === undefined ? undefined : wholeProduct(rates.webSearch, ...ofSearches),
  };
}

export type Amounts = Readonly<Record<Exclude<keyof typeof AMOUNTS, "reasoning">, number>>;

/** The classes that cost, each with its own rate. */
export const CLASSES = ["input", "output", "cacheCreation5m", "cacheCreation1h", "cacheRead", "webSearches"] as const;

export function rateOf(rates: Rates, name: (typeof CLASSES)[number]): number | undefined {
  return name === "webSearches" ? rates.webSearch : rates[name];
}

/** Input that the model was given, however it was paid for: what long-context rates are decided by. */
export function contextOf({ input, cacheCreation5m, cacheCreation1h, cacheRead }: Amounts): number {
  return input + cacheCreation5m + cacheCreation1h + cacheRead;
}

/** The row for a request; `atMs` undefined: its time is not known, and neither the hour of its day. */
export function rowFor(
  rows: readonly RateRow[],
  context: number,
  atMs: number | undefined,
  nowMs: number,
): RateRow | undefined {
  const ms = atMs ?? nowMs;
  return rows.find((row) => row.fromMs <= ms && context > row.above && holdsAt(row, atMs));
}

function holdsAt({ dayStartMs: start, dayEndMs: end }: RateRow, atMs: number | undefined): boolean {
  if (start === end) return true;
  if (atMs === undefined) return false;
  const ms = ((atMs % 86_400_000) + 86_400_000) % 86_400_000;
  return end < start ? ms >= start || ms < end : ms >= start && ms < end;
}

/** Nano-dollars, rounded once, halves up; undefined where searches have no known price. The slow way of `src/tally/wasm/prices.ts`. */
export function nanosOf(amounts: Amounts, rates: Rates): bigint | undefined {
  let pico = 0n;
  for (const name of CLASSES) {
    const rate = rateOf(rates, name);
    if (amounts[name] === 0) continue;
    if (rate === undefined) return undefined;
    pico += BigInt(amounts[name]) * BigInt(rate);
  }
  return (pico + 500n) / 1000n;
}
