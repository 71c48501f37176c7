/** The agents of `formats/others.md`: real sessions summed up by `JSON.parse`, forks, cuts, and files that grow. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { scan } from "tokensift";
import { describe, expect, test } from "vitest";
import type { Figures } from "../../src/types.ts";
import { answerOf, lines, makeFolder, type Tree } from "../transcripts.ts";

const samples = fileURLToPath(new URL("../../../shared/samples/others", import.meta.url));
const areThere = existsSync(samples);

// oxlint-disable-next-line typescript/no-explicit-any -- a test reads its samples as they come
type Json = any;
const records = (name: string): Json[] =>
  readFileSync(join(samples, name), "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);

const figures = async (paths: readonly string[]) => {
  const { totals } = await scan({ paths, threads: 0, cache: false });
  return totals;
};

describe.skipIf(!areThere)("real sessions", () => {
  test.each([
    "pi/pi-mono-large-session.jsonl",
    "pi/entire-test-repo-de-5a2f809927-0.jsonl",
    "agentsview/pi/session.jsonl",
  ])("Pi, %s", async (name) => {
    const answers = records(name).filter(({ message }) => message?.role === "assistant");
    const used = (part: string) => sum(answers.map(({ message }) => message.usage[part] ?? 0));
    const blocks = answers.flatMap(({ message }) => message.content as Json[]);
    expect(await figures([join(samples, name)])).toMatchObject({
      inputTokens: used("input"),
      outputTokens: used("output"),
      cacheReadTokens: used("cacheRead"),
      cacheCreation5mTokens: used("cacheWrite"),
      toolUses: blocks.filter(({ type }) => type === "toolCall").length,
    } satisfies Partial<Figures>);
  });

  test("Qwen Code: what telemetry repeats is not added", async () => {
    expect(await figures([join(samples, "qwen")])).toMatchObject({
      inputTokens: 500 + 600 - 50,
      cacheReadTokens: 50,
      outputTokens: 20 + 5,
      totalTokens: 1125,
      responses: 2,
      toolUses: 1,
    });
  });
});

// --------------------------------------------------------------------------------------------------------------- Pi

const at = (second: number) => new Date(Date.UTC(2026, 3, 24, 20, 0, second)).toISOString();
const piHeader = (id: string, more: object = {}) =>
  JSON.stringify({ type: "session", version: 3, id, timestamp: at(0), cwd: `/srv/${id}`, ...more });
const piAnswer = (id: string, second: number, input: number, more: object = {}) =>
  JSON.stringify({
    type: "message",
    id,
    timestamp: at(second),
    message: {
      role: "assistant",
      model: "m",
      content: [{ type: "toolCall" }],
      usage: { input, output: 1, cacheRead: 0, cacheWrite: 0, totalTokens: input + 1 },
      ...more,
    },
  });

test("Pi: a fork's copies count once, where they were written; left branches count", async () => {
  const parent = [piHeader("p"), piAnswer("a", 1, 10), piAnswer("b", 2, 20), piAnswer("c", 3, 40)];
  const fork = [
    piHeader("f", { timestamp: at(9), parentSession: "p.jsonl" }),
    parent[1]!,
    parent[2]!,
    piAnswer("c", 10, 40),
  ];
  const folder = makeFolder({ "s/p.jsonl": parent, "s/q.jsonl": fork });
  const { rows, stats } = await scan({ paths: [folder], by: ["session"], threads: 0, cache: false });
  expect(rows.map(({ key, totalTokens, toolUses }) => [key.session, totalTokens, toolUses])).toEqual([
    ["p", 73, 3],
    ["f", 41, 1],
  ]);
  expect(stats).toMatchObject({ responses: 4, duplicateRecords: 2 });
});

test("Pi: entries without id are told apart by time and numbers, and alone without either", async () => {
  const without = (second: number | undefined, input: number) => {
    const { id: _, timestamp, ...entry } = JSON.parse(piAnswer("x", second ?? 0, input));
    return JSON.stringify(second === undefined ? entry : { ...entry, timestamp });
  };
  const some = [piHeader("p"), without(1, 1), without(1, 2), without(undefined, 4), without(undefined, 4)];
  const folder = makeFolder({ "p.jsonl": some, "q.jsonl": [piHeader("q"), without(1, 2)] });
  expect(await figures([folder])).toMatchObject({ inputTokens: 1 + 2 + 4 + 4, responses: 4 });
});

test("Pi: an aborted request is no response, and a bad number costs its line", async () => {
  const zeros = piAnswer("a", 1, 0, { usage: { input: 0, output: 0 }, content: [] });
  const bad = piAnswer("b", 2, 0, { usage: { input: -1, output: 0 } });
  const folder = makeFolder({ "p.jsonl": [piHeader("p"), zeros, bad] });
  const { totals, stats } = await scan({ paths: [folder], threads: 0, cache: false });
  expect([totals.responses, totals.toolUses, stats.skipped.malformed]).toEqual([0, 0, 1]);
});

const piUsage = (input: number, more: object = {}) => ({
  ...{ input, output: 20, cacheRead: 300, cacheWrite: 4000, totalTokens: input + 4320 },
  ...more,
});
const piEntry = (type: string, id: string, second: number, more: object) =>
  JSON.stringify({ type, id, timestamp: at(second), ...more });

test("Pi: what was cached for an hour and what was reasoned are parts", async () => {
  const told = { usage: piUsage(1, { cacheWrite1h: 3000, reasoning: 15 }) };
  const more = { usage: piUsage(1, { cacheWrite1h: 5000, reasoning: 25 }) };
  const bad = { usage: piUsage(1, { reasoning: -1 }) };
  const lines = [piHeader("p"), piAnswer("a", 1, 1, told), piAnswer("b", 2, 1, more), piAnswer("c", 3, 1, bad)];
  const { totals, stats } = await scan({ paths: [makeFolder({ "p.jsonl": lines })], threads: 0, cache: false });
  expect(totals).toMatchObject({ outputTokens: 40, reasoningTokens: 35, totalTokens: 2 * 4321 });
  expect(totals).toMatchObject({ cacheCreation5mTokens: 1000, cacheCreation1hTokens: 7000 });
  expect(stats.skipped.malformed).toBe(1);
});

test("Pi: the model that a router chose", async () => {
  const told = [
    piHeader("p"),
    piAnswer("a", 1, 1, { model: "openrouter/auto", responseModel: "anthropic/claude-opus-4.6" }),
    piAnswer("b", 2, 2, { model: "auto" }),
    // Another name of the same.
    piAnswer("c", 3, 4, { model: "gpt-5.4", responseModel: "gpt-5.4-2026-03-05" }),
  ];
  const question = { paths: [makeFolder({ "p.jsonl": told })], by: ["model"], threads: 0, cache: false } as const;
  const { rows } = await scan(question);
  expect(rows.map(({ key, inputTokens }) => [key.model, inputTokens])).toEqual([
    ["gpt-5.4", 4],
    ["auto", 2],
    ["anthropic/claude-opus-4.6", 1],
  ]);
});

test("Pi: cached tokens that an older version left in the input count once, and its cost of them not at all", async () => {
  const cost = { input: 0.14, cacheRead: 0.01, total: 0.15 };
  const usage = { input: 70_838, output: 162, cacheRead: 69_905, cacheWrite: 0, cost };
  const told = (id: string, second: number, api: string, totalTokens: number | undefined, more: object = {}) =>
    piAnswer(id, second, 0, { api, usage: { ...usage, totalTokens, ...more } });
  const inputs = async (some: readonly string[]) => {
    const question = { paths: [makeFolder({ "p.jsonl": [piHeader("p"), ...some] })], by: ["session"] as const };
    const { rows, totals } = await scan({ ...question, threads: 0, cache: false });
    expect(rows).toHaveLength(1);
    return [totals.inputTokens, totals.cacheReadTokens, totals.totalTokens, totals.costUsd];
  };
  const fresh = 70_838 - 69_905;
  const [once, twice] = [
    [fresh, 69_905, 71_000, null],
    [70_838, 69_905, 140_905, 0.15],
  ];
  // Google's total is of the input as it was told, until March 2026.
  expect(await inputs([told("a", 1, "google-generative-ai", 71_000)])).toEqual(once);
  expect(await inputs([told("a", 1, "google-vertex", 71_000)])).toEqual(once);
  expect(await inputs([told("a", 1, "google-generative-ai", 140_905)])).toEqual(twice);
  expect(await inputs([told("a", 1, "google-generative-ai", undefined)])).toEqual(once);
  expect(await inputs([told("a", 1, "anthropic-messages", 71_000)])).toEqual(twice);
  expect(await inputs([told("a", 1, "google-vertex", 71_000, { cacheRead: 0 })])).toEqual([70_838, 0, 71_000, 0.15]);
  // More was cached than came in: it cannot be a part of it.
  const [more] = await inputs([told("a", 1, "google-vertex", 82, { input: 1, output: 81 })]);
  expect(more).toBe(1);
  // Of OpenAI's it was put right before there were totals.
  const early = (line: string, timestamp: string) => JSON.stringify({ ...JSON.parse(line), timestamp });
  const without = (api: string, timestamp: string) => inputs([early(told("a", 1, api, undefined), timestamp)]);
  expect(await without("openai-responses", "2025-12-04T02:11:02Z")).toEqual(once);
  expect(await without("openai-completions", "2025-12-04T02:11:02Z")).toEqual(once);
  expect(await without("openai-responses", "2025-12-04T02:11:03Z")).toEqual(twice);
  expect(await without("anthropic-messages", "2025-11-20T00:00:00Z")).toEqual(twice);
});

test("Pi: copies of the first version's branches have other times, and other ids once they were opened again", async () => {
  const entry = (id: string | undefined, wrote: string, asked: string, input: number) => {
    const { message } = JSON.parse(piAnswer("", 1, input));
    return JSON.stringify({
      type: "message",
      id,
      timestamp: wrote,
      message: { ...message, timestamp: Date.parse(asked) },
    });
  };
  const [asked, later] = ["2025-11-20T23:33:50Z", "2025-11-21T08:00:00Z"];
  const branch = (id: string, ...some: string[]) => [piHeader(id, { version: undefined, timestamp: later }), ...some];
  const folder = makeFolder({
    "s/p.jsonl": [
      piHeader("p"),
      entry(undefined, "2025-11-20T23:33:54Z", asked, 10),
      entry(undefined, later, later, 20),
    ],
    "s/q.jsonl": branch("q", entry(undefined, later, asked, 10), entry(undefined, later, "2025-11-21T08:01:00Z", 40)),
    "s/r.jsonl": branch("r", entry("12345678", later, asked, 10), entry("87654321", later, "2025-11-21T08:01:00Z", 40)),
    // Ids are as they were from here on, so who has another one is another answer.
    "s/t.jsonl": [piHeader("t"), ...["a", "b"].map((id) => entry(id, at(1), at(0), 80))],
  });
  const { rows, stats } = await scan({ paths: [folder], by: ["session"], threads: 0, cache: false });
  expect(rows.map(({ key, inputTokens, toolUses }) => [key.session, inputTokens, toolUses])).toEqual([
    ["t", 160, 2],
    ["q", 40, 1],
    ["p", 30, 2],
  ]);
  expect(stats).toMatchObject({ responses: 5, duplicateRecords: 3 });
});

test("Pi: summaries count with the model in force, and what tools asked of models; forks copy them too", async () => {
  const told = [
    piHeader("p"),
    piEntry("compaction", "c0", 1, { usage: piUsage(1) }),
    piAnswer("a", 2, 10),
    piEntry("message", "t", 3, { message: { role: "toolResult", usage: piUsage(100, { cost: { total: 0.5 } }) } }),
    piEntry("compaction", "c", 4, { usage: piUsage(1000), retainedTail: [JSON.parse(piAnswer("a", 2, 10)).message] }),
    piEntry("model_change", "m", 5, { provider: "x", modelId: "other" }),
    piEntry("branch_summary", "s", 6, { usage: piUsage(10_000) }),
    piEntry("compaction", "old", 7, { tokensBefore: 5 }),
    piEntry("compaction", "bad", 8, { usage: piUsage(-1) }),
  ];
  const folder = makeFolder({ "p.jsonl": told, "q.jsonl": [piHeader("q", { timestamp: at(9) }), ...told.slice(1)] });
  const question = { paths: [folder], by: ["session", "model"], threads: 0, cache: false } as const;
  const { rows, totals, stats } = await scan(question);
  expect(rows.map(({ key, inputTokens, responses }) => [key.session, key.model, inputTokens, responses])).toEqual([
    ["p", "other", 10_000, 1],
    ["p", "unknown", 101, 2],
    ["p", "m", 1010, 2],
  ]);
  expect(totals).toMatchObject({ responses: 5, totalTokens: 11_111 + 4 * 4320 + 1, toolUses: 1, costUsd: 0.5 });
  expect(stats).toMatchObject({ duplicateRecords: 5, skipped: { malformed: 2 } });
});

// ------------------------------------------------------------------------------------------------------- Qwen Code

const qwenLine = (session: string, uuid: string, prompt: number, more: object = {}) =>
  JSON.stringify({
    uuid,
    sessionId: session,
    timestamp: at(1),
    type: "assistant",
    cwd: "/srv/app",
    model: "coder",
    message: { role: "model", parts: [{ functionCall: { name: "ls" } }, { text: "x" }] },
    usageMetadata: {
      promptTokenCount: prompt,
      candidatesTokenCount: 2,
      thoughtsTokenCount: 3,
      cachedContentTokenCount: 1,
    },
    ...more,
  });

test("Pi: an entry that stands twice in a file is where it stands first, however the file is cut", async () => {
  const at = "2026-04-24T20:00:00.000Z";
  const usage = { input: 1, output: 20, cacheRead: 300, cacheWrite: 4000, totalTokens: 4321 };
  const summary = { type: "compaction", id: "b", timestamp: at, usage };
  const changedTo = (modelId: string) => ({ type: "model_change", id: modelId, timestamp: at, modelId });
  const message = { role: "assistant", model: "first", content: [], usage: { ...usage, input: 2 } };
  const answer = { type: "message", id: "c", timestamp: at, message };
  const later = { ...summary, id: "d" };
  const session = { type: "session", version: 3, id: "p0", timestamp: at, cwd: "/srv/p0" };
  const copies = [session, summary, answer, changedTo("second"), summary, answer, later];
  const folder = makeFolder({ "s/0.jsonl": lines(copies.map((entry) => JSON.stringify(entry))) });
  const question = { paths: [folder], by: ["model"] as const, threads: 0, cache: false };
  const inputOf = async (more: object) => {
    const { rows } = await scan({ ...question, ...more });
    return Object.fromEntries(rows.map(({ key, inputTokens }) => [key.model, inputTokens]));
  };
  const whole = { unknown: 1, first: 2, second: 1 };
  expect(await inputOf({})).toEqual(whole);
  expect(await inputOf({ rangeBytes: 20, chunkBytes: 64 })).toEqual(whole);
});

test("Qwen Code: one session and uuid is one response; thoughts beyond the candidates are beside them", async () => {
  const folder = makeFolder({
    "a/chats/x.jsonl": [qwenLine("s", "u1", 10), qwenLine("s", "u1", 10), qwenLine("s", "u2", 20)],
    "b/chats/y.jsonl": [qwenLine("t", "u1", 40)],
  });
  const { totals, rows } = await scan({ paths: [folder], by: ["project"], threads: 0, cache: false });
  expect(totals).toMatchObject({
    inputTokens: 70 - 3,
    cacheReadTokens: 3,
    outputTokens: 15,
    reasoningTokens: 9,
    responses: 3,
    toolUses: 3,
  });
  expect(rows.map(({ key }) => key.project)).toEqual(["/srv/app"]);
});

test("Qwen Code: thoughts are part of the candidates unless the total says otherwise or they are more", async () => {
  const usage = (thoughts: number, totalTokenCount: number | undefined) => ({
    usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 50, thoughtsTokenCount: thoughts, totalTokenCount },
  });
  const outputOf = async (thoughts: number, total: number | undefined) => {
    const folder = makeFolder({ "chats/x.jsonl": [qwenLine("s", "u", 0, usage(thoughts, total))] });
    const { outputTokens, reasoningTokens, totalTokens } = await figures([folder]);
    return [outputTokens, reasoningTokens, totalTokens];
  };
  // As OpenAI counts completions, which Qwen's own service and nearly all others do.
  expect(await outputOf(30, 150)).toEqual([50, 30, 150]);
  expect(await outputOf(30, 0)).toEqual([50, 30, 150]);
  expect(await outputOf(30, undefined)).toEqual([50, 30, 150]);
  // As Google does.
  expect(await outputOf(30, 180)).toEqual([80, 30, 180]);
  expect(await outputOf(60, 150)).toEqual([110, 60, 210]);
});

test("Qwen Code: what a branch copied counts once, where it was written; copies of what is gone count once too", async () => {
  const copy = (line: string, session: string) => {
    const record = JSON.parse(line);
    const forkedFrom = { sessionId: record.sessionId, messageUuid: record.uuid };
    return JSON.stringify({ ...record, sessionId: session, forkedFrom });
  };
  const [one, two] = [qwenLine("s", "u1", 10), qwenLine("s", "u2", 20, { timestamp: at(2) })];
  const branch = [copy(one, "b"), copy(two, "b"), qwenLine("b", "u3", 40, { timestamp: at(3) })];
  const branchOfIt = [copy(branch[0]!, "a"), copy(branch[2]!, "a"), qwenLine("a", "u4", 80, { timestamp: at(4) })];
  const folder = makeFolder({ "a.jsonl": branchOfIt, "b.jsonl": branch, "s.jsonl": [one, two] });
  const question = { by: ["session"] as const, sort: "key", threads: 0, cache: false };
  const answer = async (paths: string[]) => {
    const { rows, totals, stats } = await scan({ paths, ...question });
    const sessions = rows.map(({ key, responses, toolUses }) => [key.session, responses, toolUses]);
    return [sessions, totals.inputTokens + totals.cacheReadTokens, stats.duplicateRecords];
  };
  // prettier-ignore
  expect(await answer([folder])).toEqual([[["a", 1, 1], ["b", 1, 1], ["s", 2, 2]], 150, 4]);
  // Its original is gone, then all but the last branch.
  rmSync(join(folder, "s.jsonl"));
  const [sessions, input, copies] = await answer([folder]);
  expect([input, copies]).toEqual([150, 2]);
  expect((sessions as [string, number, number][]).reduce((sum, [, responses]) => sum + responses, 0)).toBe(4);
  rmSync(join(folder, "b.jsonl"));
  expect(await answer([folder])).toEqual([[["a", 3, 3]], 130, 0]);
  expect((await scan({ paths: [folder], ...question, count: "records" })).totals.responses).toBe(3);
});

test("Qwen Code: subagents are named, and belong to the session that started them", async () => {
  const agent = { isSidechain: true, agentId: "explore-1" };
  const environment = {
    variables: {},
    home: makeFolder({
      ".qwen/projects/p/chats/s.jsonl": [qwenLine("s", "u1", 10)],
      ".qwen/projects/p/subagents/s/agent-explore-1.jsonl": [
        qwenLine("s", "u2", 20, { ...agent, agentName: "explore" }),
      ],
      ".qwen/projects/p/subagents/s/agent-explore-2.jsonl": [qwenLine("s", "u3", 40, agent)],
    }),
    platform: "linux" as const,
  };
  for (const where of [{ environment }, { paths: [environment.home] }]) {
    const { rows } = await scan({ ...where, by: ["project", "session", "agent"], threads: 0, cache: false });
    expect(rows.map(({ key, responses }) => [key.project, key.session, key.agent, responses])).toEqual([
      ["/srv/app", "s", "subagent", 1],
      ["/srv/app", "s", "explore", 1],
      ["/srv/app", "s", "main", 1],
    ]);
  }
});

describe("Qwen Code: telemetry", () => {
  /** What it tells of an answer of `qwenLine`. */
  const telemetry = (uuid: string, prompt: number, more: object = {}, record: object = {}) =>
    JSON.stringify({
      uuid,
      sessionId: "s",
      timestamp: at(1),
      type: "system",
      subtype: "ui_telemetry",
      cwd: "/srv/app",
      systemPayload: {
        uiEvent: {
          "event.name": "qwen-code.api_response",
          response_id: "chatcmpl-mock",
          model: "coder",
          input_token_count: prompt,
          output_token_count: 2,
          thoughts_token_count: 3,
          cached_content_token_count: 1,
          ...more,
        },
      },
      ...record,
    });
  const tool = JSON.stringify({
    ...JSON.parse(telemetry("t0", 0)),
    systemPayload: { uiEvent: { "event.name": "qwen-code.tool_call", input_token_count: 9 } },
  });
  const answer = async (tree: Tree, count: "responses" | "records" = "responses") => {
    const question = { paths: [makeFolder(tree)], threads: 0, cache: false, count } as const;
    const { rows, diagnostics } = await scan({ ...question, by: ["agent", "model"] });
    const figures = rows.map(({ key, inputTokens, cacheReadTokens, responses }) => {
      return [key.agent, key.model, inputTokens + cacheReadTokens, responses];
    });
    return { figures, untold: diagnostics.untoldTokens };
  };
  const agents = { isSidechain: true, agentName: "explore", model: undefined };

  test("what messages tell again counts once", async () => {
    const main = [telemetry("t1", 10), qwenLine("s", "u1", 10), tool, telemetry("t2", 20), qwenLine("s", "u2", 20)];
    expect(await answer({ "chats/s.jsonl": main })).toEqual({ figures: [["main", "coder", 30, 2]], untold: 0 });
    expect(await answer({ "chats/s.jsonl": main }, "records")).toEqual({
      figures: [["main", "coder", 30, 2]],
      untold: 0,
    });
  });

  test("answers without usage, titles and compressions count as it tells them; subagents get their models", async () => {
    const explore = { subagent_name: "explore" };
    const tree = {
      ".qwen/projects/p/chats/s.jsonl": [
        ...[telemetry("t1", 10), qwenLine("s", "u1", 10)],
        // With the numbers of another one, and written twice.
        ...[telemetry("t2", 20, explore), telemetry("t3", 40, explore), telemetry("t3", 40, explore)],
        telemetry("t4", 10, { response_id: "title" }),
        telemetry("t5", 80, { model: "small" }),
      ],
      ".qwen/projects/p/subagents/s/agent-explore-1.jsonl": [
        qwenLine("s", "u2", 20, agents),
        qwenLine("s", "u3", 0, { ...agents, usageMetadata: undefined }),
      ],
    };
    expect(await answer(tree)).toEqual({
      figures: [
        ["main", "small", 80, 1],
        ["explore", "coder", 60, 2],
        ["main", "coder", 20, 2],
        // A call of a tool, in the record without usage.
        ["explore", "unknown", 0, 0],
      ],
      untold: 0,
    });
    // Nobody tells what the rest used.
    const alone = Object.fromEntries(Object.entries(tree).slice(1));
    expect(await answer(alone)).toEqual({ figures: [["explore", "unknown", 20, 1]], untold: 0 });
  });

  test("where it does not tell what messages tell, it is in no figure, and what it tells beyond is said", async () => {
    const main = [telemetry("t1", 11), qwenLine("s", "u1", 10), telemetry("t2", 20)];
    expect(await answer({ "chats/s.jsonl": main })).toEqual({
      figures: [["main", "coder", 10, 1]],
      untold: 16 + 25 - 15,
    });
    const less = [telemetry("t1", 9), qwenLine("s", "u1", 10)];
    expect(await answer({ "chats/s.jsonl": less })).toEqual({ figures: [["main", "coder", 10, 1]], untold: 0 });
  });

  test("a branch that copied it adds nothing, and where its original is gone all of it once", async () => {
    const copy = (line: string) =>
      JSON.stringify({ ...JSON.parse(line), sessionId: "b", forkedFrom: { sessionId: "s", messageUuid: "x" } });
    const original = [telemetry("t1", 10), qwenLine("s", "u1", 10), telemetry("t2", 20)];
    const branch = [...original.map(copy), telemetry("t3", 40, {}, { sessionId: "b" }), qwenLine("b", "u3", 40)];
    const both = await answer({ "chats/s.jsonl": original, "chats/b.jsonl": branch });
    expect(both).toEqual({ figures: [["main", "coder", 70, 3]], untold: 0 });
    expect(await answer({ "chats/b.jsonl": branch })).toEqual(both);
    const withoutSystem = branch.filter((line) => !line.includes('"t1"') && !line.includes('"t2"'));
    expect(await answer({ "chats/b.jsonl": withoutSystem })).toEqual({
      figures: [["main", "coder", 50, 2]],
      untold: 0,
    });
  });

  test("of a server that says no numbers is no response", async () => {
    const nothing = { output_token_count: 0, thoughts_token_count: 0, cached_content_token_count: 0 };
    const main = [telemetry("t1", 0, nothing), qwenLine("s", "u1", 0, { usageMetadata: undefined })];
    const { figures } = await answer({ "chats/s.jsonl": main });
    expect(figures).toEqual([["main", "coder", 0, 0]]);
  });

  test("damaged numbers cost its line", async () => {
    const main = [telemetry("t1", -1), qwenLine("s", "u1", 10), telemetry("t2", 10), telemetry("t3", 20)];
    expect(await answer({ "chats/s.jsonl": main })).toEqual({ figures: [["main", "coder", 30, 2]], untold: 0 });
  });
});

