import { describe, expect, test } from "vitest";
import { parseOverrides, readOverrides } from "../../src/pricing/overrides.ts";
import { price, usd } from "./book.ts";

const M = 1_000_000;

describe("prices of one's own", () => {
  test("for a model that no list has", () => {
    const overrides = { models: { "gateway/model-x": { input: 2, output: 8 } } };
    expect(price("gateway/model-x", { input: M }, { overrides })).toBe(usd("2"));
    expect(price("gateway/model-x", { output: M }, { overrides })).toBe(usd("8"));
    // As for list prices: 1.25 and 2 times input to write, like input to read.
    expect(price("gateway/model-x", { cacheCreation5m: M }, { overrides })).toBe(usd("2.5"));
    expect(price("gateway/model-x", { cacheCreation1h: M }, { overrides })).toBe(usd("4"));
    expect(price("gateway/model-x", { cacheRead: M }, { overrides })).toBe(usd("2"));
    expect(price("gateway/model-y", { input: M }, { overrides })).toBeUndefined();
  });

  test("every class, and searches by the thousand", () => {
    const overrides = {
      models: {
        x: { input: 2, output: 8, cacheRead: 0.2, cacheCreation5m: 3, cacheCreation1h: 5, webSearches: 7 },
      },
    };
    const all = { input: M, output: M, cacheRead: M, cacheCreation5m: M, cacheCreation1h: M, webSearches: 1000 };
    expect(price("x", all, { overrides })).toBe(usd("25.2"));
  });

  test("from a date on, list prices before", () => {
    const overrides = {
      models: {
        "claude-opus-4-8": [
          { from: "2026-09-01T12:00Z", input: 3, output: 15 },
          { from: "2026-07-01", input: 4, output: 20 },
        ],
      },
    };
    const at = (time: string) => price("claude-opus-4-8", { input: M }, { at: time, overrides });
    expect(at("2026-06-30T23:59:59.999Z")).toBe(usd("5"));
    expect(at("2026-07-01T00:00:00.000Z")).toBe(usd("4"));
    expect(at("2026-09-01T11:59:59.999Z")).toBe(usd("4"));
    expect(at("2026-09-01T12:00:00.000Z")).toBe(usd("3"));
  });

  test("for long requests, one token beyond the border", () => {
    const longContext = { above: 1000, input: 4, output: 10 };
    const overrides = { models: { x: { input: 2, output: 8, longContext } } };
    expect(price("x", { input: 1000, output: M }, { overrides })).toBe(usd("8.002"));
    expect(price("x", { input: 1001, output: M }, { overrides })).toBe(usd("10.004004"));
  });

  test("a discount on all list prices, or on those of some models", () => {
    const overrides = {
      discount: 0.9,
      models: { "claude-opus-*": { discount: 0.5 }, mine: { input: 1, output: 1 } },
    };
    expect(price("claude-haiku-4-5", { input: M }, { overrides })).toBe(usd("0.9"));
    expect(price("claude-opus-4-8", { input: M }, { overrides })).toBe(usd("2.5"));
    expect(price("claude-opus-4-8", { webSearches: 1000 }, { overrides })).toBe(usd("5"));
    expect(price("mine", { input: M }, { overrides })).toBe(usd("1"));
  });

  test("a name goes before a pattern, the name in the list counts too", () => {
    const overrides = {
      models: { "claude-*": { input: 1, output: 1 }, "claude-opus-4-8": { input: 2, output: 2 } },
    };
    expect(price("claude-opus-4-8", { input: M }, { overrides })).toBe(usd("2"));
    expect(price("anthropic/claude-opus-4.8", { input: M }, { overrides })).toBe(usd("2"));
    expect(price("claude-haiku-4-5", { input: M }, { overrides })).toBe(usd("1"));
  });

  test("fast mode multiplies them", () => {
    const overrides = { models: { "claude-opus-4-8": { input: 4, output: 20 } } };
    expect(price("claude-opus-4-8", { input: M }, { overrides, terms: ["fast"] })).toBe(usd("8"));
  });

  test("a term nobody has a price for makes a model unpriced, unless its entry says what the term costs", () => {
    const models = { mine: { input: 4, output: 20 }, "claude-sonnet-4-6": { input: 4, output: 20 } };
    for (const model of Object.keys(models)) {
      expect(price(model, { input: M }, { overrides: { models } }), model).toBe(usd("4"));
      expect(price(model, { input: M }, { overrides: { models }, terms: ["fast"] }), model).toBeUndefined();
      const said = { models: { [model]: { input: 4, output: 20, times: { fast: 2.5, batch: 0.4 } } } };
      expect(price(model, { input: M }, { overrides: said, terms: ["fast"] }), model).toBe(usd("10"));
      expect(price(model, { input: M }, { overrides: said, terms: ["fast", "batch"] }), model).toBe(usd("4"));
      // Searches cost the same on all terms.
      const searches = { models: { [model]: { input: 4, output: 20, webSearches: 10, times: { fast: 2 } } } };
      expect(price(model, { webSearches: 1000 }, { overrides: searches, terms: ["fast"] }), model).toBe(usd("10"));
    }
    expect(price("mine", { input: M }, { overrides: { models }, terms: ["us"] })).toBeUndefined();
    const own = { models: { "claude-opus-4-8": { input: 4, output: 20, times: { fast: 3 } } } };
    expect(price("claude-opus-4-8", { input: M }, { overrides: own, terms: ["fast"] })).toBe(usd("12"));
    expect(price("claude-opus-4-8", { input: M }, { overrides: own, terms: ["batch"] })).toBe(usd("2"));
  });

  test("a byte order mark is no mistake", () => {
    expect(parseOverrides(`\uFEFF{"discount": 0.5}`, "p.json").discount).toBe(0.5);
  });

  test("free is a price", () => {
    expect(price("local", { input: M }, { overrides: { models: { local: { input: 0, output: 0 } } } })).toBe(0n);
  });
});

