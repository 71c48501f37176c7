/** Explanations row by row: what a row costs is the sum of its lines, and a line that of its classes, to the last digit. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CostLine, type Figures, scan, type ScanOptions, type ScanResult } from "tokensift";
import { transcriptTree } from "../parity/generate.ts";
import { GROUPINGS, lines, makeFolder, response, sessionId } from "../transcripts.ts";
import { writePrices } from "../parity/prices.ts";

const SAMPLES = fileURLToPath(new URL("../../../shared/samples", import.meta.url));
const SEED = Number(process.env["TOKENSIFT_FUZZ_SEED"] ?? Date.now() % 2 ** 31);
const RUNS = Math.min(40, Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 40));

const nanosOf = (usd: number | null) => BigInt(Math.round((usd ?? 0) * 1e9));
/** Rates are whole picodollars a token: a millionth of what a million tokens cost, a billionth of what a thousand searches do. */
const picoOf = (line: CostLine) =>
  line.classes.reduce((sum, { name, amount, usdPerUnit }) => {
    const rate = Math.round((usdPerUnit ?? 0) * (name === "webSearches" ? 1e9 : 1e6));
    return sum + BigInt(amount) * BigInt(rate);
  }, 0n);

/** More dollars than doubles tell nano-dollars of. */
const TOO_MANY = 2 ** 53 / 1e9;

function expectSum(costLines: readonly CostLine[], figures: Figures, where: string): void {
  if ((figures.costUsd ?? 0) >= TOO_MANY) return;
  const sum = costLines.reduce((nanos, { costUsd }) => nanos + nanosOf(costUsd), 0n);
  expect(sum, where).toBe(nanosOf(figures.costUsd));
  expect(
    costLines.some(({ costUsd }) => costUsd === null),
    where,
  ).toBe(figures.costIsPartial);
  expect(
    costLines.reduce((count, line) => count + line.responses, 0),
    where,
  ).toBe(figures.responses);
  const tokens = costLines.flatMap(({ classes }) => classes).filter(({ name }) => name !== "webSearches");
  expect(
    tokens.reduce((count, { amount }) => count + amount, 0),
    where,
  ).toBe(figures.totalTokens);
  for (const line of costLines) {
    if (line.costUsd === null || line.from === "the transcript") continue;
    const rounded = BigInt(Math.round(line.roundingUsd * 1e12));
    expect(picoOf(line) + rounded, `${where} ${line.model}`).toBe(nanosOf(line.costUsd) * 1000n);
  }
}

function expectSums({ rows, totals, costLines = [] }: ScanResult, where: string): void {
  expectSum(costLines, totals, where);
  for (const row of rows) expectSum(row.costLines ?? [], row, `${where} ${JSON.stringify(row.key)}`);
}

test("a row's lines are those of its own responses", async () => {
  const folder = makeFolder({
    [`projects/-srv-app/${sessionId(1)}.jsonl`]: [response(1), response(2, {}, {}, { model: "model-x" })],
    [`projects/-srv-app/${sessionId(2)}.jsonl`]: [response(3), response(4, {}, { speed: "fast" })],
  });
  const { rows } = await scan({ paths: [join(folder, "projects")], cache: false, by: ["session"], explain: true });
  const said = rows.map(({ key, costLines = [] }) => [
    key.session,
    costLines.map(({ model, terms, responses, costUsd }) => [model, terms.join(), responses, costUsd]),
  ]);
  expect(said).toEqual([
    [
      sessionId(1),
      [
        ["claude-opus-4-6", "", 1, 0.000305],
        ["model-x", "", 1, null],
      ],
    ],
    [
      sessionId(2),
      [
        ["claude-opus-4-6", "fast", 1, 0.00183],
        ["claude-opus-4-6", "", 1, 0.000305],
      ],
    ],
  ]);
});

test("what each response's rounding adds is said, so that classes add up too", async () => {
  const path = join(
    makeFolder({ "p.json": `{"models": {"claude-*": {"input": 0.0005, "output": 0.0015}}}` }),
    "p.json",
  );
  const some = [1, 2, 3].map((n) => response(n, {}, { output_tokens: 0, cache_read_input_tokens: 0 }));
  const folder = makeFolder({ [`projects/-srv-app/${sessionId(1)}.jsonl`]: lines(some) });
  const { rows } = await scan({
    paths: [join(folder, "projects")],
    cache: false,
    by: ["model"],
    explain: true,
    prices: path,
  });
  // Half a nano-dollar each, rounded up.
  expect(rows[0]?.costUsd).toBe(3e-9);
  expect(rows[0]?.costLines?.[0]).toMatchObject({ costUsd: 3e-9, roundingUsd: 1.5e-9 });
  expect(rows[0]?.costLines?.[0]?.classes).toEqual([{ name: "input", amount: 3, usdPerUnit: 0.0005, costUsd: 1.5e-9 }]);
});

test("in generated trees every row of every grouping is the sum of its lines", { timeout: 60_000 }, async () => {
  const prices = writePrices();
  for (const [at, tree] of fc.sample(transcriptTree, { numRuns: RUNS, seed: SEED }).entries()) {
    const folder = makeFolder(tree.files);
    for (const by of GROUPINGS) {
      const count = at % 3 === 0 ? "records" : "responses";
      const asked: ScanOptions = { by, count, prices, explain: true, cache: false, timezone: "UTC", threads: 0 };
      const result = await scan({ ...asked, paths: [folder] }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "SUM_TOO_LARGE" });
      });
      if (result) expectSums(result, `tree ${at} of seed ${SEED} by ${by.join()}`);
    }
  }
});

describe.skipIf(!existsSync(SAMPLES))("the samples", () => {
  test.each([
    { by: ["source", "model"] },
    { by: ["day", "session"], cost: "calculate" },
    { by: ["hour", "agent"], since: "2026-01-11T14:07:03Z", until: "2026-05-20" },
    { by: ["team", "branch"], cost: "recorded" },
  ] as const)("$by", async (asked) => {
    const options = { paths: [SAMPLES], explain: true, cache: false, timezone: "Europe/Berlin", ...asked };
    expectSums(await scan(options), JSON.stringify(asked));
  });
});