test("Qwen Code: documents of old builds", async () => {
  const tokens = { input: 10, output: 2, cached: 4, thoughts: 1, tool: 0, total: 13 };
  const folder = makeFolder({
    ".qwen/tmp/abc/chats/session-1.json": JSON.stringify({
      sessionId: "s",
      messages: [{ id: "m", timestamp: at(1), type: "gemini", model: "coder", tokens, toolCalls: [{}] }],
    }),
  });
  const environment = { variables: {}, home: folder, platform: "linux" as const };
  const { rows } = await scan({ environment, by: ["source", "model"], threads: 0, cache: false });
  expect(rows).toMatchObject([
    { key: { source: "qwen", model: "coder" }, inputTokens: 6, cacheReadTokens: 4, outputTokens: 3, toolUses: 1 },
  ]);
});

// ------------------------------------------------------------------------------------------------------------- Amp

const ampUsage = (inputTokens: number, more: object = {}) => ({
  model: "claude-opus-4-5",
  timestamp: at(inputTokens),
  inputTokens,
  outputTokens: 5,
  cacheCreationInputTokens: 100,
  cacheReadInputTokens: 1000,
  totalTokens: inputTokens + 5,
  ...more,
});
const ampMessages = [
  { role: "user", messageId: 0, content: [{ type: "tool_use" }] },
  { role: "assistant", messageId: 1, content: [{ type: "tool_use" }, { type: "text" }], usage: ampUsage(1) },
  { role: "assistant", messageId: 2, content: [], usage: ampUsage(2) },
];
const thread = (more: object = {}) =>
  JSON.stringify({ v: 1, id: "T-1", created: Date.UTC(2026, 3, 24), messages: ampMessages, ...more });