describe("a mistake is said with its place and what to do", () => {
  const entry = { input: 1, output: 2 };
  test.each<readonly [file: unknown, message: string]>([
    [{ model: {} }, `prices.json has an unknown key "model" (did you mean "models"?)`],
    [{ models: { x: { ...entry, inptu: 1 } } }, `"models" "x" has an unknown key "inptu" (did you mean "input"?)`],
    [{ models: { x: { ...entry, cache_read: 1 } } }, `"cache_read" (did you mean "cacheRead"?)`],
    [{ models: { x: { ...entry, zzz: 1 } } }, `"zzz" (known are input, output, cacheRead,`],
    [{ models: { x: { input: 1 } } }, `"models" "x" has no "output" (give dollars per million tokens)`],
    [{ models: { x: { input: "1", output: 2 } } }, `"models" "x" "input" is no price (give dollars per million tokens`],
    [{ models: { x: { input: -1, output: 2 } } }, `"input" is no price`],
    [{ models: { x: { input: 1e9, output: 2 } } }, `"input" is no price`],
    [{ models: { x: { ...entry, from: "June" } } }, `"from" is no date (2026-03-01`],
    [{ models: { x: { ...entry, from: "2026-02-30" } } }, `"from" is no date`],
    [{ models: { x: [{ ...entry }, { ...entry }] } }, `"x" [1] begins when another one does`],
    [{ models: { x: [] } }, `"models" "x" is an empty list`],
    [{ models: { x: 3 } }, `"models" "x" is no JSON object (write one such as {"input": 3, "output": 15}`],
    [{ models: { x: { discount: 0 } } }, `"discount" is no factor (0.85 is 15 % less`],
    [{ models: { x: { discount: 0.9, input: 1 } } }, `"models" "x" has an unknown key "input"`],
    [{ discount: "10%" }, `"discount" is no factor`],
    [{ models: [] }, `"models" is no JSON object`],
    [[], "is no JSON object"],
    [{ models: { x: { ...entry, longContext: { input: 2 } } } }, `"longContext" "above" is no number of tokens`],
    [{ models: { x: { ...entry, longContext: { above: 1 } } } }, `"longContext" has no price`],
    [
      {
        models: {
          x: [
            { ...entry, from: "2026-02-01" },
            { ...entry, times: { fast: 6 } },
          ],
        },
      },
      `"x" [0] has other terms in its "times" than another entry (give each the same)`,
    ],
    [{ models: { x: { ...entry, times: { fats: 2 } } } }, `"times" has an unknown key "fats" (did you mean "fast"?)`],
    [{ models: { x: { ...entry, times: { fast: 0 } } } }, `"times" "fast" is no factor (6 is six times`],
    [{ models: { x: { ...entry, times: 6 } } }, `"times" is no JSON object (write one such as {"fast": 6}`],
    [
      { models: { x: { ...entry, longContext: { above: 1, cacheRead: 2 } } } },
      `"longContext" has "cacheRead", which is not among the ordinary prices`,
    ],
  ])("%j", (file, message) => {
    expect(() => parseOverrides(JSON.stringify(file), "prices.json")).toThrow(message);
  });

  test("no JSON, no file", () => {
    expect(() => parseOverrides("{", "prices.json")).toThrow(/^--prices: prices.json is not JSON \(.*\)$/);
    expect(() => readOverrides("/no/such/p.json")).toThrow(
      "/no/such/p.json cannot be read (ENOENT; give another file)",
    );
  });
});
