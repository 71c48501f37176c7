/** The Codex or Gemini session underneath a worker: whose it is, and how it is reported beside the worker's own figures. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type CliFigures, type CliQuery, type CliSession, collectRun, type CollectedTeamState } from "tokensift";
import { describe, expect, test } from "vitest";
import { bytesText } from "../../src/report/numbers.ts";
import { tokensift } from "../cli/tokensift.ts";
import { at, AT_MS, minutes, rolloutLines, usageOf, writeRollout } from "./rollouts.ts";
import { transcript, uuid, World } from "./world.ts";

const figures = (input: number, more: Partial<CliFigures> = {}): CliFigures => ({
  inputTokens: input,
  cachedInputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costNanoUsd: undefined,
  ...more,
});

const session = (id: string, seconds: number, more: Partial<CliSession> = {}): CliSession => ({
  agent: "codex",
  id,
  startedMs: AT_MS + seconds * 1000,
  model: "gpt-5.5",
  figures: figures(100),
  ...more,
});

/** Two codex workers, one from minute 0 to 10, one from 5 to 15, which was dispatched again from 30 to 40; and a Gemini one. */
function arrange(mentions: readonly string[] = [], more: object = {}) {
  const world = new World();
  world.writeSession(0, transcript("lead", minutes(0, 60)));
  const wrapper = (n: number, agentName: string, from: number, to: number, text = "") =>
    world.writeSession(n, transcript(agentName, minutes(from, to), { teamName: "crew", agentName, text }));
  wrapper(1, "one-worker", 0, 10, mentions[0]);
  wrapper(2, "two-worker", 5, 15, mentions[1]);
  wrapper(3, "two-worker-002", 30, 40);
  wrapper(4, "g-worker", 0, 60);
  const workers = [
    { workerId: "one", agent: "codex" },
    { workerId: "two", agent: "Codex" },
    { workerId: "g", agent: "gemini" },
    { workerId: "absent", agent: "codex" },
    { workerId: "claude", agent: "claude" },
  ];
  const state = world.writeRun({ workers, ...more }, { createdAt: new Date(AT_MS).toISOString() });
  return { world, state };
}

async function collected(sessions: readonly CliSession[] | undefined, mentions: readonly string[] = []) {
  const { world, state } = arrange(mentions);
  const queries: CliQuery[] = [];
  const findCliSessions = async (query: CliQuery) => {
    queries.push(query);
    return { sessions: sessions ?? [] };
  };
  const answer = await collectRun(state, { ...world.options, ...(sessions && { findCliSessions }) });
  return { world, answer, queries };
}

describe("a session is given", () => {
  test("to the only worker in whose session it began, ten seconds of slack included", async () => {
    const { answer } = await collected([session("a", -10), session("b", -11), session("c", 15 * 60 + 10)]);
    expect(usageOf(answer, "one")).toMatchObject({ cliSessionId: "a", cliTotalTokens: 100 });
    expect(usageOf(answer, "two")).toMatchObject({ cliSessionId: "c" });
    expect(usageOf(answer, "two")).not.toHaveProperty("cliAdditionalSessionIds");
    expect(answer.usageSummary.diagnostics.unassignedCliSessions).toEqual([]);
  });

  test("to none of several whose it could be, and none of them is told that there was none", async () => {
    const { answer } = await collected([session("a", 400)]);
    for (const worker of ["one", "two"]) {
      const cliNote = "no Codex session of this project that is surely its own began during the worker's sessions";
      expect(usageOf(answer, worker)).toMatchObject({ cliNote });
    }
  });

  test("of several workers to the one whose transcript names it", async () => {
    const { answer } = await collected([session("5e55-10", 400)], ["", "session id: 5e55-10 began"]);
    expect(usageOf(answer, "two")).toMatchObject({ cliSessionId: "5e55-10" });
    expect(usageOf(answer, "one")).toMatchObject({ cliNote: expect.stringContaining("no Codex session") as string });
  });

  test("of several sessions each to the worker that names it, wherever in its text", async () => {
    // Across the border of two chunks that are read.
    const far = `${"x".repeat((1 << 20) - 150)}5e55-10${"x".repeat(400)}`;
    for (let shift = 0; shift < 40; shift += 13) {
      const { answer } = await collected(
        [session("5e55-10", 400), session("5e55-2", 401)],
        [far.slice(shift), "5e55-2"],
      );
      expect(usageOf(answer, "one")).toMatchObject({ cliSessionId: "5e55-10" });
      expect(usageOf(answer, "two")).toMatchObject({ cliSessionId: "5e55-2" });
    }
  });

  test("to nobody where none or both name it, which is said", async () => {
    for (const mentions of [[], ["5e55-10", "5e55-10"]]) {
      const { answer } = await collected([session("5e55-10", 400)], mentions);
      expect(answer.usageSummary.diagnostics.unassignedCliSessions).toEqual([
        { agent: "codex", sessionId: "5e55-10", startedAt: "2026-06-10T10:06:40.000Z", workerIds: ["one", "two"] },
      ]);
      expect(usageOf(answer, "one")).not.toHaveProperty("cliSessionId");
    }
  });

  test("to no worker that wraps another agent", async () => {
    const { answer } = await collected([session("a", 50 * 60), session("b", 50 * 60, { agent: "gemini" })]);
    expect(usageOf(answer, "g")).toMatchObject({ cliSessionId: "b" });
    expect(usageOf(answer, "claude")).not.toHaveProperty("cliNote");
    expect(usageOf(answer, "absent")).toEqual({ source: "unavailable", note: expect.any(String) as string });
  });
});