const scanThread = async (tree: Tree) => {
  const environment = { variables: {}, home: makeFolder(tree), platform: "linux" as const };
  return scan({ environment, by: ["source", "session", "model"], threads: 0, cache: false });
};

test("Amp: without a ledger the messages count, cached tokens beside the input; the same thread elsewhere adds nothing", async () => {
  const folder = ".local/share/amp/threads";
  const { rows, stats } = await scanThread({
    [`${folder}/T-1.json`]: thread(),
    [`${folder}/old/T-1.json`]: thread(),
    [`${folder}/T-2.json`]: '{"id":',
  });
  expect(rows).toMatchObject([
    {
      key: { source: "amp", session: "T-1", model: "claude-opus-4-5" },
      inputTokens: 3,
      outputTokens: 10,
      cacheCreation5mTokens: 200,
      cacheReadTokens: 2000,
      responses: 2,
      toolUses: 1,
    },
  ]);
  expect(stats).toMatchObject({ duplicateRecords: 2, skipped: { pending: 1 } });
});

test("Amp: a ledger counts instead, with the cache numbers of the messages it leads to", async () => {
  const events = [
    { id: "e1", timestamp: at(1), model: "m1", tokens: { input: 10, output: 3, total: 13 }, toMessageId: 1 },
    { id: "e2", timestamp: at(2), model: "m2", tokens: { input: 20, output: 4, total: 24 }, toMessageId: 9 },
    { id: "e3", timestamp: at(3), model: "m2", tokens: { input: -1 } },
  ];
  const { rows, stats } = await scanThread({
    ".local/share/amp/threads/T-1.json": thread({ usageLedger: { events } }),
  });
  expect(
    rows.map(({ key, totalTokens, responses, toolUses }) => [key.model, totalTokens, responses, toolUses]),
  ).toEqual([
    ["m1", 10 + 3 + 100 + 1000, 1, 0],
    ["m2", 24, 1, 0],
    ["claude-opus-4-5", 0, 0, 1],
  ]);
  expect(stats.skipped.malformed).toBe(1);
});

