/** Costs in whole scans: where they are from, what has none, and that parts add up. */
import { setTimeout } from "node:timers/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Row, scan, type ScanOptions } from "tokensift";
import { recordedCost } from "../../src/sources/money.ts";
import { tokensift } from "../cli/tokensift.ts";
import { lines, makeFolder, response, sessionId } from "../transcripts.ts";

const SAMPLES = fileURLToPath(new URL("../../../shared/samples/claude-code", import.meta.url));

const PI_SAMPLES = fileURLToPath(new URL("../../../shared/samples/others/pi", import.meta.url));

async function scanLines(some: readonly string[], options: ScanOptions = {}) {
  const path = join(makeFolder({ [`projects/-srv-app/${sessionId(1)}.jsonl`]: lines(some) }), "projects");
  return scan({ by: ["model"], cache: false, ...options, paths: [path] });
}

/** 1 + 10 + 100 tokens of Opus 4.6: 5 + 250 + 50 millionths of a dollar. */
const OPUS = 0.000305;
const named = (n: number, model: string, usage: object = {}) => response(n, {}, usage, { model });

describe("a scan", () => {
  test("prices each response", async () => {
    const { rows, totals, costBasis } = await scanLines([response(1), response(2)]);
    expect(rows[0]).toMatchObject({ costUsd: 0.00061, costIsPartial: false, billableEquivalentTokens: 122 });
    expect(totals.costUsd).toBe(0.00061);
    expect(costBasis).toMatchObject({ mode: "auto", isEstimate: true, fetchedAt: null, overrides: null });
    expect(costBasis?.list).toMatch(/^@pydantic\/genai-prices \d/);
  });

  test("says what has no price, and never calls it free", async () => {
    const { rows, totals, diagnostics } = await scanLines([response(1), named(2, "model-x"), named(3, "model-w")]);
    expect(rows.map(({ key, costUsd, costIsPartial }) => [key.model, costUsd, costIsPartial])).toEqual([
      ["claude-opus-4-6", OPUS, false],
      ["model-w", null, true],
      ["model-x", null, true],
    ]);
    expect(totals).toMatchObject({ costUsd: OPUS, costIsPartial: true, totalTokens: 333 });
    expect(diagnostics).toMatchObject({ unpricedModels: ["model-w", "model-x"], unpricedTokens: 222 });
  });

  test("says in each row of CSV and NDJSON too whether something is missing from its cost", async () => {
    const project = lines([response(1), named(2, "model-x")]);
    const path = makeFolder({
      "-srv-app/a.jsonl": project,
      "-srv-web/b.jsonl": lines([response(3, { cwd: "/srv/web" })]),
    });
    const rowsOf = async (...flags: string[]) => {
      const { stdout } = await tokensift(["scan", path, "--no-cache", "--by", "project", ...flags]);
      return stdout.trim().split(/\r?\n/);
    };
    const cells = (await rowsOf("--format", "csv")).map((line) => line.split(","));
    const of = (row: readonly string[], name: string) => row[cells[0]!.indexOf(name)];
    const costs = cells.slice(1).map((row) => [of(row, "project"), of(row, "costUsd"), of(row, "costIsPartial")]);
    expect(costs).toEqual([
      ["/srv/app", `${OPUS}`, "true"],
      ["/srv/web", `${OPUS}`, "false"],
    ]);
    const byModel = (await rowsOf("--format", "csv", "--breakdown")).map((line) => line.split(",").at(-1));
    expect(byModel).toEqual(["costIsPartial", "false", "true", "false"]);
    const objects = (await rowsOf("--format", "ndjson")).map((line) => JSON.parse(line) as Row);
    expect(objects.map(({ key, costUsd, costIsPartial }) => [key.project, costUsd, costIsPartial])).toEqual([
      ["/srv/app", OPUS, true],
      ["/srv/web", OPUS, false],
    ]);
  });

  test("has nothing to say where nothing could be priced, nor where nothing was used", async () => {
    const none = await scanLines([named(1, "model-x")]);
    expect(none.totals).toMatchObject({ costUsd: null, costIsPartial: true });
    const zero = { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0 };
    const nothing = await scanLines([named(1, "model-x", zero)]);
    expect(nothing.totals).toMatchObject({ costUsd: 0, costIsPartial: false });
    expect(nothing.diagnostics.unpricedModels).toEqual([]);
  });

  test("asks filters and windows before it says what has no price", async () => {
    const some = [response(1), named(2, "model-x")];
    const opus = await scanLines(some, { filters: { model: ["claude-*"] } });
    expect(opus.totals).toMatchObject({ costUsd: OPUS, costIsPartial: false });
    expect(opus.diagnostics).toMatchObject({ unpricedModels: [], unpricedTokens: 0 });
    const early = await scanLines(some, { until: "2026-06-01T00:01:30Z" });
    expect(early.diagnostics.unpricedModels).toEqual([]);
    const late = await scanLines(some, { since: "2026-06-01T00:01:30Z" });
    expect(late.diagnostics).toMatchObject({ unpricedModels: ["model-x"], unpricedTokens: 111 });
  });

  test("prices what a response used beside its own, each under its model", async () => {
    const iterations = [
      { type: "advisor_message", model: "claude-haiku-4-5", input_tokens: 1_000_000, output_tokens: 0 },
      { type: "advisor_message", model: "model-x", input_tokens: 7 },
      { type: "message", input_tokens: 1, output_tokens: 10, cache_read_input_tokens: 100 },
    ];
    const { rows, totals, diagnostics } = await scanLines([response(1, {}, { iterations })]);
    expect(Object.fromEntries(rows.map(({ key, costUsd }) => [key.model, costUsd]))).toEqual({
      "claude-haiku-4-5": 1,
      "claude-opus-4-6": OPUS,
      "model-x": null,
    });
    expect(totals.costUsd).toBe(1 + OPUS);
    expect(diagnostics.unpricedTokens).toBe(7);
  });

  test("prices change within it", async () => {
    const long = { input_tokens: 200_001, output_tokens: 0, cache_read_input_tokens: 0 };
    const at = (n: number, timestamp: string) => response(n, { timestamp }, long);
    const { rows } = await scanLines([at(1, "2026-03-12T23:59:59Z"), at(2, "2026-03-13T00:00:00Z")], { by: ["day"] });
    expect(rows.map(({ costUsd }) => costUsd)).toEqual([2.00001, 1.000005]);
  });

  test("takes the terms of the record that counts", async () => {
    const fast = (n: number, usage: object) => response(n, {}, usage, { model: "claude-opus-4-8" });
    const { totals } = await scanLines([
      fast(1, { speed: "fast" }),
      fast(2, { speed: "standard", service_tier: "standard", inference_geo: "not_available" }),
      fast(3, { service_tier: "batch" }),
      fast(4, { inference_geo: "us" }),
      fast(5, { speed: null, service_tier: 7, inference_geo: "" }),
    ]);
    // In nano-dollars: 305,000 x 2, x 1, x 0.5, x 1.1, x 1.
    expect(totals.costUsd).toBe(0.001708);
  });

  test("remembers terms and recorded costs", async () => {
    const cacheDirectory = makeFolder();
    const some = [response(1, { costUSD: 0.25 }), response(2, {}, { speed: "fast" })];
    const path = join(makeFolder({ [`projects/-srv-app/${sessionId(1)}.jsonl`]: lines(some) }), "projects");
    const options = { by: ["model"], paths: [path], cacheDirectory, cache: true } as const;
    // A file changed a moment ago is read again.
    await setTimeout(2100);
    const cold = await scan(options);
    const warm = await scan(options);
    expect(warm.stats).toMatchObject({ transcriptsUnchanged: 1 });
    expect(warm.totals).toEqual(cold.totals);
    expect(warm.totals.costUsd).toBe(0.25 + 6 * OPUS);
  });
});