test("what a long session wrapped before or after the run is of another run", async () => {
  const world = new World();
  world.writeSession(0, transcript("lead", minutes(0, 60)));
  world.writeSession(1, transcript("one", minutes(-60, 20, 90), { teamName: "crew", agentName: "one-worker" }));
  const { figures: none } = session("x", 0, { figures: undefined });
  const found = [
    session("before", -3000, { figures: none }),
    session("across", -1000),
    session("in", 300, { figures: none }),
    session("after", 4800, { figures: none }),
  ];
  const state = world.writeRun(
    { runEndedAt: new Date(AT_MS + 3_600_000).toISOString(), workers: [{ workerId: "one", agent: "codex" }] },
    { createdAt: new Date(AT_MS).toISOString() },
  );
  const ask = async (sessions: readonly CliSession[]) =>
    collectRun(state, { ...world.options, findCliSessions: async () => ({ sessions }) });
  expect(usageOf(await ask(found), "one")).toMatchObject({
    cliSessionId: "across",
    cliAdditionalSessionIds: ["in"],
    cliTotalTokens: 100,
  });
  const others = await ask([found[0] as CliSession, found[3] as CliSession]);
  expect(usageOf(others, "one")).not.toHaveProperty("cliSessionId");
  expect(usageOf(others, "one")).toMatchObject({ cliNote: expect.stringContaining("no Codex session") as string });
});