test("Amp: cache numbers of a message that several entries lead to count once: in the one that tells its figures, else in the last", async () => {
  const entry = (id: string, input: number, output: number, toMessageId: number) => ({
    id,
    timestamp: at(1),
    model: id,
    tokens: { input, output, total: input + output },
    toMessageId,
  });
  const events = [
    entry("a", 7, 7, 1),
    entry("b", 1, 5, 1),
    entry("c", 8, 8, 1),
    entry("d", 9, 9, 2),
    { ...entry("e", 10, 10, 2), tokens: { input: 10, output: 10, cacheReadInputTokens: 3 } },
    entry("f", 11, 11, 2),
  ];
  const { rows } = await scanThread({ ".local/share/amp/threads/T-1.json": thread({ usageLedger: { events } }) });
  const told = rows.filter(({ responses }) => responses > 0).map(({ key, totalTokens }) => [key.model, totalTokens]);
  expect(told).toEqual(
    expect.arrayContaining([
      ["a", 14],
      ["b", 6 + 1100],
      ["c", 16],
      ["d", 18],
      ["e", 23],
      ["f", 22 + 1100],
    ]),
  );
});

test("Amp: a ledger without tokens says nothing, one with cache numbers of its own is believed", async () => {
  const folder = ".local/share/amp/threads";
  const tokens = { input: 1, output: 20, cacheCreationInputTokens: 300, cacheReadInputTokens: 4000 };
  const { rows } = await scanThread({
    [`${folder}/T-1.json`]: thread({ id: "T-1", usageLedger: { events: [] } }),
    [`${folder}/T-2.json`]: thread({ id: "T-2", usageLedger: { events: [{ id: "e", timestamp: at(1), model: "m" }] } }),
    [`${folder}/T-3.json`]: thread({
      id: "T-3",
      messages: [],
      usageLedger: { events: [{ id: "e", timestamp: at(1), model: "m", tokens, toMessageId: 1 }] },
    }),
    [`${folder}/T-4.json`]: thread({
      id: "T-4",
      usageLedger: { events: [{ id: "e", timestamp: at(1), model: "m", tokens, toMessageId: 1 }] },
    }),
  });
  expect(rows.map(({ key, totalTokens, responses }) => [key.session, totalTokens, responses])).toEqual([
    ["T-3", 4321, 1],
    ["T-4", 4321, 1],
    ["T-1", 2213, 2],
    ["T-2", 2213, 2],
    ["T-4", 0, 0],
  ]);
});

