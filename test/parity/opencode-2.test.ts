/** OpenCode 2: its tables instead of the older ones, beside them, and after an upgrade (`docs/decisions/0014`). */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diagnosticLines } from "../../src/report/diagnostics.ts";
import { Agent, OPENCODE, OPENCODE_2 } from "../databases.ts";
import { OpenCode, type Response } from "../opencode-2.ts";
import { atMs, clockAhead, DATA, DATABASE, message, scanHome } from "../opencode.ts";
import { answerOf, makeFolder } from "../transcripts.ts";

const tokensOf = (input: number, output: number, reasoning = 0) => ({
  input,
  output,
  reasoning,
  cache: { read: 100, write: 10 },
});
const assistant = (second: number, input: number, more: object = {}) => ({
  time: { created: atMs(second), streamed: atMs(second), completed: atMs(second) },
  agent: "build",
  model: { id: "gpt-5.4", providerID: "openai", variant: "default" },
  content: [{ type: "text", text: "SECRET" }],
  finish: "stop",
  cost: 0,
  tokens: tokensOf(input, 5, 2),
  ...more,
});

/** A database of version 2 alone, or beside what version 1 left. */
function version2(schema = OPENCODE_2) {
  const agent = new Agent(schema);
  const session = (id: string, more: Readonly<Record<string, string | number | null>> = {}) =>
    agent.insert("session_v2", {
      id,
      directory: "/srv/shop",
      version: "2.0.26",
      time_created: atMs(0),
      time_updated: 0,
      ...more,
    });
  let seq = 0;
  const row = (id: string, session_id: string, type: string, data: object | string, second = 1) => {
    const times = { time_created: atMs(second), time_updated: atMs(second) };
    const text = typeof data === "string" ? data : JSON.stringify(data);
    agent.insert("session_message", { id, session_id, type, seq: seq++, ...times, data: text });
  };
  return { agent, session, row };
}