describe("--cost", () => {
  const some = [response(1, { costUSD: 0.5 }), response(2, { costUSD: 0 }), response(3)];
  test.each([
    ["auto", 0.5 + 2 * OPUS, false],
    ["calculate", 3 * OPUS, false],
    ["recorded", 0.5, true],
    ["none", null, false],
  ] as const)("%s", async (cost, costUsd, costIsPartial) => {
    const { totals, rows, costBasis, diagnostics } = await scanLines(some, { cost });
    expect(totals.costUsd === null ? null : totals.costUsd.toFixed(9)).toBe(
      costUsd === null ? null : costUsd.toFixed(9),
    );
    expect(totals.costIsPartial).toBe(costIsPartial);
    expect(rows[0]?.costUsd).toBe(totals.costUsd);
    expect(costBasis?.mode).toBe(cost === "none" ? undefined : cost);
    expect(diagnostics.unpricedTokens).toBe(cost === "recorded" ? 111 : 0);
  });

  test("of the whole response, with what it used beside its own", async () => {
    const iterations = [{ type: "advisor_message", model: "claude-haiku-4-5", input_tokens: 1_000_000 }];
    const both = [response(1, { costUSD: 0.5 }, { iterations })];
    for (const [cost, costUsd] of [
      ["auto", 0.5],
      ["recorded", 0.5],
      ["calculate", 1 + OPUS],
    ] as const) {
      const { totals, costLines = [] } = await scanLines(both, { cost, explain: true });
      expect(totals, cost).toMatchObject({ costUsd, costIsPartial: false });
      const sum = costLines.reduce((nanos, line) => nanos + Math.round((line.costUsd ?? NaN) * 1e9), 0);
      expect(sum, cost).toBe(Math.round(costUsd * 1e9));
    }
  });

  test.each([
    ["0.25", 250_000_000],
    ["1e-3", 1_000_000],
    ["2.5E+1", 25_000_000_000],
    ["0.0000000005", 1],
    ["0.00000000049", 0],
    ["1e-99", 0],
    ["0", 0],
    ["-0", 0],
    ["-0.0e5", 0],
    ["9007199.254740989", 9_007_199_254_740_989],
  ])("a transcript's %s dollars", (text, nanos) => {
    expect(recordedCost(text)).toBe(nanos + 1);
  });

  test.each([["-1"], ["9007199.3"], ["1e99"], [`"0.5"`], ["null"], [undefined]])("%s is no cost", (text) => {
    expect(recordedCost(text)).toBe(0);
  });

  test.each([[`"0.5"`], ["null"], ["true"], ["-3"], ["{}"]])("costUSD of %s costs no line", async (text) => {
    const line = response(1, { costUSD: "HERE" }).replace(`"HERE"`, text);
    const { totals, stats } = await scanLines([line]);
    expect(stats.skipped.malformed).toBe(0);
    expect(totals.costUsd).toBe(OPUS);
  });
});

