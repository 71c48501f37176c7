/** Prices for generated transcripts: as a file for the engine, and as a slow, obvious sum for the oracle. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Numbers, Term } from "./oracle-read.ts";

/**
 * Dollars per million tokens, with borders of time and of context that generated responses lie on both sides of, and on.
 * Where the file says a zone, the price changes at 12:00 UTC.
 */
const FILE = {
  models: {
    "claude-opus-4-6": [
      { input: 15, output: 75, cacheRead: 1.5, cacheCreation5m: 18.75, cacheCreation1h: 30, webSearches: 10 },
      {
        from: "2026-06-01T17:30:00+05:30",
        input: 5.000001,
        output: 25,
        cacheRead: 0.4999995,
        cacheCreation5m: 6.25,
        cacheCreation1h: 10,
        webSearches: 7.5,
        longContext: { above: 100, input: 10, output: 37.5, cacheRead: 1, cacheCreation5m: 12.5, cacheCreation1h: 20 },
      },
    ],
    "claude-haiku-4-5": [
      { from: "2026-06-01", input: 2.000005, output: 10, longContext: { above: 103, input: 3 } },
      { input: 1, output: 5, cacheRead: 0.1, cacheCreation5m: 1.25, cacheCreation1h: 2 },
    ],
  },
} as const;

/** Whole millionths of a dollar per million tokens (searches: per thousand), as the table above says once rounded. */
interface Rates {
  readonly input: bigint;
  readonly output: bigint;
  readonly read: bigint;
  readonly creation5m: bigint;
  readonly creation1h: bigint;
  readonly search: bigint | undefined;
}

const OPUS_BEFORE: Rates = {
  input: 15_000_000n,
  output: 75_000_000n,
  read: 1_500_000n,
  creation5m: 18_750_000n,
  creation1h: 30_000_000n,
  search: 10_000_000_000n,
};
const OPUS: Rates = {
  input: 5_000_001n,
  output: 25_000_000n,
  read: 500_000n,
  creation5m: 6_250_000n,
  creation1h: 10_000_000n,
  search: 7_500_000_000n,
};
const OPUS_LONG: Rates = {
  ...OPUS,
  input: 10_000_000n,
  output: 37_500_000n,
  read: 1_000_000n,
  creation5m: 12_500_000n,
  creation1h: 20_000_000n,
};
const HAIKU_BEFORE: Rates = {
  input: 1_000_000n,
  output: 5_000_000n,
  read: 100_000n,
  creation5m: 1_250_000n,
  creation1h: 2_000_000n,
  search: undefined,
};
/** What is left out is made from the input rate: 1.25 and 2 times, and reading like any input. */
const HAIKU: Rates = {
  input: 2_000_005n,
  output: 10_000_000n,
  read: 2_000_005n,
  creation5m: 2_500_006n,
  creation1h: 4_000_010n,
  search: undefined,
};
const HAIKU_LONG: Rates = {
  ...HAIKU,
  input: 3_000_000n,
  read: 3_000_000n,
  creation5m: 3_750_000n,
  creation1h: 6_000_000n,
};

function ratesOf(model: string, time: number | undefined, context: bigint): Rates | undefined {
  const isBefore = (instant: string) => time !== undefined && time < Date.parse(instant);
  if (model === "claude-opus-4-6") {
    if (isBefore("2026-06-01T12:00:00Z")) return OPUS_BEFORE;
    return context > 100n ? OPUS_LONG : OPUS;
  }
  if (model !== "claude-haiku-4-5") return undefined;
  if (isBefore("2026-06-01T00:00:00Z")) return HAIKU_BEFORE;
  return context > 103n ? HAIKU_LONG : HAIKU;
}

/** What providers publish, in twentieths: fast mode of Opus 4.6 six times, batches half, US only a tenth more since 4.6. */
const TIMES: Readonly<Record<string, Partial<Record<Term, bigint>>>> = {
  "claude-opus-4-6": { fast: 120n, batch: 10n, priority: 20n, us: 22n },
  "claude-haiku-4-5": { batch: 10n, priority: 20n, us: 20n },
};

export function writePrices(): string {
  const path = join(mkdtempSync(join(tmpdir(), "tokensift-prices-")), "prices.json");
  writeFileSync(path, JSON.stringify(FILE));
  return path;
}

/** Nano-dollars; undefined: no price is known. */
export function oraclePrice(
  model: string,
  time: number | undefined,
  n: Numbers,
  terms: readonly Term[],
): bigint | undefined {
  const context = n.input + n.creation + n.read;
  if (context + n.output + n.webSearches === 0n) return 0n;
  const rates = ratesOf(model, time, context);
  if (!rates || (n.webSearches > 0n && rates.search === undefined)) return undefined;
  let [times, of] = [1n, 1n];
  for (const term of terms) {
    const twentieths = TIMES[model]?.[term];
    if (twentieths === undefined) return undefined;
    times *= twentieths;
    of *= 20n;
  }
  // Token rates are rounded to whole ones, halves up; searches cost the same on all terms.
  const rate = (plain: bigint) => (plain * times * 2n + of) / (of * 2n);
  const pico =
    n.input * rate(rates.input) +
    n.output * rate(rates.output) +
    n.read * rate(rates.read) +
    n.creation5m * rate(rates.creation5m) +
    n.creation1h * rate(rates.creation1h) +
    n.webSearches * (rates.search ?? 0n);
  return pico / 1000n + (pico % 1000n >= 500n ? 1n : 0n);
}