test("Amp: entries of a ledger without a text for an id are each their own, also in a copy", async () => {
  const events = [undefined, undefined, 7, 8, ""].map((id, n) => ({ id, model: "m", tokens: { input: 10 ** n } }));
  const folder = ".local/share/amp/threads";
  const { rows, stats } = await scanThread({
    [`${folder}/T-1.json`]: thread({ messages: [], usageLedger: { events } }),
    [`${folder}/old/T-1.json`]: thread({ messages: [], usageLedger: { events: events.slice(0, 3) } }),
  });
  expect(rows.map(({ inputTokens, responses }) => [inputTokens, responses])).toEqual([[11_111, 5]]);
  expect(stats.duplicateRecords).toBe(3);
});

test("Amp: given by hand, by its name and members", async () => {
  const { rows } = await scan({ paths: [makeFolder({ "T-1.json": thread() })], by: ["source"], cache: false });
  expect(rows.map(({ key, responses }) => [key.source, responses])).toEqual([["amp", 2]]);
});

// --------------------------------------------------------------------------------------------------- Cuts and growth

/** Messages, ends that tell any totals, compactions; some of them with one and the same id. */
function copilotLines(session: number, some: ReadonlyArray<{ id: string; second: number; input: number }>): string[] {
  const start = { type: "session.start", data: { sessionId: `s${session}`, context: { cwd: "/srv/app" } } };
  const records = some.map(({ id, second, input }) => {
    if (second === 0) return { type: "session.compaction_complete", data: { success: true } };
    if (second > 1) return { type: "assistant.message", data: { model: id, outputTokens: input, toolRequests: [{}] } };
    const usage = { inputTokens: input, outputTokens: input };
    return { type: "session.shutdown", data: { modelMetrics: { a: { usage }, [id]: { usage } } } };
  });
  const isRepeated = [false, ...some.map(({ id }) => id === "a")];
  return [start, ...records].map((record, n) =>
    JSON.stringify({ ...record, id: `${session} ${isRepeated[n] ? 1 : n}`, timestamp: at(n), parentId: null }),
  );
}