describe("explanations", () => {
  test("are the totals", async () => {
    const iterations = [{ type: "advisor_message", model: "claude-haiku-4-5", input_tokens: 3 }];
    const some = [
      response(1, {}, { iterations }),
      response(2, { costUSD: 0.5 }),
      named(3, "model-x"),
      response(4, {}, { speed: "fast" }),
    ];
    const { costLines = [], totals } = await scanLines(some, { explain: true, by: ["none"] });
    const head = costLines.map(({ model, terms, responses, costUsd }) => [model, terms.join(), responses, costUsd]);
    expect(head).toEqual([
      ["claude-opus-4-6", "", 1, 0.5],
      ["claude-opus-4-6", "fast", 1, 6 * OPUS],
      ["claude-opus-4-6", "", 1, OPUS],
      ["claude-haiku-4-5", "", 0, 0.000003],
      ["model-x", "", 1, null],
    ]);
    const nanos = costLines.reduce((sum, { costUsd }) => sum + Math.round((costUsd ?? 0) * 1e9), 0);
    expect(nanos).toBe(Math.round((totals.costUsd ?? 0) * 1e9));
    expect(costLines[2]?.classes).toEqual([
      { name: "input", amount: 1, usdPerUnit: 5, costUsd: 0.000005 },
      { name: "output", amount: 10, usdPerUnit: 25, costUsd: 0.00025 },
      { name: "cacheRead", amount: 100, usdPerUnit: 0.5, costUsd: 0.00005 },
    ]);
  });
});

