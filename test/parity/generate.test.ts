/** The generators themselves: noise keeps its meaning, damage is damage, and no rule is left unexercised. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Json, Raw, renderLine, transcriptTree, writeTree } from "./generate.ts";
import { oracleScan } from "./oracle.ts";

const RECORD: Json = {
  type: "assistant",
  uuid: "u/1\u{1f600}",
  note: "\ud800 lone, \u0000 and \u001f escaped",
  message: {
    id: "msg",
    model: "m",
    usage: { input_tokens: 10, output_tokens: 0, cache_creation: { a: [1, 2.5] } },
  },
};
const seed = fc.integer({ min: 1, max: 2 ** 30 });

test("seed 0 is plain JSON, a raw spelling stays as it is", () => {
  expect(renderLine(RECORD, { seed: 0 })).toBe(JSON.stringify(RECORD));
  expect(renderLine({ a: new Raw("1e1") }, { seed: 0 })).toBe('{"a":1e1}');
});

test("noise changes the bytes, never the meaning of what is read, and never the line", () => {
  let changed = 0;
  fc.assert(
    fc.property(seed, (noise) => {
      const line = renderLine(RECORD, { seed: noise });
      if (line !== JSON.stringify(RECORD)) changed++;
      expect(line).not.toContain("\n");
      expect(Buffer.from(line).toString()).toBe(line);
      const read: unknown = JSON.parse(line, (_, value: unknown) => (value === 0 ? 0 : value)); // -0
      expect(read).toMatchObject(RECORD);
    }),
    { numRuns: 500 },
  );
  expect(changed).toBeGreaterThan(400);
});

test("a broken line is never valid JSON", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 30), seed, (noise, breakSeed) => {
      expect(() => JSON.parse(renderLine(RECORD, { seed: noise, breakSeed }))).toThrow(SyntaxError);
    }),
    { numRuns: 3000 },
  );
});

const TREES = 600;

test("every feature and every rule is met in at least 1 % of the trees", { timeout: 120_000 }, () => {
  const met = new Map<string, number>();
  for (const tree of fc.sample(transcriptTree, { numRuns: TREES, seed: 20_261_121 })) {
    const folder = mkdtempSync(join(tmpdir(), "tokensift-coverage-"));
    const seen = new Set(tree.features);
    try {
      writeTree(folder, tree);
      const { stats, diagnostics, rows } = oracleScan([folder], {
        by: ["model", "agent", "team", "session", "project", "branch", "day"],
        onRule: (rule) => seen.add(rule),
      });
      for (const [reason, count] of Object.entries(stats.skipped)) if (count > 0) seen.add(reason);
      if (diagnostics.responsesWithoutTime > 0) seen.add("response without time");
      for (const { key } of rows) {
        for (const [name, value] of Object.entries(key)) {
          if (name !== "day" || value === "unknown") seen.add(`${name}: ${value}`.replace(folder.slice(5), "ROOT"));
        }
      }
      if (rows.some((row) => row.responses === 0 && row.totalTokens > 0)) seen.add("row of iterations only");
      if (rows.some((row) => row.responses === 0 && row.toolUses > 0)) seen.add("row of tool uses only");
      if (rows.some((row) => row.durationMs > 0)) seen.add("duration");
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      seen.add("sum beyond 2^53 - 1");
    } finally {
      rmSync(folder, { recursive: true });
    }
    for (const name of seen) met.set(name, (met.get(name) ?? 0) + 1);
  }
  const table = [...met].sort((a, b) => a[1] - b[1]).map(([name, n]) => `${((100 * n) / TREES).toFixed(1)} % ${name}`);
  if (process.env.TOKENSIFT_FUZZ_COVERAGE) console.log(table.join("\n"));
  expect([...met.keys()]).toEqual(expect.arrayContaining(MUST_BE_MET));
  expect(table.filter((line) => Number.parseFloat(line) < 1 && !/ (project|session):/.test(line))).toEqual([]);
});

const MUST_BE_MET = [
  "rule1",
  "rule2 session",
  "rule2 uuid",
  "rule3",
  "rule4",
  "transitive",
  "one original",
  "several originals",
  "no original",
  "nested copy",
  "nested counts",
  "nested beside records without usage",
  "progress of another type",
  "iteration added",
  "recorded cost",
  "terms fast",
  "terms several",
  "row of iterations only",
  "row of tool uses only",
  "tool use copy",
  "low output",
  "fork",
  "fork of a fork",
  "backup",
  "model switch",
  "synthetic with tokens",
  "synthetic without tokens",
  "malformed",
  "pending",
  "response without time",
  "byte order mark",
  "empty file",
  "bad",
  "noise",
  "model: synthetic",
  "model: unknown",
  "agent: dev",
  "agent: Plan",
  "agent: Explore",
  "agent: main",
  "team: null",
  "team: red",
  "branch: null",
  "project: -srv-app",
  "session: notes",
];