describe("a database", () => {
  test("of version 2 alone: responses, tool calls, subagents, where it was first", async () => {
    const home = makeFolder();
    const { agent, session, row } = version2();
    session("ses_9", { directory: "/srv/moved" });
    session("ses_5", { parent_id: "ses_9" });
    row("msg_1", "ses_9", "user", { time: { created: atMs(0) }, text: "SECRET", files: [] });
    const tools = [{ type: "tool", id: "c1" }, { type: "reasoning" }, { type: "tool", id: "c2" }];
    row("msg_2", "ses_9", "assistant", assistant(1, 1, { content: tools, cost: 0.25 }));
    const moves = ["/srv/shop", "/srv/between"].map((directory) => ({ previous: { location: { directory } } }));
    for (const [n, move] of moves.entries()) row(`msg_m${n}`, "ses_9", "location-switched", { time: {}, ...move });
    row("msg_3", "ses_9", "idle", { time: { created: atMs(9) }, outcome: "succeeded" });
    row("msg_4", "ses_9", "assistant", assistant(2, 0, { tokens: undefined }));
    row("msg_5", "ses_5", "assistant", assistant(3, 20, { agent: "explore" }));
    agent.publish(join(home, DATABASE));
    const { rows, totals, stats, diagnostics } = await scanHome(home);
    expect(rows).toMatchObject([
      {
        key: { source: "opencode", session: "ses_5", agent: "explore", model: "gpt-5.4", project: "/srv/shop" },
        ...{ inputTokens: 20, outputTokens: 7, reasoningTokens: 2, cacheReadTokens: 100, cacheCreation5mTokens: 10 },
      },
      { key: { session: "ses_9", agent: "main", project: "/srv/shop" }, inputTokens: 1, responses: 1, toolUses: 2 },
    ]);
    expect(totals).toMatchObject({ firstAt: new Date(atMs(0)).toISOString(), durationMs: 2000 });
    expect([stats.responses, diagnostics.unreadable, diagnostics.untoldTokens]).toEqual([2, [], 0]);
  });

  test("that was upgraded: what was copied counts once, as the older table tells it", async () => {
    const home = makeFolder();
    const { agent, session, row } = version2(OPENCODE + OPENCODE_2);
    for (const id of ["ses_9", "ses_8"]) agent.insert("session", { id, directory: "/srv/shop" });
    session("ses_9", { version: "1.2.20" });
    const older = message("ses_9", 1, 3, { tokens: { ...tokensOf(3, 9, 4), total: 122 } });
    agent.insert("message", { id: "msg_1", session_id: "ses_9", data: JSON.stringify(older) });
    agent.insert("part", { id: "prt_1", message_id: "msg_1", session_id: "ses_9", data: '{"type":"tool"}' });
    row("msg_1", "ses_9", "assistant", assistant(1, 3, { tokens: tokensOf(3, 9, 4), content: [{ type: "tool" }] }));
    row("msg_2", "ses_9", "assistant", assistant(2, 20), 2);
    // Version 1 went on: these are in no table of version 2.
    agent.insert("message", { id: "msg_3", session_id: "ses_9", data: JSON.stringify(message("ses_9", 3, 400)) });
    agent.insert("message", { id: "msg_4", session_id: "ses_8", data: JSON.stringify(message("ses_8", 4, 8000)) });
    // A fork of version 2 knows no more of the reasoning than its copy does.
    session("ses_5", { version: "1.2.20", fork_session_id: "ses_9", time_created: atMs(5) });
    row("msg_evt_1", "ses_5", "assistant", assistant(1, 3, { tokens: tokensOf(3, 9, 4), content: [{ type: "tool" }] }));
    row("msg_evt_2", "ses_5", "assistant", assistant(2, 20), 2);
    row("msg_5", "ses_5", "assistant", assistant(6, 50_000), 6);
    agent.publish(join(home, DATABASE));
    const { rows, diagnostics } = await scanHome(home, { by: ["session"], sort: "key:asc" });
    const seen = rows.map(({ key, inputTokens, outputTokens, toolUses }) => [
      key.session,
      inputTokens,
      outputTokens,
      toolUses,
    ]);
    expect(seen).toEqual([
      ["ses_5", 50_000, 7, 0],
      ["ses_8", 8000, 5, 0],
      ["ses_9", 423, 9 + 7 + 5, 1],
    ]);
    expect(diagnostics.unreadable).toEqual([]);
  });

  test("of a version between: its sessions count, also where another database has them", async () => {
    const home = makeFolder();
    const [next] = [new Agent(OPENCODE + OPENCODE_2)];
    next.run("DROP TABLE session_v2");
    next.insert("session", { id: "ses_9", directory: "/srv/shop" });
    const { agent, session, row } = version2();
    session("ses_9");
    for (const [n, id] of ["msg_1", "msg_2"].entries()) {
      const data = assistant(n, 10 ** n, { content: [{ type: "tool" }] });
      row(id, "ses_9", "assistant", data);
      const times = { time_created: atMs(n), time_updated: atMs(n) };
      next.insert("session_message", {
        id,
        session_id: "ses_9",
        type: "assistant",
        seq: n,
        ...times,
        data: JSON.stringify(data),
      });
    }
    next.publish(join(home, DATA, "opencode-next.db"));
    const alone = await scanHome(home);
    expect([alone.totals.inputTokens, alone.diagnostics.unreadable]).toEqual([11, []]);
    agent.publish(join(home, DATABASE));
    expect((await scanHome(home)).totals).toMatchObject({ inputTokens: 11, responses: 2, toolUses: 2 });
  });

  test("with damaged rows, with rows of its own kind only", async () => {
    const home = makeFolder();
    const { agent, session, row } = version2();
    session("s");
    for (const [n, text] of ["{damaged", "42", "null"].entries()) row(`m${n}`, "s", "assistant", text);
    row("m4", "s", "assistant", assistant(1, -1));
    row("m5", "s", "assistant", assistant(1, 0.5));
    row("m6", "s", "assistant", assistant(1, 1, { tokens: { input: "1" } }));
    row("m7", "s", "model-switched", "{damaged");
    row("m8", "s", "compaction", { status: "failed", time: { created: atMs(1) }, tokens: tokensOf(7, 1) });
    row("m9", "s", "a type to come", assistant(1, 1));
    agent.publish(join(home, DATABASE));
    const { rows, stats, diagnostics } = await scanHome(home, { by: ["model"] });
    expect(rows).toMatchObject([{ key: { model: "unknown" }, inputTokens: 7, responses: 1 }]);
    expect(stats.skipped).toEqual({ malformed: 6, oversized: 0, pending: 0 });
    expect(diagnostics.skippedLines[0]).toMatchObject({ path: `${join(home, DATABASE)}#s`, reason: "malformed" });
  });

  test("whose sessions used more than their messages tell says how much", async () => {
    const home = makeFolder();
    const { agent, session, row } = version2();
    session("ses_9", {
      tokens_input: 31,
      tokens_output: 5,
      tokens_reasoning: 2,
      tokens_cache_read: 100,
      tokens_cache_write: 10,
    });
    row("msg_1", "ses_9", "assistant", assistant(1, 1));
    session("ses_5", { fork_session_id: "ses_9", tokens_input: 4, time_created: atMs(2) });
    row("msg_2", "ses_5", "assistant", assistant(1, 1));
    agent.publish(join(home, DATABASE));
    const result = await scanHome(home);
    expect(result.diagnostics).toMatchObject({ untoldTokens: 34, unreadable: [] });
    expect(diagnosticLines(result)).toContain(
      "34 tokens of OpenCode's or Qwen Code's sessions stand in no message (of titles, mostly); they are in no figure",
    );
    expect(result.totals.inputTokens).toBe(1);
  });
});