describe.skipIf(!existsSync(PI_SAMPLES))("what Pi says its responses cost", () => {
  test("is read, and is what its rates make of them", async () => {
    const options = { paths: [PI_SAMPLES], cache: false, by: ["model"] } as const;
    const costs = async (cost: "recorded" | "calculate") => {
      const { rows } = await scan({ ...options, cost });
      return new Map(rows.map(({ key, costUsd }) => [key.model, costUsd]));
    };
    const [recorded, calculated] = [await costs("recorded"), await costs("calculate")];
    for (const model of ["claude-sonnet-4-5", "claude-opus-4-7"]) {
      expect(recorded.get(model), model).toBeGreaterThan(0);
      expect(calculated.get(model), model).toBeCloseTo(recorded.get(model) ?? NaN, 6);
    }
  });
});

describe.skipIf(!existsSync(SAMPLES))("the samples", () => {
  const options = { paths: [SAMPLES], cache: false } as const;

  test.each<ScanOptions>([
    {},
    { since: "2026-01-11T14:07:03Z", until: "2026-04-20T06:35:00Z" },
    { filters: { model: ["*opus*"], agent: ["main"] } },
    { count: "records" },
    { cost: "recorded" },
  ])("what a cost is the sum of adds up to it: %j", async (asked) => {
    const { totals, costLines = [] } = await scan({ ...options, ...asked, explain: true });
    const nanos = (dollars: number | null) => Math.round((dollars ?? 0) * 1e9);
    expect(costLines.reduce((sum, line) => sum + nanos(line.costUsd), 0)).toBe(nanos(totals.costUsd));
    expect(costLines.reduce((sum, line) => sum + line.responses, 0)).toBe(totals.responses);
    const amounts = costLines.flatMap(({ classes }) => classes).filter(({ name }) => name !== "webSearches");
    expect(amounts.reduce((sum, { amount }) => sum + amount, 0)).toBe(totals.totalTokens);
  });

  test.each([["model"], ["day"], ["session", "agent"], ["hour", "model", "branch"]] as const)(
    "rows by %s add up to the last nano-dollar",
    async (...by) => {
      const { rows, totals } = await scan({ ...options, by });
      const nanos = (dollars: number | null) => Math.round((dollars ?? 0) * 1e9);
      expect(rows.reduce((sum, { costUsd }) => sum + nanos(costUsd), 0)).toBe(nanos(totals.costUsd));
      const twentieths = rows.reduce((sum, row) => sum + Math.round(row.billableEquivalentTokens * 20), 0);
      expect(twentieths).toBe(Math.round(totals.billableEquivalentTokens * 20));
    },
  );

  test("cost what a peer says where both count the same tokens", async () => {
    // ccusage 20 `claude monthly --offline --json --breakdown` on these files, each in a folder of its own.
    const peer = {
      "claude-opus-4-7": 11.8455965,
      "claude-opus-4-6": 8.273236,
      "claude-sonnet-4-20250514": 2.52738615,
      "claude-opus-4-20250514": 5.5782585,
      "claude-opus-4-1-20250805": 1.641345,
      "claude-3-5-haiku-20241022": 0.00136712,
    };
    const { rows } = await scan({ ...options, by: ["model"] });
    const ours = new Map(rows.map(({ key, costUsd }) => [key.model, costUsd]));
    for (const [model, costUsd] of Object.entries(peer)) expect(ours.get(model), model).toBeCloseTo(costUsd, 9);
    // Fast mode is a model of its own there.
    const fast = await scan({ ...options, by: ["none"], filters: { model: ["claude-opus-4-8"] }, explain: true });
    expect(fast.costLines?.find(({ terms }) => terms.includes("fast"))?.costUsd).toBeCloseTo(11.937859, 9);
  });
});