/** Answers, summaries, and changes of the model that wrote them. */
function piLines({ id, second, input }: { id: string; second: number; input: number }): string[] {
  if (second > 0) return [piAnswer(id, second, input)];
  if (input === 0) return [piEntry("model_change", id, second, { modelId: id })];
  return [piEntry("compaction", id, second, { usage: piUsage(input) })];
}

const answer = fc.record({ id: fc.constantFrom("a", "b", "c"), second: fc.nat(3), input: fc.nat(3) });
const pile = fc.array(answer, { maxLength: 6 });
const agents: ReadonlyArray<readonly [string, fc.Arbitrary<Tree>]> = [
  [
    "Pi",
    fc
      .array(pile, { minLength: 1, maxLength: 3 })
      .map((files) =>
        Object.fromEntries(
          files.map((some, n) => [`s/${n}.jsonl`, lines([piHeader(`p${n}`), ...some.flatMap(piLines)])]),
        ),
      ),
  ],
  [
    "Copilot CLI",
    fc
      .array(pile, { minLength: 1, maxLength: 3 })
      .map((files) =>
        Object.fromEntries(
          files.map((some, n) => [
            `session-state/s${n % 2}${"/files".repeat(n >> 1)}/events.jsonl`,
            lines(copilotLines(n % 2, some)),
          ]),
        ),
      ),
  ],
  [
    "Qwen Code",
    fc
      .array(pile, { minLength: 1, maxLength: 3 })
      .map((files) =>
        Object.fromEntries(
          files.map((some, n) => [
            `s/chats/${n}.jsonl`,
            lines(
              some.map(({ id, second, input }) =>
                qwenLine(`s${second % 2}`, id, input + 1, second > 1 ? { forkedFrom: { sessionId: "s0" } } : {}),
              ),
            ),
          ]),
        ),
      ),
  ],
];