test("sessions of several dispatches add up, beside the worker's own tokens and cost", async () => {
  const { answer, queries, world } = await collected([
    session("late", 31 * 60, {
      model: null,
      figures: figures(1000, {
        cachedInputTokens: 900,
        outputTokens: 50,
        reasoningTokens: 20,
        costNanoUsd: 100_000_001,
      }),
    }),
    session("early", 12 * 60, {
      figures: figures(10, { cachedInputTokens: 5, outputTokens: 4, reasoningTokens: 3, costNanoUsd: 200_000_002 }),
    }),
  ]);
  expect(usageOf(answer, "two")).toMatchObject({
    totalTokens: 4,
    additionalSessionIds: [uuid(3)],
    cliSessionId: "early",
    cliAdditionalSessionIds: ["late"],
    cliModel: "gpt-5.5",
    cliTotalTokens: 1064,
    cliInputTokens: 1010,
    cliCachedInputTokens: 905,
    cliOutputTokens: 54,
    cliReasoningTokens: 23,
    cliEstimatedCostUsd: 0.300000003,
  });
  expect(answer.usageSummary).toMatchObject({ cliEstimatedCostUsd: 0.300000003, runTotalTokens: 10 });
  expect(queries).toHaveLength(1);
  expect(queries[0]).toMatchObject({ agents: ["codex", "gemini"], window: { sinceMs: AT_MS, untilMs: Infinity } });
  expect([world.root, `${world.root}/a`, `${world.root}2`, world.base].map((cwd) => queries[0]?.holds(cwd))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("a session without usage is named, with a note and no zeros", async () => {
  const { answer } = await collected([session("a", 60, { figures: undefined })]);
  expect(usageOf(answer, "one")).toMatchObject({
    cliSessionId: "a",
    cliNote: expect.stringContaining("no usage") as string,
  });
  expect(usageOf(answer, "one")).not.toHaveProperty("cliTotalTokens");
  expect(answer.usageSummary.cliEstimatedCostUsd).toBeNull();
});

test("one whose cost is not known leaves the sum unknown", async () => {
  const { answer } = await collected([
    session("a", 60, { figures: figures(1, { costNanoUsd: 5 }) }),
    session("b", 61, { figures: figures(1) }),
  ]);
  expect(usageOf(answer, "one")).toMatchObject({ cliTotalTokens: 2, cliEstimatedCostUsd: null });
  expect(answer.usageSummary.cliEstimatedCostUsd).toBeNull();
});

test("a sum beyond what is exact ends the run", async () => {
  const most = figures(Number.MAX_SAFE_INTEGER);
  const run = collected([session("a", 60, { figures: most }), session("b", 61)]);
  await expect(run).rejects.toMatchObject({ code: "SUM_TOO_LARGE" });
});

test("one that used tools and told no usage has none", async () => {
  const { world, state } = arrange();
  const call = {
    timestamp: at(70),
    type: "response_item",
    payload: { type: "function_call", name: "shell", call_id: "c" },
  };
  writeRollout(world, 20, [...rolloutLines(20, world.root, 60).slice(0, 2), JSON.stringify(call)]);
  const answer = await collectRun(state, world.options);
  expect(usageOf(answer, "one")).toMatchObject({
    cliSessionId: uuid(20),
    cliNote: "the Codex session has no usage in the window",
  });
  expect(usageOf(answer, "one")).not.toHaveProperty("cliTotalTokens");
});

test("where there are none, that is said", async () => {
  const { answer } = await collected(undefined);
  expect(usageOf(answer, "one")).toMatchObject({ cliNote: expect.stringContaining("no Codex session") as string });
  expect(usageOf(answer, "g")).toMatchObject({ cliNote: expect.stringContaining("no Gemini session") as string });
});

test("they are found where the agents keep them, and cut by the window", async () => {
  const { world, state } = arrange([], { runEndedAt: new Date(AT_MS + 3_600_000).toISOString() });
  writeRollout(world, 70, rolloutLines(70, world.root, 60));
  writeRollout(world, 71, rolloutLines(71, `${world.base}/elsewhere`, 60));
  const chats = `${world.home}/.gemini/tmp/app`;
  world.write(`${chats}/.project_root`, world.root);
  const gemini = [
    { sessionId: "g1", projectHash: "x", startTime: at(30), lastUpdated: at(30), kind: "main" },
    {
      id: "m1",
      timestamp: at(40),
      type: "gemini",
      content: "",
      model: "gemini-2.5-pro",
      tokens: { input: 100, output: 10, cached: 60, thoughts: 5, tool: 0, total: 115 },
    },
  ];
  world.write(
    `${chats}/chats/session-2026-06-10T10-00-g1.jsonl`,
    gemini.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );

  const cold = await collectRun(state, world.options);
  expect(usageOf(cold, "one")).toMatchObject({
    cliSessionId: uuid(70),
    cliModel: "gpt-5.2",
    cliInputTokens: 1500,
    cliCachedInputTokens: 700,
    cliOutputTokens: 90,
    cliReasoningTokens: 30,
    cliTotalTokens: 1590,
    totalTokens: 2,
  });
  // 40 new and 60 cached at $1.25 and $0.125 a million, 15 out at $10.
  expect(usageOf(cold, "g")).toMatchObject({
    cliSessionId: "g1",
    cliModel: "gemini-2.5-pro",
    cliInputTokens: 100,
    cliCachedInputTokens: 60,
    cliOutputTokens: 15,
    cliReasoningTokens: 5,
    cliEstimatedCostUsd: (40 * 1.25 + 60 * 0.125 + 15 * 10) / 1e6,
  });
  const warm = await collectRun(state, world.options);
  expect(warm.workers.map(({ usage }) => ({ ...usage, collectedAt: "" }))).toEqual(
    cold.workers.map(({ usage }) => ({ ...usage, collectedAt: "" })),
  );
});

test("a Gemini session is found where only a hash of the project's path names its folder", async () => {
  const { world, state } = arrange();
  const hashOf = (path: string) => createHash("sha256").update(path).digest("hex");
  const tokens = { input: 100, output: 10, cached: 60, thoughts: 5, tool: 0, total: 115 };
  for (const [name, id] of [
    [hashOf(world.root), "ours"],
    [hashOf(`${world.root}/another`), "another's"],
  ] as const) {
    const message = { id: `of ${id}`, timestamp: at(40), type: "gemini", content: "", model: "gemini-2.5-pro", tokens };
    const document = { sessionId: id, projectHash: name, startTime: at(30), lastUpdated: at(40), messages: [message] };
    const path = `${world.home}/.gemini/tmp/${name}/chats/session-2026-06-10T10-00-${id}.json`;
    world.write(path, JSON.stringify(document));
  }
  const usage = usageOf(await collectRun(state, world.options), "g");
  expect(usage).toMatchObject({ cliSessionId: "ours", cliTotalTokens: 115 });
  expect(usage).not.toHaveProperty("cliAdditionalSessionIds");
});

describe("what reading them took and could not read is the run's too", () => {
  const damaged = "{ no JSON";
  /** A worker's session with a bad line, one that nobody is known to own with two, one of another project with three. */
  function arrangeDamaged() {
    const { world, state } = arrange();
    const [one, nobody, other] = [
      rolloutLines(70, world.root, 60),
      rolloutLines(71, world.root, 400),
      rolloutLines(72, "/elsewhere", 60),
    ];
    const path = writeRollout(world, 70, [...one.slice(0, 2), damaged, ...one.slice(2)]);
    writeRollout(world, 71, [...nobody, damaged, damaged]);
    writeRollout(world, 72, [...other, damaged, damaged, damaged]);
    return { world, state, path };
  }

  test("bad lines of sessions that began under its workers, with their places", async () => {
    const { world, state, path } = arrangeDamaged();
    writeFileSync(path, `${readFileSync(path, "utf8")}{"torn`);
    for (const how of ["cold", "warm"]) {
      const { usageSummary, workers } = await collectRun(state, world.options);
      const { skipped, skippedLines } = usageSummary.diagnostics;
      expect(skipped, how).toEqual({ malformed: 3, oversized: 0, pending: 1 });
      expect(
        skippedLines.map(({ path: where, line, reason }) => [basename(where).slice(-42, -34), line, reason]),
        how,
      ).toEqual([
        ["00000070", 3, "malformed"],
        ["00000070", 7, "pending"],
        ["00000071", 6, "malformed"],
        ["00000071", 7, "malformed"],
      ]);
      expect(workers[0]?.usage).toMatchObject({ cliTotalTokens: 9900 });
    }
  });

  test("bytes, and files that cannot be read", async () => {
    const { world, state } = arrangeDamaged();
    symlinkSync("/nowhere", `${world.home}/.codex/sessions/2026/06/10/rollout-gone.jsonl`);
    const variables = { TOKENSIFT_CACHE_DIR: world.cache };
    const run = async () => tokensift(["run", state, "--stats", "--json"], { home: world.home, variables });
    const bytes = bytesBelow(join(world.home, ".claude")) + bytesBelow(join(world.home, ".codex"));
    await setTimeout(2100);
    const cold = await run();
    // What nobody is known to own is looked for in both workers' transcripts, each time.
    const looked = [1, 2].map((n) => statSync(join(world.projectFolder(), `${uuid(n)}.jsonl`)).size);
    const lookedThrough = looked.reduce((sum, size) => sum + size, 0);
    expect(cold.stderr).toContain(`8 transcripts, 0 unchanged, ${bytesText(bytes + lookedThrough)} read\n`);
    expect(cold.stderr).toContain("3 lines skipped as damaged");
    const { usageSummary } = JSON.parse(cold.stdout) as CollectedTeamState;
    expect(usageSummary.diagnostics.unreadable).toEqual([
      { path: expect.stringMatching(/rollout-gone.jsonl$/) as string, code: "ENOENT" },
    ]);
    expect((await run()).stderr).toContain(`8 transcripts, 8 unchanged, ${bytesText(lookedThrough)} read\n`);
  });

  test("models of theirs without a price", async () => {
    const { world, state } = arrange();
    writeRollout(world, 70, rolloutLines(70, world.root, 60, "codex-next"));
    const { usageSummary, workers } = await collectRun(state, world.options);
    expect(usageSummary.unmatchedModels).toEqual(["codex-next"]);
    expect(workers[0]?.usage).toMatchObject({ cliModel: "codex-next", cliEstimatedCostUsd: null });
  });
});

function bytesBelow(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
