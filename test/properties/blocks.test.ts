/** Blocks add up to the scan of the same question, and each holds the hours that are its. Trees and questions are those of the fuzz. */
import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Block, type Figures, type Row, scan, scanBlocks, ScanError, type ScanOptions } from "tokensift";
import { expect, test } from "vitest";
import { ADDITIVE } from "../additive.ts";
import { toEngine } from "../parity/engine-options.ts";
import { type Asked, scenario, type TranscriptTree, writeTree } from "../parity/generate.ts";
import { writePrices } from "../parity/prices.ts";

const runs = Math.ceil(Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 400) / 16);
const prices = writePrices();
const HOUR_MS = 3_600_000;
const BLOCK_MS = 5 * HOUR_MS;

/** Sums, with money in whole nano-dollars and weights in twentieths. */
function sumsOf(some: ReadonlyArray<Omit<Figures, "durationMs">>) {
  const sum = (of: (one: Omit<Figures, "durationMs">) => number) => some.reduce((total, one) => total + of(one), 0);
  return {
    ...Object.fromEntries(ADDITIVE.map((name) => [name, sum((one) => one[name])])),
    costNanos: sum(({ costUsd }) => Math.round((costUsd ?? 0) * 1e9)),
    costIsPartial: some.some(({ costIsPartial }) => costIsPartial),
    twentieths: sum(({ billableEquivalentTokens }) => Math.round(billableEquivalentTokens * 20)),
  };
}

/** From 2^53 nano-dollars on a double is no sum of whole ones, and from 2^48 tokens on it does not tell twentieths. */
function expectSame(found: ReturnType<typeof sumsOf>, expected: ReturnType<typeof sumsOf>): void {
  const { costNanos, twentieths, ...sums } = found;
  const { costNanos: expectedNanos, twentieths: expectedTwentieths, ...others } = expected;
  expect(sums).toEqual(others);
  expectAsFarAsTold(costNanos, expectedNanos, 2 ** 53);
  expectAsFarAsTold(twentieths, expectedTwentieths, 20 * 2 ** 48);
}

function expectAsFarAsTold(sum: number, expected: number, limit: number): void {
  if (expected < limit) expect(sum).toBe(expected);
  else expect(Math.abs(sum / expected - 1)).toBeLessThan(1e-12);
}

/** Slow and obvious: whose hours with responses are walked one by one, as the definition says. */
function startsOf(rows: readonly Row[]): number[] {
  const hours = rows.filter(({ responses }) => responses > 0).map(({ key }) => hourOf(key.hour as string));
  const known = new Set(hours.filter((hour) => !Number.isNaN(hour)));
  const starts: number[] = [];
  for (const hour of [...known].sort((a, b) => a - b)) {
    const last = starts.at(-1);
    if (last === undefined || hour >= last + BLOCK_MS) starts.push(hour);
  }
  return starts;
}

function hourOf(name: string): number {
  return name === "unknown" ? NaN : Date.parse(name.replace("+00:00", ":00Z"));
}

async function inTree<T>(tree: TranscriptTree, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tokensift-blocks-"));
  try {
    writeTree(folder, tree);
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("blocks add up to the scan, and hold what the scan's hours hold", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ tree, asked }) =>
      inTree(tree, async (folder) => {
        for (const one of asked) await check(folder, one);
      }),
    ),
    { numRuns: runs },
  );
});

/** What scan refuses, blocks refuse alike. */
async function sumIsTooLarge(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if (error instanceof ScanError && error.code === "SUM_TOO_LARGE") return true;
    throw error;
  }
}

async function check(folder: string, asked: Asked): Promise<void> {
  const { by: _, paths, ...question } = toEngine(asked, { threads: 0, chunkBytes: null, rangeBytes: null });
  const options: ScanOptions = {
    ...question,
    paths: paths.map((path) => join(folder, path)),
    sources: ["claude"],
    cache: false,
    prices,
  };
  if (await sumIsTooLarge(scan({ ...options, by: ["none"] }))) {
    expect(await sumIsTooLarge(scanBlocks(options))).toBe(true);
    return;
  }
  const { totals, window } = await scan({ ...options, by: ["none"] });
  const report = await scanBlocks({ ...options, breakdown: true });
  expect(report.totals).toEqual(totals);
  expectSame(sumsOf(report.blocks), sumsOf([totals]));

  // The same hours, asked of scan itself: bounds as instants, since hours are to be those of UTC.
  const bounds = { since: window.since ?? undefined, until: window.until ?? undefined };
  const { filters: _f, ...unfiltered } = options;
  const everything: ScanOptions = { ...unfiltered, since: undefined, until: undefined, timezone: "UTC", by: ["hour"] };
  // Then there is nobody to ask where blocks begin.
  if (await sumIsTooLarge(scan(everything))) return;
  const all = await scan(everything);
  const { rows } = await scan({ ...options, ...bounds, timezone: "UTC", by: ["hour"] });
  const starts = startsOf(all.rows);
  const expected = new Map<string | null, Row[]>();
  for (const row of rows) {
    const hour = hourOf(row.key.hour as string);
    const start = Number.isNaN(hour) ? undefined : (starts.findLast((ms) => ms <= hour) ?? starts[0]);
    const key = start === undefined ? null : new Date(start).toISOString();
    expected.set(key, [...(expected.get(key) ?? []), row]);
  }
  expect(new Set(report.blocks.map(({ startAt }) => startAt))).toEqual(new Set(expected.keys()));
  for (const block of report.blocks) expectSame(sumsOf([block]), sumsOf(expected.get(block.startAt) ?? []));
  for (const block of report.blocks) expectSame(sumsOf(block.breakdown ?? []), sumsOf([block]));
  expectApart(report.blocks);
}

/** No two blocks overlap, and each begins at a full hour. */
function expectApart(blocks: readonly Block[]): void {
  const starts = blocks.flatMap(({ startAt }) => (startAt === null ? [] : [Date.parse(startAt)]));
  for (const [at, start] of starts.entries()) {
    expect(Number.isInteger(start / HOUR_MS)).toBe(true);
    if (at > 0) expect(start - (starts[at - 1] as number)).toBeGreaterThanOrEqual(BLOCK_MS);
  }
}
