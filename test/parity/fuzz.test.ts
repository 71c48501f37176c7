/**
 * The engine against the oracle, over generated trees and options.
 *
 * TOKENSIFT_FUZZ_RUNS  trees to try (default 400; a tenth of them with threads)
 * TOKENSIFT_FUZZ_SEED  seed of a run to repeat; the seed is always printed
 * TOKENSIFT_FUZZ_PATH  fast-check's path to a counterexample, to repeat only that
 * TOKENSIFT_FUZZ_SELF  any value: the oracle stands in for the engine (tests the fuzz itself)
 *
 * The smallest failing tree is kept in a folder that the message names.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { WEEKDAYS } from "../../src/calendar.ts";
import type { ScanOptions } from "../../src/options.ts";
import type { ScanResult } from "../../src/types.ts";
import { compareScan } from "./compare.ts";
import { type Cut, toEngine } from "./engine-options.ts";
import { type Asked, scenario, type TranscriptTree, writeTree } from "./generate.ts";
import { oraclePrice, writePrices } from "./prices.ts";
import { oracleScan, type OracleOptions, type OracleResult } from "./oracle.ts";

/** Without cursors: the trees live for one question each. */
type EngineOptions = ScanOptions & { readonly paths: string[]; readonly cache: false };
type Scan = (options: EngineOptions) => Promise<ScanResult>;

const { env } = process;
const runs = Number(env.TOKENSIFT_FUZZ_RUNS ?? 400);
const seed = Number(env.TOKENSIFT_FUZZ_SEED ?? Date.now() % 2 ** 31);
const engine = "tokensift";
const scan: Scan = env.TOKENSIFT_FUZZ_SELF ? oracleAsEngine : ((await import(engine)) as { scan: Scan }).scan;

const cuts = (threads: fc.Arbitrary<number>): fc.Arbitrary<Cut> =>
  fc.record({
    threads,
    chunkBytes: fc.oneof(
      fc.constant(null),
      fc.integer({ min: 16, max: 80 }),
      fc.constantFrom(16, 17, 64, 256, 1000, 4096, 65_536),
    ),
    rangeBytes: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 100 }), fc.integer({ min: 100, max: 5000 })),
  });

const prices = writePrices();
const uncached = (asked: Asked, cut: Cut): EngineOptions => ({ ...toEngine(asked, cut), cache: false, prices });

async function oracleAsEngine(options: EngineOptions): Promise<ScanResult> {
  const { paths, since, until, startOfWeek, maxLineBytes, by, timezone, count, filters } = options;
  return oracleScan(paths, {
    ...(by && { by }),
    ...(timezone && { timezone }),
    ...(count && { count }),
    ...(filters && { filters: filters as NonNullable<OracleOptions["filters"]> }),
    ...(since && { since: Date.parse(since) }),
    ...(until && { until: Date.parse(until) }),
    ...(startOfWeek && { startOfWeek: WEEKDAYS.indexOf(startOfWeek) }),
    ...(maxLineBytes && { maxLine: maxLineBytes }),
  }) as unknown as ScanResult;
}

async function compareTree(tree: TranscriptTree, asked: readonly Asked[], someCuts: readonly Cut[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tokensift-fuzz-"));
  try {
    writeTree(folder, tree);
    for (const [index, question] of asked.entries()) {
      const here = { ...question, paths: question.paths.map((path) => join(folder, path)) };
      const cut = someCuts[index % someCuts.length]!;
      let expected: OracleResult;
      try {
        expected = oracleScan(here.paths, { ...here, price: oraclePrice });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        // A sum beyond 2^53 - 1 ends the run.
        await expect(scan(uncached(here, cut)), "a sum beyond 2^53 - 1").rejects.toThrow(/2\^53|beyond|exact|large/i);
        continue;
      }
      try {
        compareScan(await scan(uncached(here, cut)), expected);
      } catch (error) {
        const asked = JSON.stringify(uncached(question, cut));
        throw new Error(`${(error as Error).message}\nasked: ${asked}`, { cause: error });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the smallest failing tree where it can be looked at. */
function keep(tree: TranscriptTree, notes: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "tokensift-counterexample-"));
  writeTree(folder, tree);
  writeFileSync(join(folder, "asked.json"), JSON.stringify(notes, null, 2));
  return folder;
}

async function fuzz(numRuns: number, threads: fc.Arbitrary<number>): Promise<void> {
  console.log(`fuzz: seed ${seed}, ${numRuns} trees`);
  const property = fc.asyncProperty(
    scenario,
    fc.array(cuts(threads), { minLength: 1, maxLength: 4 }),
    ({ tree, asked }, someCuts) => compareTree(tree, asked, someCuts),
  );
  const path = env.TOKENSIFT_FUZZ_PATH;
  const details = await fc.check(property, {
    seed,
    numRuns,
    ...(path ? { path, endOnFailure: true } : {}),
  });
  if (!details.failed) return;
  const [{ tree, asked }, someCuts] = details.counterexample ?? [{ tree: { files: {}, features: [] }, asked: [] }, []];
  const folder = keep(tree, { asked, someCuts });
  const cause = details.errorInstance;
  const repeat = `TOKENSIFT_FUZZ_SEED=${seed} TOKENSIFT_FUZZ_PATH=${details.counterexamplePath}`;
  throw new Error(
    `after ${details.numRuns} trees and ${details.numShrinks} shrinks\ntree: ${folder}\nrepeat: ${repeat}\n${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
}

const timeout = 60_000 + runs * 1000;

test("the engine answers like the oracle, however the bytes are cut", { timeout }, () => fuzz(runs, fc.constant(0)));

test("the engine answers like the oracle with 1, 2 and 4 threads", { timeout }, () =>
  fuzz(Math.ceil(runs / 10), fc.constantFrom(1, 2, 4)),
);
