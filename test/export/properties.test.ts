/**
 * The rows of an export are a scan, taken apart: over generated transcripts and questions.
 *
 * TOKENSIFT_FUZZ_RUNS  trees to try (default 100)
 * TOKENSIFT_FUZZ_SEED  seed of a run to repeat; fast-check prints it with a failure
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { scan } from "tokensift";
import { expect, test } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import type { Dimension } from "../../src/types.ts";
import { toEngine } from "../parity/engine-options.ts";
import { ALONE, family, plainActs, writeFamily } from "../parity/generate-codex.ts";
import { type Asked, scenario } from "../parity/generate.ts";
import { writePrices } from "../parity/prices.ts";
import { FIXTURES } from "../cli/tokensift.ts";
import { makeFolder } from "../transcripts.ts";
import { expectToAddUp, exported } from "./sums.ts";

const runs = Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 100);
const seed = process.env["TOKENSIFT_FUZZ_SEED"];
const settings = { numRuns: runs, ...(seed && { seed: Number(seed) }) };
const timeout = 60_000 + runs * 1000;
const prices = writePrices();

const BY: readonly Dimension[][] = [
  ["source", "model"],
  ["day", "model"],
  ["month", "session"],
  ["project", "agent"],
  ["team", "branch", "task"],
  ["none"],
];
const by = fc.constantFrom(...BY);
const rangeBytes = fc.integer({ min: 1, max: 3000 });

/** A folder for one tree; the one before goes. */
function put(root: string, files: Readonly<Record<string, string | Buffer>>): string {
  const folder = join(root, "home");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

/** Undefined where a sum is beyond 2^53 - 1: then an export is refused as a scan is. */
async function checked(asked: ScanOptions, dimensions: readonly Dimension[]) {
  try {
    await scan({ ...asked, by: dimensions });
  } catch (error) {
    expect(error).toMatchObject({ code: "SUM_TOO_LARGE" });
    await expect(exported(asked)).rejects.toMatchObject({ code: "SUM_TOO_LARGE" });
    return undefined;
  }
  return expectToAddUp(asked, dimensions);
}

test("rows of any Claude Code transcripts add up to any scan of them, however they are cut", { timeout }, async () => {
  const root = makeFolder();
  const property = fc.asyncProperty(scenario, by, rangeBytes, async ({ tree, asked }, dimensions, cut) => {
    const folder = put(root, tree.files);
    for (const question of asked.slice(0, 2)) {
      const options = engineOptions(question, folder);
      const rows = await checked(options, dimensions);
      if (rows && question === asked[0])
        expect((await exported({ ...options, rangeBytes: cut, chunkBytes: 16 + cut })).rows).toEqual(rows);
    }
  });
  await fc.assert(property, settings);
});

test("a tool use on the other side of a clock change within a quarter of an hour is a row of its own", async () => {
  const at = (time: string, content: readonly object[], more: object = {}) =>
    JSON.stringify({
      type: "assistant",
      uuid: time,
      requestId: "r",
      timestamp: time,
      message: { id: "m", model: "claude-opus-4-6", content, ...more },
    });
  const usage = { input_tokens: 1, output_tokens: 2 };
  const tool = [{ type: "tool_use", id: "t", name: "Read", input: {} }];
  // Midnight in St. John's is 02:30 UTC; a minute later its clocks go back to the day before.
  const lines = [at("2010-11-07T02:30:59.000Z", [], { usage }), at("2010-11-07T02:31:00.000Z", tool)];
  const folder = makeFolder({ "s.jsonl": lines });
  const options = { paths: [folder], cache: false, threads: 0, timezone: "America/St_Johns" };
  expect(await expectToAddUp(options, ["day", "model"])).toHaveLength(2);
  // In Casey clocks went from 00:01 to 03:01.
  const casey = [at("2021-10-02T16:00:30.000Z", [], { usage }), at("2021-10-02T16:05:00.000Z", tool)];
  const { rows } = await exported({ ...options, paths: [makeFolder({ "s.jsonl": casey })] });
  expect(rows.map(({ toolUses }) => toolUses)).toEqual([0, 1]);
});

test("no zone's clocks have changed inside of a quarter of an hour since, but those", { timeout }, () => {
  const odd: string[] = [];
  for (const zone of Intl.supportedValuesOf("timeZone")) {
    let at = Temporal.Instant.from("2012-01-01T00:00Z").toZonedDateTimeISO(zone).getTimeZoneTransition("next");
    for (; at && at.year < 2030; at = at.getTimeZoneTransition("next")) {
      if (at.epochMilliseconds % 900_000 !== 0) odd.push(`${zone} ${at.toInstant().toString()}`);
    }
  }
  expect(odd).toEqual(["2020-10-03", "2021-10-02", "2022-10-01"].map((day) => `Antarctica/Casey ${day}T16:01:00Z`));
});

function engineOptions({ count: _, ...question }: Asked, folder: string): ScanOptions {
  const paths = question.paths.map((path) => join(folder, path));
  return {
    ...toEngine({ ...question, paths }, { threads: 0, chunkBytes: null, rangeBytes: null }),
    cache: false,
    prices,
  };
}

test("rows of any family of Codex rollouts add up, also of any window", { timeout }, async () => {
  const root = makeFolder();
  const property = fc.asyncProperty(family, by, fc.nat(100), fc.nat(100), async (sessions, dimensions, from, to) => {
    const paths = [put(root, writeFamily(sessions))];
    const asked = { paths, threads: 0, cache: false, timezone: "Asia/Kathmandu", prices };
    const rows = (await checked(asked, dimensions)) ?? [];
    const times = rows.flatMap(({ time }) => time ?? []);
    if (times.length === 0) return;
    const [since, until] = [from, to].map((at) => times[Math.floor((at / 101) * times.length)] as string).sort();
    await checked({ ...asked, since, until }, dimensions);
  });
  await fc.assert(property, settings);
});

test("a rollout that grows keeps the ids of its rows", { timeout }, async () => {
  const root = makeFolder();
  const property = fc.asyncProperty(plainActs, fc.double({ min: 0, max: 1, noNaN: true }), async (acts, part) => {
    const files = writeFamily([{ ...ALONE, acts }]);
    const [[name, bytes] = ["", Buffer.alloc(0)]] = Object.entries(files);
    const rowsOf = async (content: Buffer) =>
      (await exported({ paths: [put(root, { [name]: content })], threads: 0, cache: false })).rows;
    const end = bytes.lastIndexOf(10, Math.floor(part * bytes.length)) + 1;
    const before = await rowsOf(bytes.subarray(0, end));
    const after = await rowsOf(bytes);
    expect(after.slice(0, before.length)).toEqual(before);
  });
  await fc.assert(property, settings);
});

test.each([
  "demo",
  "report/names",
  "responses",
  "iterations",
  "progress",
  "codex",
  "gemini",
  "opencode",
  "copilot",
  "run/whole-team",
])("rows of the fixtures %s add up", async (name) => {
  const paths = [join(FIXTURES, name)];
  for (const dimensions of BY)
    await expectToAddUp({ paths, threads: 0, cache: false, timezone: "UTC", prices }, dimensions);
});

const samples = fileURLToPath(new URL("../../../shared/samples", import.meta.url));

test.skipIf(!existsSync(samples))(
  "rows of real transcripts add up, in any window, and are the same from cursors",
  { timeout },
  async () => {
    const asked = { paths: [samples], threads: 0, timezone: "Asia/Kathmandu", prices };
    const rows = await expectToAddUp({ ...asked, cache: false }, ["day", "model"]);
    for (const dimensions of BY) await expectToAddUp({ ...asked, cache: false, cost: "recorded" }, dimensions);
    const times = rows.flatMap(({ time }) => time ?? []);
    const [since, until] = [1 / 3, 2 / 3].map((part) => times[Math.floor(part * times.length)] as string);
    await expectToAddUp({ ...asked, cache: false, since, until }, ["day", "session"]);
    await expectToAddUp({ ...asked, cache: false, filters: { model: ["claude-*", "gpt-*"] } }, ["project", "agent"]);
    const cacheDirectory = makeFolder();
    for (const threads of [0, 2, 0])
      expect((await exported({ ...asked, cacheDirectory, threads, rangeBytes: 70_000 })).rows).toEqual(rows);
  },
);
