/** Real transcripts, where they lie beside the repository (`../shared/samples`): the engine against the oracle. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { scan } from "tokensift";
import { describe, expect, test } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import { type Dimension, DIMENSIONS } from "../../src/types.ts";
import { ADDITIVE } from "../additive.ts";
import { answerOf, oracleOptions } from "../transcripts.ts";
import { compareScan } from "./compare.ts";
import { oracleScan } from "./oracle.ts";

const samples = fileURLToPath(new URL("../../../shared/samples/claude-code", import.meta.url));
const areThere = existsSync(samples);
if (!areThere) console.warn(`no samples at ${samples}: their tests are skipped`);

const PAIRS: ReadonlyArray<readonly Dimension[]> = [
  ["source", "model"],
  ["project", "session"],
  ["agent", "team"],
  ["day", "model"],
  ["hour", "branch"],
];
/** Tasks are the ledger's: `test/ledger/by-task.test.ts`. */
const known = DIMENSIONS.filter((dimension) => dimension !== "task");
const groupings = [...known.map((dimension) => [dimension]), ...PAIRS];

/** Each sample folder as one root, `projects` by their real layout, and everything together. */
const roots = areThere
  ? [
      ...readdirSync(samples).map((name) => join(samples, name)),
      ...readdirSync(samples)
        .map((name) => join(samples, name, "projects"))
        .filter((path) => existsSync(path)),
      samples,
    ]
  : [];
const cases = roots.map((root) => ({ name: root.slice(samples.length + 1) || "all samples", paths: [root] }));

describe.skipIf(!areThere).each(cases)("$name", ({ paths }) => {
  test("every grouping is as the oracle says, and its rows add up to its totals", { timeout: 120_000 }, async () => {
    for (const [i, by] of groupings.entries()) {
      const question = { paths, by: [...by], timezone: i % 2 === 0 ? "UTC" : "America/St_Johns", threads: 0 };
      const result = await scan(question);
      for (const figure of ADDITIVE) {
        const sum = result.rows.reduce((all, row) => all + row[figure], 0);
        expect(sum, `${figure} by ${by.join()}`).toBe(result.totals[figure]);
      }
      // The oracle reads every file again: seconds for the larger ones, so these ask it about a few only.
      if (paths[0] === samples && i % 4 !== 0) continue;
      compareScan(result, oracleScan([...paths], oracleOptions(question, result)));
    }
  });

  test("two threads say the same as none", async () => {
    const question: ScanOptions = { paths, by: ["session", "agent", "model"] };
    expect(answerOf(await scan({ ...question, threads: 2 }))).toEqual(
      answerOf(await scan({ ...question, threads: 0 })),
    );
  });
});

describe.skipIf(!areThere)("all samples", () => {
  test.each<ScanOptions>([
    { threads: 0, chunkBytes: 1000, rangeBytes: 100_000 },
    { threads: 0, chunkBytes: 4096, rangeBytes: 5000 },
    { threads: 1, chunkBytes: 65_536 },
    { threads: 4, rangeBytes: 30_000 },
  ])("threads $threads, chunks of $chunkBytes, ranges of $rangeBytes bytes change nothing", async (cut) => {
    const question: ScanOptions = { paths: [samples], by: ["day", "session", "model"] };
    const whole = answerOf(await scan({ ...question, threads: 0 }));
    expect(answerOf(await scan({ ...question, ...cut }))).toEqual(whole);
  });
});