const runs = Math.ceil(Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 400) / 4);

test.each(agents)("%s: however it is cut and however it grows", { timeout: 60_000 + runs * 500 }, async (_, tree) => {
  const root = makeFolder();
  const [folder, cacheDirectory] = [join(root, "home"), join(root, "cache")];
  const realNow = Date.now;
  const property = fc.asyncProperty(
    tree,
    fc.nat(100),
    fc.integer({ min: 20, max: 900 }),
    async (files, percent, rangeBytes) => {
      rmSync(folder, { recursive: true, force: true });
      rmSync(cacheDirectory, { recursive: true, force: true });
      mkdirSync(folder);
      const question = { paths: [folder], by: ["session", "model"] as const, threads: 0 };
      // What was written a moment ago is never believed: a clock ahead makes the cursors count.
      Date.now = () => realNow() + 5000;
      try {
        for (const share of [percent, 100]) {
          for (const [name, text] of Object.entries(files)) {
            mkdirSync(dirname(join(folder, name)), { recursive: true });
            const bytes = Buffer.from(text as string);
            const before = share === 100 ? Math.floor((bytes.length * percent) / 100) : 0;
            writeFileSync(join(folder, name), bytes.subarray(before, Math.floor((bytes.length * share) / 100)), {
              flag: "a",
            });
          }
          const cold = answerOf(await scan({ ...question, cache: false }));
          expect(answerOf(await scan({ ...question, cache: false, rangeBytes, chunkBytes: 64 }))).toEqual(cold);
          expect(answerOf(await scan({ ...question, cacheDirectory }))).toEqual(cold);
        }
      } finally {
        Date.now = realNow;
      }
    },
  );
  await fc.assert(property, { numRuns: runs });
});

test("a document that nests too deep to be written costs itself", async () => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  const good = { role: "assistant", modelID: "m", time: { created: 1 }, tokens: { input: 7 } };
  const folder = makeFolder({
    "storage/message/ses_1/msg_1.json": `{"id":"msg_1","tokens":${deep}}`,
    "storage/message/ses_1/msg_2.json": JSON.stringify({ ...good, id: "msg_2", sessionID: "ses_1" }),
  });
  const { totals, stats } = await scan({ paths: [folder], threads: 0, cache: false });
  expect(totals.inputTokens).toBe(7);
  expect(stats.skipped).toEqual({ malformed: 0, oversized: 0, pending: 1 });
});