test("compactions are responses of the model that they name, else of the one in force", async () => {
  const home = makeFolder();
  const { agent, session, row } = version2();
  session("ses_9");
  const tokens = tokensOf(10, 1);
  row("msg_1", "ses_9", "assistant", assistant(1, 1, { model: { id: "first" } }));
  row("msg_2", "ses_9", "compaction", { status: "failed", time: { created: atMs(2) }, tokens, cost: 0.5 });
  row("msg_3", "ses_9", "model-switched", { time: { created: atMs(3) }, model: { id: "second" } });
  row("msg_4", "ses_9", "user", { time: { created: atMs(3) } });
  row("msg_5", "ses_9", "compaction", { status: "failed", time: { created: atMs(4) }, tokens });
  row("msg_6", "ses_9", "compaction", {
    status: "completed",
    time: { created: atMs(5) },
    model: { id: "third" },
    tokens,
  });
  row("msg_7", "ses_9", "compaction", { status: "completed", time: { created: atMs(6) }, model: { id: "third" } });
  agent.publish(join(home, DATABASE));
  const { rows } = await scanHome(home, { by: ["model"], sort: "key:asc" });
  expect(rows.map(({ key, inputTokens, responses, costUsd }) => [key.model, inputTokens, responses, costUsd])).toEqual([
    ["first", 11, 2, 0.5],
    ["second", 10, 1, null],
    ["third", 10, 1, null],
  ]);
});

test("an export of version 2 is a session", async () => {
  const session = {
    id: "ses_7",
    projectID: "p",
    cost: 0,
    tokens: tokensOf(0, 0),
    location: { directory: "/srv/shop" },
  };
  const messages = [
    { id: "msg_1", type: "user", text: "SECRET", time: { created: atMs(0) } },
    { id: "msg_2", type: "assistant", ...assistant(1, 7, { content: [{ type: "tool" }] }) },
    { id: "msg_3", type: "compaction", status: "failed", time: { created: atMs(2) }, tokens: tokensOf(20, 1) },
    { id: "msg_4", type: "idle", time: { created: atMs(9) } },
  ];
  const folder = makeFolder({ "export.json": JSON.stringify({ info: session, messages }, null, 2) });
  const { agent, session: insert, row } = version2();
  insert("ses_7");
  row("msg_2", "ses_7", "assistant", assistant(1, 7, { content: [{ type: "tool" }] }));
  agent.publish(join(folder, "saved.db"));
  const ask = (...names: string[]) => scanHome("/nonexistent", { paths: names.map((name) => join(folder, name)) });
  const expected = {
    key: { source: "opencode", session: "ses_7", agent: "main", model: "gpt-5.4", project: "/srv/shop" },
    ...{ inputTokens: 27, outputTokens: 8, reasoningTokens: 2, responses: 2, toolUses: 1 },
  };
  expect((await ask("export.json")).rows).toMatchObject([expected]);
  expect((await ask("export.json", "saved.db")).rows).toMatchObject([expected]);
});

