/** Codex rollouts: the engine against its oracle, on real rollouts where they lie beside the repository. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { scan } from "tokensift";
import { describe, expect, test } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import type { Dimension } from "../../src/types.ts";
import { answerOf, GROUPINGS, makeFolder, oracleOptions, sessionId, type Tree } from "../transcripts.ts";
import { compareScan } from "./compare.ts";
import { oracleCodexScan } from "./oracle-codex.ts";

const samples = fileURLToPath(new URL("../../../shared/samples/codex", import.meta.url));
const areThere = existsSync(samples);
if (!areThere) console.warn(`no samples at ${samples}: their tests are skipped`);

const sample = (name: string) => [join(samples, name)];
const totalOf = async (name: string, options: ScanOptions = {}) =>
  (await scan({ paths: sample(name), threads: 0, cache: false, ...options })).totals.totalTokens;

describe.skipIf(!areThere)("real rollouts", () => {
  test("a parent and its fork count their common part once", async () => {
    expect(await totalOf("CodexBar-Issue2037/live-fork-4d90-52bf")).toBe(26_801_911);
  });

  test("restarts and a review: each of the two rollouts counts its own", async () => {
    expect(await totalOf("0h-n0-local-voice-assistant")).toBe(28_425_003);
    expect(await totalOf("0h-n0-local-voice-assistant", { filters: { agent: ["review"] } })).toBe(74_831);
  });

  test("without the review's own rollout its part counts where it was told", async () => {
    expect(await totalOf("0h-n0-local-voice-assistant/sessions/2025/12/25")).toBe(28_425_003);
  });

  test("each event by itself, as older collectors counted: every repeat again", async () => {
    const { rows } = await scan({ paths: sample("0h-n0-local-voice-assistant"), by: ["session"], count: "records" });
    expect(rows.map(({ totalTokens }) => totalTokens)).toEqual([56_689_241, 130_431]);
  });

  test.each([
    "0h-n0-local-voice-assistant",
    "CodexBar-Issue2037/archived-fork-33ce-3869",
    "CodexBar-Issue2037/live-fork-4d90-52bf",
    "CodexBar-Issue2037/missing-parent-siblings",
    "diiviikk5-Xeus",
  ])("%s: as the oracle says, however it is cut", { timeout: 60_000 }, async (name) => {
    const paths = sample(name);
    for (const count of ["responses", "records"] as const) {
      for (const by of [...GROUPINGS, ["hour", "agent"] satisfies Dimension[]]) {
        const question = { paths, by, count, threads: 0, cache: false, timezone: "Asia/Tokyo" };
        const result = await scan(question);
        compareScan(result, oracleCodexScan(paths, oracleOptions(question, result)));
      }
    }
    const question: ScanOptions = { paths, by: ["day", "session", "model"], cache: false };
    const whole = answerOf(await scan({ ...question, threads: 0 }));
    for (const cut of [
      { threads: 0, chunkBytes: 1000, rangeBytes: 20_000 },
      { threads: 0, chunkBytes: 4096, rangeBytes: 5000 },
      { threads: 2, rangeBytes: 30_000 },
    ])
      expect(answerOf(await scan({ ...question, ...cut })), JSON.stringify(cut)).toEqual(whole);
  });
});

describe("rollouts whose first session_meta is damaged or names no id", () => {
  const at = (seconds: number) => new Date(Date.UTC(2026, 5, 1, 10, 0, seconds)).toISOString();
  const meta = (seconds: number, payload: object) =>
    JSON.stringify({ timestamp: at(seconds), type: "session_meta", payload });
  const reading = (seconds: number, input: number) =>
    JSON.stringify({
      timestamp: at(seconds),
      type: "event_msg",
      payload: { type: "token_count", info: { total_token_usage: { input_tokens: input } } },
    });
  const name = (n: number) => `sessions/rollout-2026-06-01T10-00-00-${sessionId(n)}.jsonl`;
  const ask = async (tree: Tree) => {
    const paths = [makeFolder(tree)];
    const question: ScanOptions = { paths, by: ["session"], threads: 0, cache: false, timezone: "UTC" };
    const result = await scan(question);
    compareScan(result, oracleCodexScan(paths, oracleOptions(question, result)));
    return result.rows.map(({ key, inputTokens }) => [key.session, inputTokens]);
  };

  // What is told within two seconds of the first line is taken for a copy where another session's record follows.
  test("its own record, written again, is no other session's", async () => {
    const rollout = [meta(0, { cwd: "/srv/app" }), reading(1, 100), meta(1, { id: sessionId(1) }), reading(9, 300)];
    expect(await ask({ [name(1)]: rollout })).toEqual([[sessionId(1), 300]]);
  });

  test("a fork finds it by its name", async () => {
    const readings = [reading(1, 100), reading(2, 300)];
    const fork = [meta(20, { id: sessionId(2), forked_from_id: sessionId(1) }), reading(25, 100), reading(26, 300)];
    for (const first of ['{"timestamp":', meta(0, {}), meta(0, { id: 5 })]) {
      expect(await ask({ [name(1)]: [first, ...readings], [name(2)]: [...fork, reading(40, 350)] })).toEqual([
        [sessionId(1), 300],
        [sessionId(2), 50],
      ]);
    }
  });
});
