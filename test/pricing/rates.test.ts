/** Costs computed by hand from what the providers publish. Million tokens of each class, so that figures are the rates. */
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { wholeProduct } from "../../src/pricing/product.ts";
import { CLASSES, rateOf } from "../../src/pricing/rates.ts";
import { price, usd } from "./book.ts";

const M = 1_000_000;
const each = { input: M, output: M, cacheCreation5m: M, cacheCreation1h: M, cacheRead: M } as const;

/** Dollars per million: input, output, written for 5 minutes, for 1 hour, read. */
const CLAUDE = "https://platform.claude.com/docs/en/about-claude/pricing#model-pricing";
const OPENAI = "https://developers.openai.com/api/docs/pricing";
const GEMINI = "https://ai.google.dev/gemini-api/docs/pricing";

type RateCase = readonly [model: string, at: string, rates: readonly string[], source: string];

// Where input is a million tokens, long-context rates hold if the model has any: those are in the cases below.
const FLAT: readonly RateCase[] = [
  ["claude-opus-4-8", "2026-06-10T00:00:00Z", ["5", "25", "6.25", "10", "0.5"], CLAUDE],
  ["claude-opus-4-5-20251101", "2026-01-10T00:00:00Z", ["5", "25", "6.25", "10", "0.5"], CLAUDE],
  ["claude-opus-4-1-20250805", "2025-09-10T00:00:00Z", ["15", "75", "18.75", "30", "1.5"], CLAUDE],
  ["claude-opus-5-5", "2026-10-10T00:00:00Z", ["4", "20", "5", "8", "0.2"], CLAUDE],
  ["claude-sonnet-4-20250514", "2025-07-10T00:00:00Z", ["3", "15", "3.75", "6", "0.3"], CLAUDE],
  ["claude-haiku-4-5-20251001", "2026-01-10T00:00:00Z", ["1", "5", "1.25", "2", "0.1"], CLAUDE],
  ["claude-3-5-haiku-20241022", "2025-03-10T00:00:00Z", ["0.8", "4", "1", "1.6", "0.08"], CLAUDE],
  // The list has no rates for writing to these caches: 1.25 and 2 times input.
  ["gpt-5-codex", "2025-10-10T00:00:00Z", ["1.25", "10", "1.5625", "2.5", "0.125"], OPENAI],
  ["gpt-5.3-codex", "2026-03-10T00:00:00Z", ["1.75", "14", "2.1875", "3.5", "0.175"], OPENAI],
  ["gpt-4.1", "2025-06-10T00:00:00Z", ["2", "8", "2.5", "4", "0.5"], OPENAI],
  ["gemini-2.5-flash", "2025-10-10T00:00:00Z", ["0.3", "2.5", "0.375", "0.6", "0.03"], GEMINI],
  ["gemini-3-flash-preview", "2026-02-10T00:00:00Z", ["0.5", "3", "0.625", "1", "0.05"], GEMINI],
  // No rate for reading from its cache: input like any other.
  ["gpt-5-pro", "2025-11-10T00:00:00Z", ["15", "120", "18.75", "30", "15"], OPENAI],
];

describe("a million tokens of each class", () => {
  test.each(FLAT)("%s", (model, at, rates) => {
    for (const [place, name] of Object.keys(each).entries()) {
      expect(price(model, { [name]: M }, { at }), name).toBe(usd(rates[place] as string));
    }
    const sum = rates.reduce((total, rate) => total + usd(rate), 0n);
    expect(price(model, each, { at }), "together").toBe(sum);
  });
});

type BorderCase = readonly [
  model: string,
  at: string,
  most: number,
  below: readonly [string, string],
  above: readonly [string, string],
];

/** Dollars per million of input and output, for requests with at most so much input, and with one token more. */
const BORDERS: readonly BorderCase[] = [
  ["claude-sonnet-4-5-20250929", "2026-01-10T00:00:00Z", 200_000, ["3", "15"], ["6", "22.5"]],
  ["claude-opus-4-6", "2026-02-10T00:00:00Z", 200_000, ["5", "25"], ["10", "37.5"]],
  ["gemini-2.5-pro", "2025-10-10T00:00:00Z", 200_000, ["1.25", "10"], ["2.5", "15"]],
  ["gemini-3-pro-preview", "2026-01-10T00:00:00Z", 200_000, ["2", "12"], ["4", "18"]],
  // "Standard rates for prompts with <272K input tokens": the border itself is long.
  ["gpt-5.4", "2026-04-10T00:00:00Z", 271_999, ["2.5", "15"], ["5", "22.5"]],
];

describe("long-context rates", () => {
  test.each(BORDERS)("%s", (model, at, most, below, above) => {
    const cost = (input: number, [inputRate, outputRate]: readonly [string, string]) =>
      (BigInt(input) * usd(inputRate) + 1000n * usd(outputRate)) / BigInt(M);
    expect(price(model, { input: most, output: 1000 }, { at }), "at the border").toBe(cost(most, below));
    expect(price(model, { input: most + 1, output: 1000 }, { at }), "one beyond").toBe(cost(most + 1, above));
  });

  test("what was read from and written to the cache is input too, output is not", () => {
    const at = "2026-01-10T00:00:00Z";
    const long = { input: 1, cacheRead: 199_998, cacheCreation5m: 1, cacheCreation1h: 1 };
    // 6 + 199,998 x 0.6 + 7.5 + 12 dollars per million.
    expect(price("claude-sonnet-4-5", long, { at })).toBe(120_024_300n);
    // Without the hour: 3 + 199,998 x 0.3 + 3.75.
    expect(price("claude-sonnet-4-5", { ...long, cacheCreation1h: 0 }, { at })).toBe(60_006_150n);
    expect(price("claude-sonnet-4-5", { input: 1, output: M }, { at })).toBe(15_000_003_000n);
  });
});