test("each response counts once, in whichever tables it is told", { timeout: 300_000 }, async () => {
  clockAhead();
  const count = fc.integer({ min: 1, max: 99 });
  const used = fc.record({ input: count, output: count, reasoning: fc.nat(50), read: fc.nat(9), write: fc.nat(9) });
  const turn = fc.record({ used, tools: fc.nat(2), model: fc.constantFrom("gpt-5.4", "claude-opus-4-6") });
  const n = fc.nat(3);
  const how = fc.constantFrom("untold", "completed", "failed");
  const called = (name: string, ...all: ReadonlyArray<fc.Arbitrary<unknown>>) =>
    fc.record({ name: fc.constant(name as "begin"), args: fc.tuple(...all) });
  const step = fc.oneof(
    called("begin", fc.constantFrom(1, 2)),
    { arbitrary: called("turn1", n, turn, fc.boolean()), weight: 3 },
    called("compact1", n, turn),
    { arbitrary: called("turn2", n, turn), weight: 3 },
    called("compact2", n, turn, how),
    called("title", n, used),
    called("fork2", n),
    called("checkpoint"),
  );
  const sumOf = (responses: readonly Response[], of: (one: Response) => number) =>
    responses.reduce((sum, one) => sum + of(one), 0);
  const figures = (responses: readonly Response[]) => ({
    responses: responses.length,
    inputTokens: sumOf(responses, ({ input }) => input),
    outputTokens: sumOf(responses, ({ output, reasoning }) => output + reasoning),
    reasoningTokens: sumOf(responses, ({ reasoning }) => reasoning),
    cacheReadTokens: sumOf(responses, ({ read }) => read),
    cacheCreation5mTokens: sumOf(responses, ({ write }) => write),
    toolUses: sumOf(responses, ({ tools }) => tools),
  });
  const property = fc.asyncProperty(
    fc.boolean(),
    fc.array(step, { maxLength: 20, size: "max" }),
    fc.nat(20),
    fc.nat(25),
    async (was1, steps, upgraded, first) => {
      const [home, cacheDirectory] = [makeFolder(), makeFolder()];
      const opencode = new OpenCode(was1);
      opencode.begin(1);
      const check = async () => {
        opencode.agent.publish(join(home, DATABASE));
        const cold = await scanHome(home, { by: ["session", "model"], sort: "key:asc" });
        expect(cold.totals).toMatchObject(figures(opencode.responses));
        const groups = new Map<string, Response[]>();
        for (const one of opencode.responses) {
          const key = `${one.session} ${one.model}`;
          groups.set(key, [...(groups.get(key) ?? []), one]);
        }
        const keys = [...groups.keys()].toSorted();
        expect(cold.rows.map(({ key }) => `${key.session} ${key.model}`)).toEqual(keys);
        for (const [r, row] of cold.rows.entries()) expect(row).toMatchObject(figures(groups.get(keys[r]!)!));
        expect(cold.diagnostics).toMatchObject({ unreadable: [], untoldTokens: opencode.untoldTokens });
        const warm = () => scanHome(home, { by: ["session", "model"], sort: "key:asc", cache: true, cacheDirectory });
        for (const again of [await warm(), await warm()]) expect(answerOf(again)).toEqual(answerOf(cold));
      };
      const all = steps.toSpliced(upgraded, 0, { name: "upgrade" as "begin", args: [] });
      const run = ({ name, args }: (typeof all)[number]) => opencode[name](...(args as [1]));
      all.slice(0, first).forEach(run);
      await check();
      all.slice(first).forEach(run);
      await check();
    },
  );
  await fc.assert(property, { numRuns: Math.ceil(Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 400) / 4) });
});
