import { describe, expect, test } from "vitest";
import { TERMS } from "../../src/events.ts";
import {
  matchesStar,
  surchargeOf,
  SURCHARGES,
  SURCHARGES_CHECKED,
  type Term,
  termNames,
} from "../../src/pricing/surcharges.ts";
import { price, usd } from "./book.ts";

const M = 1_000_000;
const at = "2026-10-10T00:00:00Z";

describe("terms", () => {
  test.each<readonly [model: string, terms: Term[], input: string, output: string]>([
    // https://platform.claude.com/docs/en/build-with-claude/fast-mode#pricing
    ["claude-opus-4-6", ["fast"], "30", "150"],
    ["claude-opus-4-7", ["fast"], "30", "150"],
    ["claude-opus-4-8", ["fast"], "10", "50"],
    ["claude-opus-5", ["fast"], "10", "50"],
    ["claude-opus-5-5", ["fast"], "8", "40"],
    // https://platform.claude.com/docs/en/about-claude/pricing
    ["claude-haiku-4-5", ["batch"], "0.5", "2.5"],
    ["claude-opus-4-8", ["us"], "5.5", "27.5"],
    ["claude-opus-4-8", ["fast", "us"], "11", "55"],
    ["claude-sonnet-4-6", ["batch", "us"], "1.65", "8.25"],
    ["claude-opus-4-5", ["us"], "5", "25"],
    ["claude-opus-4-8", ["priority"], "5", "25"],
    // https://developers.openai.com/api/docs/pricing
    ["gpt-5.3-codex", ["flex"], "0.875", "7"],
    ["gpt-5.5", ["priority"], "25", "112.5"],
  ])("%s %s", (model, terms, input, output) => {
    expect(price(model, { input: M }, { at, terms })).toBe(usd(input));
    // Long-context rates hold for a million tokens of input, so output stands alone.
    const short = price(model, { output: M }, { at, terms });
    expect(short).toBe(model === "gpt-5.5" ? usd("75") : usd(output));
  });

  test("fast mode for long requests, before one price held for the whole window", () => {
    const before = { at: "2026-02-20T00:00:00Z", terms: ["fast"] } as const;
    expect(price("claude-opus-4-6", { input: M }, before)).toBe(usd("60"));
    expect(price("claude-opus-4-6", { input: 200_000 }, before)).toBe(usd("6"));
  });

  test("cache rates are multiplied too, searches are not", () => {
    const terms = ["fast"] as const;
    expect(price("claude-opus-4-8", { cacheRead: M, cacheCreation1h: M }, { at, terms })).toBe(usd("21"));
    expect(price("claude-opus-4-8", { webSearches: 1000 }, { at, terms })).toBe(usd("10"));
  });

  test("a price that is not known is not the ordinary one", () => {
    expect(price("claude-sonnet-4-6", { input: M }, { at, terms: ["fast"] })).toBeUndefined();
    expect(price("gpt-5.3-codex", { input: M }, { at, terms: ["priority"] })).toBeUndefined();
  });
});

test("every surcharge says when and where it was read", () => {
  expect(SURCHARGES_CHECKED).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  for (const { term, source, times } of SURCHARGES) {
    expect(TERMS).toHaveProperty(term);
    expect(source).toMatch(/^https:\/\//);
    expect(times).toBeGreaterThan(0);
  }
  expect(surchargeOf("us", "anthropic", "claude-opus-4-5")?.times).toBe(1);
});

test("names of terms", () => {
  expect(termNames(0)).toEqual([]);
  expect(termNames(TERMS.fast | TERMS.us)).toEqual(["fast", "us"]);
});

test.each([
  ["a*c", "abc", true],
  ["a*c", "ac", true],
  ["a*a", "a", false],
  ["*", "", true],
  ["*b*b", "ab", false],
  ["a*b*c", "axbxc", true],
  ["a.c", "abc", false],
])("%s matches %s: %s", (pattern, text, does) => {
  expect(matchesStar(pattern, text)).toBe(does);
});