describe("prices change", () => {
  test.each([
    // One price over the whole context window since: https://platform.claude.com/docs/en/release-notes/overview
    ["claude-opus-4-6", "2026-03-12T23:59:59.999Z", "10"],
    ["claude-opus-4-6", "2026-03-13T00:00:00.000Z", "5"],
    ["claude-sonnet-4-6", "2026-03-12T23:59:59.999Z", "6"],
    ["claude-sonnet-4-6", "2026-03-13T00:00:00.000Z", "3"],
    ["o3", "2025-06-09T23:59:59.999Z", "10"],
    ["o3", "2025-06-10T00:00:00.000Z", "2"],
    // Introductory until the end of 2026.
    ["gemini-3.6-flash", "2026-12-31T23:59:59.999Z", "0.75"],
    ["gemini-3.6-flash", "2027-01-01T00:00:00.000Z", "1.5"],
  ])("%s at %s", (model, at, dollars) => {
    expect(price(model, { input: M }, { at })).toBe(usd(dollars));
  });

  test("what has no time costs what it costs now", () => {
    expect(price("gemini-3.6-flash", { input: M })).toBe(usd("0.75"));
    expect(price("o3", { input: M })).toBe(usd("2"));
  });

  test("hours of the day", () => {
    // DeepSeek's discount of 2025, 16:30 to 00:30 UTC: the list has the other part of the day.
    const at = (time: string) => price("deepseek-chat", { output: M }, { at: `2025-05-05T${time}Z` });
    expect(at("00:29:59.999")).toBe(at("16:30:00.000"));
    expect(at("00:30:00.000")).toBe(at("16:29:59.999"));
    expect(at("00:29:59.999")).not.toBe(at("00:30:00.000"));
  });
});

describe("web searches", () => {
  test("ten dollars a thousand", () => {
    expect(price("claude-opus-4-8", { webSearches: 3 })).toBe(usd("0.03"));
    expect(price("claude-opus-4-8", { webSearches: 3, input: 1000 })).toBe(usd("0.035"));
    expect(price("gpt-5", { webSearches: 1 })).toBe(usd("0.01"));
  });

  test("a price that is not known is not free", () => {
    expect(price("gpt-4.1-nano", { webSearches: 1, input: 1000 })).toBeUndefined();
    expect(price("gpt-4.1-nano", { input: 1000 })).toBe(usd("0.0001"));
  });
});

describe("rounding", () => {
  test("once a response, halves up", () => {
    // 0.0005 dollars per million is half a nano-dollar a token.
    const overrides = { models: { tiny: { input: 0.0005, output: 0.000499 } } };
    expect(price("tiny", { input: 1 }, { overrides })).toBe(1n);
    expect(price("tiny", { output: 1 }, { overrides })).toBe(0n);
    expect(price("tiny", { input: 3 }, { overrides })).toBe(2n);
    // Not class by class: 0.5 + 0.5 is 1.
    expect(price("tiny", { input: 1, cacheRead: 1 }, { overrides })).toBe(1n);
  });

  test("of rates too, as they are written and not as doubles multiply them", () => {
    // 124.5 picodollars a token; as doubles 124.49999999999999.
    const overrides = { models: { tiny: { input: 0.0001245, output: 0 } } };
    expect(price("tiny", { input: 10_000 }, { overrides })).toBe(1250n);
    expect([wholeProduct(45, 0.7), wholeProduct(50, 1.15), wholeProduct(1e-7, 5e6), wholeProduct(3, 1)]).toEqual([
      32, 58, 1, 3,
    ]);
    const decimal = fc.tuple(fc.nat(10_000), fc.nat(8)).map(([n, places]) => ({ n, places }));
    fc.assert(
      fc.property(fc.array(decimal, { minLength: 1, maxLength: 3 }), fc.nat(1e9), (some, whole) => {
        const digits = some.reduce((product, { n }) => product * BigInt(n), BigInt(whole));
        const scale = 10n ** BigInt(some.reduce((sum, { places }) => sum + places, 0));
        const factors = some.map(({ n, places }) => Number(`${n}e-${places}`));
        expect(wholeProduct(whole, ...factors)).toBe(Number((digits * 2n + scale) / (scale * 2n)));
      }),
    );
  });

  test("exact however large", () => {
    const input = Number.MAX_SAFE_INTEGER;
    expect(price("claude-opus-4-8", { input, cacheRead: input })).toBe((BigInt(input) * 5_500_000n + 500n) / 1000n);
  });
});

test("every class has its rate", () => {
  const rates = { input: 1, output: 2, cacheCreation5m: 3, cacheCreation1h: 4, cacheRead: 5, webSearch: undefined };
  expect(CLASSES.map((name) => rateOf(rates, name))).toEqual([1, 2, 3, 4, 5, undefined]);
});
