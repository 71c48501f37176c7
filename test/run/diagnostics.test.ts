/** What a run says beside its figures: lines and files that are not in them, costs that are not known, sums that are too large. */
import { readFileSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { collectRun, type UsageBlock } from "tokensift";
import { expect, test } from "vitest";
import { tokensift } from "../cli/tokensift.ts";
import { type Spent, transcript, uuid, World } from "./world.ts";

const AT_MS = Date.UTC(2026, 5, 10, 10);
const used = (input: number, minute = 0): Spent[] => [{ atMs: AT_MS + minute * 60_000, input, output: 0 }];
const crew = (agentName: string) => ({ teamName: "crew", agentName });
const DAMAGED = "{ no JSON\n";

test("bad lines of the run's transcripts are said with their places, those of other sessions are not", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1)) + DAMAGED);
  const worker = world.writeSession(1, DAMAGED + transcript("a", used(10), crew("a-worker")));
  world.write(
    join(worker.replace(/\.jsonl$/, ""), "subagents", "agent-x.jsonl"),
    `${transcript("x", used(100))}{"torn`,
  );
  world.writeSession(2, transcript("b", used(1000), { teamName: "others" }) + DAMAGED);
  symlinkSync("/nowhere", join(world.projectFolder(), `${uuid(3)}.jsonl`));
  const state = world.writeRun({ workers: [{ workerId: "a" }] });
  const variables = { TOKENSIFT_CACHE_DIR: world.cache };
  const { code, stdout, stderr } = await tokensift(["run", state, "--json"], { home: world.home, variables });
  const { usageSummary, workers } = JSON.parse(stdout) as Awaited<ReturnType<typeof collectRun>>;
  const { skipped, skippedLines, unreadable } = usageSummary.diagnostics;
  expect(workers[0]?.usage).toMatchObject({ totalTokens: 110 });
  expect(skipped).toEqual({ malformed: 2, oversized: 0, pending: 1 });
  const lead = { line: 2, offset: transcript("lead", used(1)).length, reason: "malformed" };
  const torn = { line: 2, offset: transcript("x", used(100)).length, reason: "pending" };
  expect(skippedLines.map(({ path, ...where }) => ({ name: basename(path), ...where }))).toEqual([
    { name: `${uuid(0)}.jsonl`, ...lead },
    { name: `${uuid(1)}.jsonl`, line: 1, offset: 0, reason: "malformed" },
    { name: "agent-x.jsonl", ...torn },
  ]);
  expect(unreadable).toEqual([{ path: join(world.projectFolder(), `${uuid(3)}.jsonl`), code: "ENOENT" }]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^1 file could not be read .*\n2 lines skipped as damaged .*\n$/m);
});

test("duplicates are decided among the run's transcripts only", async () => {
  const world = new World();
  const shared = transcript("lead", used(10, 5));
  // An earlier session of the project, of no team, that the lead's was forked from: as a scan has it, the responses are its.
  world.writeSession(9, transcript("before", used(7)) + shared);
  world.writeSession(0, shared + transcript("own", used(100, 6)));
  const { leadUsage } = await collectRun(world.writeRun({}), world.options);
  expect(leadUsage).toMatchObject({ totalTokens: 110 });
});

test("the cost of a model without a price is not known, of nobody it is in, and it is named", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(1_000_000)));
  const unknown = transcript("a", used(10), crew("a")).replaceAll("claude-opus-4-6", "model-x");
  world.writeSession(1, unknown + transcript("a2", used(1), crew("a")));
  const state = world.writeRun({ workers: [{ workerId: "a" }] });
  const { leadUsage, workers, usageSummary } = await collectRun(state, world.options);
  expect(leadUsage).toMatchObject({ estimatedCostUsd: 5 });
  expect(workers[0]?.usage).toMatchObject({ estimatedCostUsd: null, totalTokens: 11, model: "model-x" });
  expect(usageSummary).toMatchObject({
    leadEstimatedCostUsd: 5,
    workerEstimatedCostUsd: null,
    runEstimatedCostUsd: null,
    unmatchedModels: ["model-x"],
    costBasis: { mode: "auto", isEstimate: true, overrides: null },
  });
  const data = world.write(join(world.base, "final.data.json"), "{}");
  const text = world.write(join(world.base, "final.md"), "{{token-usage:run.estimatedCostUsd}}");
  const asked = { home: world.home, variables: { TOKENSIFT_CACHE_DIR: world.cache } };
  const { stdout } = await tokensift(["run", state, "--substitute-data", data], asked);
  expect(readFileSync(text, "utf8")).toBe("n/a");
  expect(stdout).toContain("no price is known for model-x");
});

test("what transcripts say that responses cost is a run's cost too", async () => {
  const world = new World();
  world.writeSession(
    0,
    transcript("lead", used(1), { costUSD: 0.25 }) + transcript("more", used(2, 1), { costUSD: 0 }),
  );
  const state = world.writeRun({});
  const cost = async (mode: "auto" | "calculate" | "recorded") =>
    ((await collectRun(state, { ...world.options, cost: mode })).leadUsage as UsageBlock).estimatedCostUsd;
  expect([await cost("auto"), await cost("calculate"), await cost("recorded")]).toEqual([0.25001, 0.000015, 0.25]);
});

test("responses without a time, and with placeholders for their output, are counted", async () => {
  const world = new World();
  const placeholder = transcript("p", used(5)).replace(
    '"usage"',
    '"content":[{"type":"tool_use"}],"version":"","usage"',
  );
  const versioned = placeholder.replace('"type":"assistant"', '"type":"assistant","version":"1.2.3"');
  world.writeSession(0, transcript("lead", [{ atMs: undefined, input: 1, output: 50 }]) + versioned);
  const state = world.writeRun({}, { createdAt: "2026-06-10T10:00:00Z" });
  const { diagnostics } = (await collectRun(state, world.options)).usageSummary;
  expect(diagnostics).toMatchObject({ responsesWithoutTime: 1, lowOutputResponses: { "1.2.3": 1 } });
  const asked = { home: world.home, variables: { TOKENSIFT_CACHE_DIR: world.cache } };
  expect((await tokensift(["run", state], asked)).stderr).toBe(
    "1 response without a time: in every window\n" +
      "1 response has a placeholder output count (Claude Code 1.2.3: 1); its real output was never written\n",
  );
  expect((await tokensift(["run", state, "--quiet"], asked)).stderr).toBe("");
});

test("a sum beyond what is exact ends the run, and nothing is written", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", used(Number.MAX_SAFE_INTEGER)));
  world.writeSession(1, transcript("a", used(1), crew("a")));
  const state = world.writeRun({ workers: [{ workerId: "a" }] });
  const before = readFileSync(state, "utf8");
  const asked = { home: world.home, variables: { TOKENSIFT_CACHE_DIR: world.cache } };
  const { code, stdout, stderr } = await tokensift(["run", state, "--write"], asked);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^tokensift: .*2\^53/);
  expect(readFileSync(state, "utf8")).toBe(before);
});
