/**
 * Every folder of `fixtures/` with an `expected.json` is a row: its transcripts lie below `projects/` (`home/` for
 * agents other than Claude Code), and the first line of its `why.md` is the test's title. What `expected.json` says must hold; what it leaves out may be anything.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { scan } from "tokensift";
import { describe, expect, test } from "vitest";
import type { ScanOptions } from "../src/options.ts";
import type { Diagnostics, Figures, Row, ScanResult, Stats } from "../src/types.ts";
import { compareScan } from "./parity/compare.ts";
import { oracleCodexScan } from "./parity/oracle-codex.ts";
import { oracleGeminiScan } from "./parity/oracle-gemini.ts";
import { oracleScan } from "./parity/oracle.ts";
import { answerOf, GROUPINGS, oracleOptions } from "./transcripts.ts";

interface Expected {
  options?: ScanOptions;
  rows?: Partial<Row>[];
  totals?: Partial<Figures>;
  stats?: Partial<Stats>;
  diagnostics?: Partial<Diagnostics>;
}

/** The oracle of a theme that is an agent's. */
const ORACLES: Readonly<Record<string, typeof oracleScan>> = { codex: oracleCodexScan, gemini: oracleGeminiScan };
const themeOf = (name: string) => name.split("/")[0]!;
/** Agents without one: their figures are computed by hand, and by their own tests. */
const WITHOUT_ORACLE: ReadonlySet<string> = new Set(["copilot", "opencode"]);
const oracleOf = (name: string) => ORACLES[themeOf(name)] ?? oracleScan;
const isClaude = (name: string) => oracleOf(name) === oracleScan && !WITHOUT_ORACLE.has(themeOf(name));

const root = fileURLToPath(new URL("../fixtures", import.meta.url));
const foldersIn = (folder: string) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
const cases = foldersIn(root)
  .flatMap((theme) => foldersIn(join(root, theme)).map((name) => `${theme}/${name}`))
  .filter((name) => existsSync(join(root, name, "expected.json")))
  .map((name) => {
    const folder = join(root, name);
    const { options = {}, ...expected } = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Expected;
    const [title = name] = readFileSync(join(folder, "why.md"), "utf8").split("\n");
    return {
      name,
      title,
      folder,
      expected,
      asked: { ...options, paths: [join(folder, isClaude(name) ? "projects" : "home")] },
    };
  });

/** Paths as they are written in `expected.json`: from the fixture's folder on. */
function relative(result: ScanResult, folder: string): unknown {
  return JSON.parse(JSON.stringify(result).replaceAll(`${folder}/`, ""));
}

const CUTS: ScanOptions[] = [16, 64, undefined].flatMap((chunkBytes) =>
  [1, 100, undefined].map((rangeBytes) => ({ threads: 0, chunkBytes, rangeBytes })),
);
const THREADS: ScanOptions[] = [
  { threads: 1, chunkBytes: 16, rangeBytes: 100 },
  { threads: 2, chunkBytes: 64, rangeBytes: 100 },
  { threads: 4, rangeBytes: 100 },
  { threads: 4, chunkBytes: 16 },
];

describe.each(cases)("$name: $title", ({ name, folder, expected, asked }) => {
  test("as computed by hand", async () => {
    const result = await scan({ ...asked, threads: 0 });
    expect(relative(result, folder)).toMatchObject(expected);
  });

  test.skipIf(WITHOUT_ORACLE.has(themeOf(name)))("as the oracle says, for every grouping", async () => {
    for (const by of [asked.by ?? [], ...GROUPINGS]) {
      const question = { ...asked, by: by.length > 0 ? by : undefined, threads: 0 };
      const result = await scan(question);
      compareScan(result, oracleOf(name)(asked.paths, oracleOptions(question, result)));
    }
  });

  test("however the bytes are cut", async () => {
    const whole = answerOf(await scan({ ...asked, threads: 0 }));
    for (const cut of CUTS) expect(answerOf(await scan({ ...asked, ...cut })), JSON.stringify(cut)).toEqual(whole);
  });

  test("with threads", async () => {
    const whole = answerOf(await scan({ ...asked, threads: 0 }));
    // A pool costs more than a fixture: each takes its turn with one way of cutting; all of them together see every way below.
    const cut = THREADS[cases.findIndex((other) => other.name === name) % THREADS.length];
    expect(answerOf(await scan({ ...asked, ...cut })), JSON.stringify(cut)).toEqual(whole);
  });
});

describe("all fixtures at once", () => {
  // Two fixtures hold counts near 2^53, which only add up alone.
  const paths = cases
    .filter(({ name }) => name !== "numbers/largest" && isClaude(name))
    .flatMap(({ asked }) => asked.paths);

  test.each(GROUPINGS.map((by) => ({ by })))("by $by, as the oracle says", async ({ by }) => {
    const question = { paths, by, threads: 0, timezone: "Europe/Berlin" };
    const result = await scan(question);
    compareScan(result, oracleScan(paths, oracleOptions(question, result)));
  });

  test.each(THREADS)("threads $threads, chunks of $chunkBytes, ranges of $rangeBytes bytes", async (cut) => {
    const question: ScanOptions = { paths, by: ["session", "agent", "model"] };
    const whole = answerOf(await scan({ ...question, threads: 0 }));
    expect(answerOf(await scan({ ...question, ...cut }))).toEqual(whole);
  });
});
