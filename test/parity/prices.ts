/** Prices for generated transcripts: as a file for the engine, and as a slow, obvious sum for the oracle. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Numbers } from "./oracle-read.ts";

/** Dollars per million tokens, with borders of time and of context that generated responses lie on both sides of. */
const FILE = {
  models: {
    "claude-opus-4-6": [
      { input: 15, output: 75, cacheRead: 1.5, cacheCreation5m: 18.75, cacheCreation1h: 30, webSearches: 10 },
      {
        from: "2026-06-01T12:00:00Z",
        input: 5.000001,
        output: 25,
        cacheRead: 0.4999995,
        cacheCreation5m: 6.25,
        cacheCreation1h: 10,
        webSearches: 7.5,
        longContext: { above: 100, input: 10, output: 37.5, cacheRead: 1, cacheCreation5m: 12.5, cacheCreation1h: 20 },
      },
    ],
    "claude-haiku-4-5": { input: 1, output: 5, cacheRead: 0.1, cacheCreation5m: 1.25, cacheCreation1h: 2 },
  },
} as const;

/** In whole millionths of a dollar per million tokens (searches: per thousand), as the table above says once rounded. */
const OPUS_BEFORE = {
  input: 15_000_000n,
  output: 75_000_000n,
  read: 1_500_000n,
  creation5m: 18_750_000n,
  creation1h: 30_000_000n,
  search: 10_000_000_000n,
};
const OPUS = {
  input: 5_000_001n,
  output: 25_000_000n,
  read: 500_000n,
  creation5m: 6_250_000n,
  creation1h: 10_000_000n,
  search: 7_500_000_000n,
};
const OPUS_LONG = {
  ...OPUS,
  input: 10_000_000n,
  output: 37_500_000n,
  read: 1_000_000n,
  creation5m: 12_500_000n,
  creation1h: 20_000_000n,
};
const HAIKU = {
  input: 1_000_000n,
  output: 5_000_000n,
  read: 100_000n,
  creation5m: 1_250_000n,
  creation1h: 2_000_000n,
  search: undefined,
};

export function writePrices(): string {
  const path = join(mkdtempSync(join(tmpdir(), "tokensift-prices-")), "prices.json");
  writeFileSync(path, JSON.stringify(FILE));
  return path;
}

/** Nano-dollars; undefined: no price is known. */
export function oraclePrice(model: string, time: number | undefined, n: Numbers): bigint | undefined {
  const context = n.input + n.creation + n.read;
  if (context + n.output + n.webSearches === 0n) return 0n;
  const isBefore = time !== undefined && time < Date.parse("2026-06-01T12:00:00Z");
  const rates =
    model === "claude-haiku-4-5"
      ? HAIKU
      : model === "claude-opus-4-6"
        ? isBefore
          ? OPUS_BEFORE
          : context > 100n
            ? OPUS_LONG
            : OPUS
        : undefined;
  if (!rates || (n.webSearches > 0n && rates.search === undefined)) return undefined;
  const pico =
    n.input * rates.input +
    n.output * rates.output +
    n.read * rates.read +
    n.creation5m * rates.creation5m +
    n.creation1h * rates.creation1h +
    n.webSearches * (rates.search ?? 0n);
  return pico / 1000n + (pico % 1000n >= 500n ? 1n : 0n);
}
