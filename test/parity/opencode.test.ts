/** OpenCode: databases with logs, files of older versions, both at once. */
import { join } from "node:path";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { scan } from "tokensift";
import { describe, expect, test } from "vitest";
import { diagnosticLines } from "../../src/report/diagnostics.ts";
import { tokensift } from "../cli/tokensift.ts";
import { Agent, OPENCODE, OPENCODE_2 } from "../databases.ts";
import { atMs, clockAhead, DATA, DATABASE, message, scanHome } from "../opencode.ts";
import { answerOf, makeFolder, response } from "../transcripts.ts";

test("what stands in the database and what only its log holds", async () => {
  const home = makeFolder();
  const agent = new Agent(OPENCODE);
  agent.insert("session", { id: "ses_1", directory: "/srv/shop" });
  agent.insert("message", { id: "msg_1", session_id: "ses_1", data: JSON.stringify(message("ses_1", 1, 1)) });
  agent.insert("message", {
    id: "msg_u",
    session_id: "ses_1",
    data: JSON.stringify({ role: "user", time: { created: atMs(0) } }),
  });
  agent.insert("part", {
    id: "prt_1",
    message_id: "msg_1",
    session_id: "ses_1",
    data: '{"type":"tool","tool":"bash"}',
  });
  agent.insert("part", { id: "prt_2", message_id: "msg_1", session_id: "ses_1", data: '{"type":"tool","tool":"ls"}' });
  agent.insert("part", {
    id: "prt_3",
    message_id: "msg_1",
    session_id: "ses_1",
    data: '{"type":"step-finish","tokens":{"input":1}}',
  });
  agent.insert("part", { id: "prt_4", message_id: "msg_1", session_id: "ses_1", data: "{damaged" });
  agent.checkpoint();
  agent.insert("session", { id: "ses_2", parent_id: "ses_1", directory: "/srv/shop" });
  agent.insert("message", {
    id: "msg_2",
    session_id: "ses_2",
    data: JSON.stringify(message("ses_2", 2, 20, { agent: "explore" })),
  });
  agent.publish(join(home, DATABASE));
  const { rows, totals, stats, diagnostics } = await scanHome(home);
  expect(rows).toMatchObject([
    {
      key: { source: "opencode", session: "ses_2", agent: "explore", model: "gpt-5.4", project: "/srv/shop" },
      ...{ inputTokens: 20, outputTokens: 5, reasoningTokens: 2, cacheReadTokens: 100, cacheCreation5mTokens: 10 },
    },
    { key: { session: "ses_1", agent: "main" }, inputTokens: 1, totalTokens: 116, responses: 1, toolUses: 2 },
  ]);
  expect(totals).toMatchObject({ firstAt: new Date(atMs(0)).toISOString(), durationMs: 1000 });
  const bytes = statSync(join(home, DATABASE)).size + statSync(join(home, `${DATABASE}-wal`)).size;
  expect(stats).toMatchObject({ transcripts: 1, bytesTotal: bytes, bytesRead: bytes, responses: 2 });
  expect(diagnostics.unreadable).toEqual([]);
  expect(readdirSync(join(home, DATA)).sort()).toEqual(["opencode.db", "opencode.db-wal"]);
});

test("totals of sessions that its messages do not tell are said; of both versions the newer", async () => {
  const home = makeFolder();
  const totals = ["tokens_input", "tokens_output", "tokens_reasoning", "tokens_cache_read", "tokens_cache_write"];
  const columns = totals.map((name) => `ALTER TABLE session ADD COLUMN ${name} INTEGER DEFAULT 0 NOT NULL;`);
  const agent = new Agent(`${OPENCODE}${columns.join("")}${OPENCODE_2}`);
  const told = { tokens_input: 41, tokens_output: 5, tokens_reasoning: 2, tokens_cache_read: 100 };
  agent.insert("session", { id: "ses_1", directory: "/srv/shop", ...told });
  agent.insert("message", { id: "msg_1", session_id: "ses_1", data: JSON.stringify(message("ses_1", 1, 1)) });
  agent.insert("session", { id: "ses_2", directory: "/srv/shop", tokens_input: 1000 });
  const both = { id: "ses_2", directory: "/srv/shop", version: "2.0.3", tokens_input: 7 };
  agent.insert("session_v2", { ...both, time_created: atMs(1), time_updated: atMs(1) });
  agent.publish(join(home, DATABASE));
  const { diagnostics, totals: figures } = await scanHome(home);
  expect(figures).toMatchObject({ inputTokens: 1, cacheReadTokens: 100 });
  expect(diagnostics.untoldTokens).toBe(40 + 7);
});

describe("a message of several steps, which tells the last one's tokens alone,", () => {
  const tokens = (input: number, output: number, more: object = {}) => ({
    ...{ input, output, reasoning: 0, cache: { read: 100, write: 10 }, total: input + output + 110 },
    ...more,
  });
  const last = { tokens: tokens(3, 7) };
  const part = (n: number, told: unknown) => ({ id: `prt_${n}`, type: "step-finish", tokens: told, cost: 0.1 });
  const steps = [
    part(1, tokens(1, 5)),
    { id: "prt_2", type: "tool", tool: "ls" },
    part(3, tokens(2, 6)),
    part(4, tokens(3, 7)),
  ];
  const figures = { inputTokens: 6, outputTokens: 18, cacheReadTokens: 300, cacheCreation5mTokens: 30, toolUses: 1 };
  const insert = (agent: Agent, id: string, session: string, told: object, some: readonly { id: string }[]) => {
    agent.insert("message", { id, session_id: session, data: JSON.stringify({ ...message(session, 1, 1), ...told }) });
    for (const one of some) {
      const data = JSON.stringify(one);
      agent.insert("part", { id: `${id} ${one.id}`, message_id: id, session_id: session, data });
    }
  };

  test("counts as all of them, in a database and once with its fork", async () => {
    const home = makeFolder();
    const agent = new Agent(OPENCODE);
    insert(agent, "msg_1", "ses_2", last, steps);
    insert(agent, "msg_2", "ses_1", last, steps);
    agent.publish(join(home, DATABASE));
    const { totals } = await scanHome(home);
    expect(totals).toMatchObject({ ...figures, responses: 1 });
  });

  test("counts once with a copy that version 2 made", async () => {
    const home = makeFolder();
    const agent = new Agent(`${OPENCODE}${OPENCODE_2}`);
    insert(agent, "msg_1", "ses_2", last, steps);
    const times = { time_created: atMs(1), time_updated: atMs(1) };
    for (const id of ["ses_2", "ses_1"]) agent.insert("session_v2", { id, directory: "/srv", version: "2", ...times });
    const told = { ...last.tokens, total: undefined };
    const data = { model: { id: "gpt-5.4" }, time: { created: atMs(1) }, cost: 0, tokens: told };
    const row = { type: "assistant", seq: 1, ...times, data: JSON.stringify(data) };
    agent.insert("session_message", { id: "msg_1", session_id: "ses_2", ...row });
    agent.insert("session_message", { id: "msg_9", session_id: "ses_1", ...row });
    agent.publish(join(home, DATABASE));
    const { totals } = await scanHome(home);
    expect(totals).toMatchObject({ ...figures, responses: 1 });
  });

  test("counts as all of them in an export", async () => {
    const info = { ...message("ses_1", 1, 1), id: "msg_1", ...last };
    const path = join(
      makeFolder({ "export.json": JSON.stringify({ info: { id: "ses_1" }, messages: [{ info, parts: steps }] }) }),
    );
    const { totals } = await scan({ paths: [path], threads: 0, cache: false });
    expect(totals).toMatchObject({ ...figures, responses: 1 });
  });

  /** Of older versions: `{ "message": […], "part": […] }` as files, by id. */
  const inFiles = (id: string, session: string, told: object, some: ReadonlyArray<{ id: string }>) => ({
    [`${DATA}/storage/message/${session}/${id}.json`]: JSON.stringify({ ...message(session, 1, 1), ...told, id }),
    ...Object.fromEntries(
      some.map((one) => [
        `${DATA}/storage/part/${id}/${one.id}.json`,
        JSON.stringify({ ...one, id: `${id} ${one.id}`, messageID: id, sessionID: session }),
      ]),
    ),
  });

  test("counts as all of them in files, once with its fork, and not twice where a folder was copied", async () => {
    const files = { ...inFiles("msg_1", "ses_2", last, steps), ...inFiles("msg_2", "ses_1", last, steps) };
    const home = makeFolder(files);
    expect((await scanHome(home)).totals).toMatchObject({ ...figures, responses: 1 });
    const copy = makeFolder(files);
    const paths = [home, copy].map((folder) => join(folder, DATA, "storage"));
    expect((await scanHome("/nonexistent", { paths })).totals).toMatchObject({ ...figures, responses: 1 });
    clockAhead();
    const cached = { cache: true, cacheDirectory: makeFolder() };
    await scanHome(home, cached);
    expect((await scanHome(home, cached)).stats.bytesRead).toBe(0);
    // One step more, and the message was never written again.
    const more = JSON.stringify({
      ...part(5, tokens(4, 8)),
      id: "msg_1 prt_5",
      messageID: "msg_1",
      sessionID: "ses_2",
    });
    writeFileSync(join(home, DATA, "storage/part/msg_1/prt_9.json"), more);
    const expected = [
      { key: { session: "ses_2" }, inputTokens: 10, outputTokens: 26 },
      { key: { session: "ses_1" }, inputTokens: 6, outputTokens: 18 },
    ];
    expect((await scanHome(home)).rows).toMatchObject(expected);
    expect((await scanHome(home, cached)).rows).toMatchObject(expected);
    const { stdout } = await tokensift(["cache", "verify", "--json", "--cache-dir", cached.cacheDirectory]);
    // Of 11 files that are there cursors are true, the one that came just now included.
    expect(JSON.parse(stdout)).toMatchObject({ unused: 0, differences: [] });
  });

  test("whose end tells zeros counts as all of them in files; steps of zeros are no response", async () => {
    const zeros = tokens(0, 0, { cache: { read: 0, write: 0 }, total: 0 });
    const some = [part(1, tokens(1, 5)), part(2, tokens(2, 6)), part(3, zeros)];
    const nothing = [part(1, zeros), part(2, zeros)];
    const home = makeFolder({
      ...inFiles("msg_1", "ses_1", { tokens: zeros }, some),
      ...inFiles("msg_2", "ses_1", { tokens: zeros }, nothing),
    });
    expect((await scanHome(home)).totals).toMatchObject({ inputTokens: 3, outputTokens: 11, responses: 1 });
  });

  test("counts as it says where a step cannot be read, and as an export does that knows more steps", async () => {
    const damaged = inFiles("msg_1", "ses_1", last, steps);
    const path = Object.keys(damaged).find((name) => name.endsWith("prt_3.json")) as string;
    for (const bad of [
      damaged[path]?.slice(0, -5),
      JSON.stringify({ ...part(3, tokens(-2, 6)), messageID: "msg_1" }),
    ]) {
      const { totals } = await scanHome(makeFolder({ ...damaged, [path]: bad as string }));
      expect(totals).toMatchObject({ inputTokens: 3, outputTokens: 7, responses: 1 });
    }
    const older = makeFolder(inFiles("msg_1", "ses_1", { tokens: tokens(2, 6) }, [steps[0]!, steps[2]!]));
    const info = { ...message("ses_1", 1, 1), id: "msg_1", ...last };
    const exported = makeFolder({
      "e.json": JSON.stringify({ info: { id: "ses_1" }, messages: [{ info, parts: steps }] }),
    });
    const paths = [join(exported, "e.json"), join(older, DATA, "storage")];
    expect((await scanHome("/nonexistent", { paths })).totals).toMatchObject({ ...figures, responses: 1 });
  });

  test("leaves a ledger with what it knew when its message is gone, but not its steps", async () => {
    const home = makeFolder(inFiles("msg_1", "ses_1", { tokens: tokens(3, 7), cost: 0 }, steps));
    const ledger = join(makeFolder(), "ledger.json");
    const session = async () => {
      expect(await tokensift(["tasks", "scan", "--json", "--ledger", ledger], { home })).toMatchObject({ code: 0 });
      const { sessions } = JSON.parse(readFileSync(ledger, "utf8")) as { sessions: Record<string, object> };
      return JSON.stringify(Object.values(sessions));
    };
    const before = await session();
    expect(before).toContain('"total_tokens":354');
    rmSync(join(home, `${DATA}/storage/message/ses_1/msg_1.json`));
    expect(await session()).toContain('"total_tokens":354');
  });

  test("of a step that stands alone only the message tells", async () => {
    const home = makeFolder({
      ...inFiles("msg_1", "ses_1", last, [part(1, tokens(50, 50))]),
      // Its message is gone.
      ...Object.fromEntries(Object.entries(inFiles("msg_2", "ses_1", last, steps)).slice(1)),
    });
    const { totals } = await scanHome(home);
    expect(totals).toMatchObject({ inputTokens: 3, outputTokens: 7, responses: 1, toolUses: 1 });
  });

  test("tells the same in files, a database and an export, whoever answered", { timeout: 180_000 }, async () => {
    const numbers = fc.record(
      {
        input: fc.nat(50),
        output: fc.integer({ min: 1, max: 20 }),
        reasoning: fc.nat(20),
        read: fc.nat(60),
        write: fc.nat(2),
      },
      { requiredKeys: ["output"] },
    );
    const step = fc.record({ numbers, total: fc.constantFrom("none", "all", "other") });
    const one = fc.record({
      created: fc.constantFrom(Date.UTC(2025, 8, 1), Date.UTC(2025, 10, 20), Date.UTC(2026, 5, 1)),
      providerID: fc.constantFrom("openai", "anthropic", "google", "github-copilot", "opencode"),
      modelID: fc.constantFrom("gpt-5", "claude-sonnet-4", "gemini-3-pro"),
      cost: fc.constantFrom(0, 0.25),
      steps: fc.array(step, { minLength: 1, maxLength: 4 }),
      tools: fc.nat(2),
    });
    const toldOf = ({
      numbers: { read = 0, write = 0, input = 0, reasoning = 0, output },
      total,
    }: {
      numbers: { input?: number; output: number; reasoning?: number; read?: number; write?: number };
      total: string;
    }) => {
      const all = input + output + reasoning + read + write;
      const counts = { input, output, reasoning, cache: { read, write } };
      return total === "none" ? counts : { ...counts, total: total === "all" ? all : all - reasoning };
    };
    const property = fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 4 }), async (messages) => {
      const agent = new Agent(OPENCODE);
      const exported: object[] = [];
      const files: Record<string, string> = {};
      for (const [n, { created, steps: some, tools, ...more }] of messages.entries()) {
        // Forks are known by what messages tell: each has a time of its own.
        const time = { created: created + n };
        const parts = [
          ...some.map((each, k) => part(k, toldOf(each))),
          ...Array.from({ length: tools }, (_, k) => ({
            id: `prt_t${k}`,
            type: "tool",
            state: { time: { start: time.created } },
          })),
        ];
        const told = { ...more, time, tokens: toldOf(some.at(-1)!) };
        insert(agent, `msg_${n}`, "ses_1", told, parts);
        Object.assign(files, inFiles(`msg_${n}`, "ses_1", told, parts));
        exported.push({ info: { ...message("ses_1", 1, 1), ...told, id: `msg_${n}` }, parts });
      }
      const stored = makeFolder();
      agent.publish(join(stored, DATABASE));
      const home = makeFolder(files);
      const document = makeFolder({ "e.json": JSON.stringify({ info: { id: "ses_1" }, messages: exported }) });
      const by = ["day", "session", "agent", "model", "project"];
      const answer = async (folder: string, more: object = {}) => (await scanHome(folder, { by, ...more })).rows;
      const rows = await answer(stored);
      const cacheDirectory = makeFolder();
      expect(await answer(home)).toEqual(rows);
      for (const _ of ["cold", "warm"]) expect(await answer(home, { cache: true, cacheDirectory })).toEqual(rows);
      expect(await answer("/nonexistent", { paths: [join(document, "e.json")] })).toEqual(rows);
    });
    await fc.assert(property, { numRuns: Math.ceil(Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 400) / 8) });
  });

  test("counts as it says where one of them does not tell", async () => {
    const home = makeFolder();
    const agent = new Agent(OPENCODE);
    insert(agent, "msg_1", "ses_1", last, [part(1, undefined), part(2, tokens(3, 7))]);
    insert(agent, "msg_2", "ses_1", { tokens: tokens(20, 7) }, [part(1, tokens(-1, 5)), part(2, tokens(3, 7))]);
    insert(agent, "msg_3", "ses_1", { tokens: tokens(30, 7) }, [part(1, "x"), part(2, [])]);
    agent.publish(join(home, DATABASE));
    const { totals, stats } = await scanHome(home);
    expect(totals).toMatchObject({ inputTokens: 53, responses: 3 });
    expect(stats.skipped.malformed).toBe(0);
  });
});

describe("cached tokens that versions before 1.0.62 left in the input", () => {
  const [before, since] = [Date.UTC(2025, 10, 12, 23, 59), Date.UTC(2025, 10, 13)];
  const tokens = { input: 1000, output: 50, reasoning: 20, cache: { read: 900, write: 0 } };
  const told = (created: number, more: object = {}) =>
    message("ses_2", 1, 0, { time: { created }, modelID: "gpt-5", providerID: "openai", cost: 0.25, tokens, ...more });
  const exported = (one: object) => {
    const messages = [{ info: { ...one, id: "msg_1" }, parts: [] }];
    return makeFolder({ "export.json": JSON.stringify({ info: { id: "ses_2" }, messages }) });
  };
  const inputOf = async (one: object) => {
    const { totals } = await scan({ paths: [exported(one)], threads: 0, cache: false });
    return [totals.inputTokens, totals.cacheReadTokens, totals.costUsd === 0.25];
  };
  const [once, twice] = [
    [100, 900, false],
    [1000, 900, true],
  ];

  test("count once, and their cost is not believed", async () => {
    expect(await inputOf(told(before))).toEqual(once);
    for (const providerID of ["github-copilot", "openrouter"])
      expect(await inputOf(told(before, { providerID, modelID: "claude-sonnet-4" }))).toEqual(once);
    expect(await inputOf(told(before, { providerID: undefined }))).toEqual(once);
  });

  test("were beside it since, and always where Anthropic's way of telling is used", async () => {
    expect(await inputOf(told(since))).toEqual(twice);
    // No version of OpenCode is as old.
    expect(await inputOf(told(Date.UTC(2025, 3, 30)))).toEqual(twice);
    for (const providerID of ["anthropic", "amazon-bedrock", "google-vertex-anthropic"])
      expect(await inputOf(told(before, { providerID, modelID: "some-model" }))).toEqual(twice);
    expect(await inputOf(told(before, { providerID: "opencode", modelID: "Claude-Sonnet-4" }))).toEqual(twice);
    const written = { ...tokens, cache: { read: 900, write: 1 } };
    const more = { ...tokens, cache: { read: 1001, write: 0 } };
    expect(await inputOf(told(before, { tokens: written }))).toEqual(twice);
    expect(await inputOf(told(before, { tokens: more }))).toEqual([1000, 1001, true]);
    expect(await inputOf(told(before, { tokens: { ...tokens, cache: { read: 0, write: 0 } } }))).toEqual([
      1000,
      0,
      true,
    ]);
  });

  test("are the same in files, databases of both versions, and forks", async () => {
    const home = makeFolder({
      [`${DATA}/storage/message/ses_2/msg_1.json`]: JSON.stringify({ ...told(before), id: "msg_1" }),
    });
    expect((await scanHome(home)).totals).toMatchObject({ inputTokens: 100, responses: 1 });
    const agent = new Agent(`${OPENCODE}${OPENCODE_2}`);
    for (const [id, session] of Object.entries({ msg_1: "ses_2", msg_2: "ses_1" }))
      agent.insert("message", { id, session_id: session, data: JSON.stringify(told(before)) });
    const times = { time_created: before, time_updated: before };
    agent.insert("session_v2", { id: "ses_0", directory: "/srv", version: "2", ...times });
    const data = { model: { id: "gpt-5", providerID: "openai" }, time: { created: before }, cost: 0.25, tokens };
    const row = { type: "assistant", seq: 1, ...times, data: JSON.stringify(data) };
    agent.insert("session_message", { id: "msg_9", session_id: "ses_0", ...row });
    agent.publish(join(home, DATABASE));
    const { totals, diagnostics } = await scanHome(home);
    expect(totals).toMatchObject({ inputTokens: 100, cacheReadTokens: 900, outputTokens: 50, responses: 1 });
    expect(diagnostics.untoldTokens).toBe(0);
  });
});

test("OPENCODE_DB names a database more", async () => {
  const home = makeFolder();
  const agent = new Agent(OPENCODE);
  agent.insert("message", { id: "msg_1", session_id: "ses_1", data: JSON.stringify(message("ses_1", 1, 1)) });
  agent.publish(join(home, DATA, "work.db"));
  const named = async (OPENCODE_DB: string) => {
    const environment = { variables: { OPENCODE_DB }, home, platform: "linux" as const };
    return (await scan({ environment, sources: ["opencode"], threads: 0, cache: false })).totals.responses;
  };
  expect(await named("work.db")).toBe(1);
  expect(await named(join(home, DATA, "work.db"))).toBe(1);
  expect(await named("opencode.db")).toBe(0);
  expect(await named(":memory:")).toBe(0);
});

test("reasoning is inside or beside the output, as the total says", async () => {
  const home = makeFolder();
  const agent = new Agent(OPENCODE);
  const tokens = [
    { input: 10, output: 5, reasoning: 2, cache: { read: 0, write: 0 }, total: 15 },
    { input: 10, output: 5, reasoning: 2, cache: { read: 0, write: 0 }, total: 17 },
    { input: 10, output: 5, reasoning: 2, cache: { read: 0, write: 0 } },
    { input: 10, output: 1, reasoning: 2, cache: { read: 0, write: 0 } },
  ];
  for (const [n, told] of tokens.entries()) {
    agent.insert("message", {
      id: `m${n}`,
      session_id: `s${n}`,
      data: JSON.stringify(message(`s${n}`, n, 0, { tokens: told })),
    });
  }
  agent.publish(join(home, DATABASE));
  const { rows } = await scanHome(home, { by: ["session"], sort: "key:asc" });
  expect(rows.map(({ outputTokens, reasoningTokens }) => [outputTokens, reasoningTokens])).toEqual([
    [5, 2],
    [7, 2],
    [5, 2],
    [3, 2],
  ]);
});

test("without a total, reasoning is beside the output where Google's own interface was asked", async () => {
  const home = makeFolder();
  const agent = new Agent(OPENCODE);
  const without = { input: 10, output: 5, reasoning: 2, cache: { read: 0, write: 0 } };
  const some = [
    { providerID: "google", modelID: "gemini-2.5-pro" },
    { providerID: "google-vertex", modelID: "gemini-2.5-pro" },
    { providerID: "opencode", modelID: "gemini-3-pro" },
    { providerID: "opencode", modelID: "gpt-5" },
    { providerID: "openrouter", modelID: "google/gemini-2.5-pro" },
    { providerID: "google", modelID: "gemini-3-pro", tokens: { ...without, total: 15 } },
    { providerID: "google", modelID: "gemini-3-pro", tokens: { ...without, total: 17 } },
  ];
  for (const [n, more] of some.entries()) {
    const data = JSON.stringify(message(`s${n}`, n, 0, { tokens: without, ...more }));
    agent.insert("message", { id: `m${n}`, session_id: `s${n}`, data });
  }
  agent.publish(join(home, DATABASE));
  const { rows } = await scanHome(home, { by: ["session"], sort: "key:asc" });
  expect(rows.map(({ outputTokens }) => outputTokens)).toEqual([7, 7, 7, 5, 5, 5, 7]);
});

test("damaged rows cost themselves; aborted requests are no responses; what the agent recorded as cost counts", async () => {
  const home = makeFolder();
  const agent = new Agent(OPENCODE);
  const zeros = { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } };
  const data = [
    "{damaged",
    "42",
    JSON.stringify(message("s", 1, -1)),
    JSON.stringify(message("s", 1, 0.5)),
    JSON.stringify(message("s", 1, 0, { tokens: zeros })),
    JSON.stringify(message("s", 1, 1, { cost: 0.25 })),
  ];
  for (const [n, text] of data.entries()) agent.insert("message", { id: `m${n}`, session_id: "s", data: text });
  agent.publish(join(home, DATABASE));
  const { totals, stats, diagnostics } = await scanHome(home);
  expect(totals).toMatchObject({ responses: 1, inputTokens: 1, costUsd: 0.25 });
  expect(stats.skipped).toEqual({ malformed: 4, oversized: 0, pending: 0 });
  expect(diagnostics.skippedLines[0]).toMatchObject({ path: `${join(home, DATABASE)}#s`, reason: "malformed" });
});

const KEPT = ["database", "log", "file", "both"] as const;

test("each message counts once, wherever it is kept, however the database grows", { timeout: 180_000 }, async () => {
  clockAhead();
  const one = fc.record({
    session: fc.integer({ min: 1, max: 3 }),
    input: fc.integer({ min: 1, max: 99 }),
    kept: fc.constantFrom(...KEPT),
    tools: fc.nat(2),
  });
  const property = fc.asyncProperty(fc.array(one, { maxLength: 8 }), fc.nat(8), async (messages, before) => {
    const home = makeFolder();
    const cacheDirectory = makeFolder();
    const agent = new Agent(OPENCODE);
    const storage = join(home, DATA, "storage");
    const write = (n: number) => {
      const { session, input, kept, tools } = messages[n]!;
      const [id, ses] = [`msg_${n}`, `ses_${session}`];
      const parts = Array.from(
        { length: tools },
        (_, t) => [`prt_${n}_${t}`, { type: "tool", state: { time: { start: atMs(n) } } }] as const,
      );
      if (kept !== "file") {
        agent.insert("message", { id, session_id: ses, data: JSON.stringify(message(ses, n, input)) });
        for (const [part, data] of parts)
          agent.insert("part", { id: part, message_id: id, session_id: ses, data: JSON.stringify(data) });
        if (kept === "database") agent.checkpoint();
      }
      if (kept !== "file" && kept !== "both") return;
      for (const folder of [`message/${ses}`, `part/${id}`]) mkdirSync(join(storage, folder), { recursive: true });
      // Before it was moved the message was not finished.
      const state = kept === "both" ? message(ses, n, input + 1000, { modelID: "other" }) : message(ses, n, input);
      writeFileSync(join(storage, "message", ses, `${id}.json`), JSON.stringify({ id, ...state }));
      for (const [part, data] of parts) {
        writeFileSync(
          join(storage, "part", id, `${part}.json`),
          JSON.stringify({ id: part, messageID: id, sessionID: ses, ...data }),
        );
      }
    };
    const check = async (count: number) => {
      agent.publish(join(home, DATABASE));
      const known = messages.slice(0, count);
      const sum = (of: (one: (typeof messages)[number]) => number) => known.reduce((all, each) => all + of(each), 0);
      const cold = await scanHome(home);
      expect(cold.totals).toMatchObject({
        inputTokens: sum(({ input }) => input),
        outputTokens: 5 * count,
        responses: count,
        toolUses: sum(({ tools }) => tools),
      });
      for (const session of [1, 2, 3]) {
        const rows = cold.rows.filter(({ key }) => key.session === `ses_${session}`);
        const own = known.filter((each) => each.session === session);
        expect(rows.map(({ key, inputTokens, toolUses }) => [key.model, key.project, inputTokens, toolUses])).toEqual(
          own.length === 0
            ? []
            : [
                [
                  "gpt-5.4",
                  "/srv/shop",
                  own.reduce((all, { input }) => all + input, 0),
                  own.reduce((all, { tools }) => all + tools, 0),
                ],
              ],
        );
      }
      expect(answerOf(await scanHome(home, { cache: true, cacheDirectory }))).toEqual(answerOf(cold));
      expect(answerOf(await scanHome(home, { cache: true, cacheDirectory }))).toEqual(answerOf(cold));
      expect(answerOf(await scanHome(home, { threads: 2 }))).toEqual(answerOf(cold));
    };
    const first = Math.min(before, messages.length);
    for (let n = 0; n < first; n++) write(n);
    await check(first);
    for (let n = first; n < messages.length; n++) write(n);
    await check(messages.length);
  });
  await fc.assert(property, { numRuns: Math.ceil(Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 400) / 10) });
});

describe("files", () => {
  test("of older versions: subagents by their session's file, tool calls by their parts", async () => {
    const json = JSON.stringify;
    const home = makeFolder({
      [`${DATA}/storage/session/p/ses_1.json`]: json({ id: "ses_1", directory: "/srv/shop" }),
      [`${DATA}/storage/session/p/ses_2.json`]: json({ id: "ses_2", parentID: "ses_1" }),
      [`${DATA}/storage/message/ses_1/msg_1.json`]: json({ id: "msg_1", ...message("ses_1", 1, 1) }),
      [`${DATA}/storage/message/ses_2/msg_2.json`]: json({
        id: "msg_2",
        ...message("ses_2", 2, 20, { agent: undefined, mode: "general" }),
      }),
      [`${DATA}/storage/message/ses_2/msg_3.json`]: '{"id":"msg_3"',
      [`${DATA}/storage/part/msg_2/prt_1.json`]: json({
        id: "prt_1",
        messageID: "msg_2",
        sessionID: "ses_2",
        type: "tool",
      }),
      [`${DATA}/storage/part/msg_2/prt_2.json`]: json({
        id: "prt_2",
        messageID: "msg_2",
        sessionID: "ses_2",
        type: "text",
        text: "x",
      }),
      [`${DATA}/snapshot/x/msg_9.json`]: json({ id: "msg_9", ...message("ses_9", 1, 1) }),
    });
    const expected = [
      { key: { session: "ses_2", agent: "general", project: "/srv/shop" }, inputTokens: 20, toolUses: 1 },
      { key: { session: "ses_1", agent: "main" }, inputTokens: 1, toolUses: 0 },
    ];
    const own = await scanHome(home);
    expect(own.rows).toMatchObject(expected);
    expect(own.stats.skipped.pending).toBe(1);
    // The same by hand.
    const given = await scanHome("/nonexistent", { paths: [join(home, DATA, "storage")] });
    expect(given.rows).toMatchObject(expected);
  });

  test("an export is a session; given by hand, so is a database, whatever its name", async () => {
    const exported = {
      info: { id: "ses_7", directory: "/srv/shop" },
      messages: [
        { info: { id: "m1", ...message("ses_7", 1, 7) }, parts: [{ type: "tool" }, { type: "text" }] },
        { info: { id: "u1", role: "user" }, parts: [] },
      ],
    };
    const folder = makeFolder({ "export.json": JSON.stringify(exported, null, 2) });
    const agent = new Agent(OPENCODE);
    agent.insert("message", { id: "m1", session_id: "ses_7", data: JSON.stringify(message("ses_7", 1, 7)) });
    agent.insert("message", { id: "m2", session_id: "ses_7", data: JSON.stringify(message("ses_7", 2, 20)) });
    agent.publish(join(folder, "saved.db"));
    const { rows } = await scanHome("/nonexistent", {
      paths: [join(folder, "export.json"), join(folder, "saved.db")],
      by: ["session"],
    });
    expect(rows).toMatchObject([{ key: { session: "ses_7" }, inputTokens: 27, responses: 2 }]);
    const lines = makeFolder({ "lines.db": [response(1)] });
    const other = await scanHome("/nonexistent", { paths: [join(lines, "lines.db")], by: ["source"] });
    expect(other.rows).toMatchObject([{ key: { source: "claude" }, responses: 1 }]);
    const alone = await scanHome("/nonexistent", { paths: [join(folder, "export.json")] });
    expect(alone.totals).toMatchObject({ inputTokens: 7, toolUses: 1 });
  });
});

test("databases of a version we do not know, and of a channel of their own", async () => {
  const home = makeFolder();
  const next = new Agent("CREATE TABLE conversations (id TEXT)");
  next.publish(join(home, DATABASE));
  const dev = new Agent("CREATE TABLE message (id TEXT, session_id TEXT, data TEXT)");
  dev.insert("message", { id: "m1", session_id: "ses_1", data: JSON.stringify(message("ses_1", 1, 3)) });
  dev.publish(join(home, DATA, "opencode-dev.db"));
  const result = await scanHome(home);
  expect(result.diagnostics.unreadable).toEqual([
    { path: join(home, DATA, "opencode-dev.db"), code: "NO_TOOL_CALLS" },
    { path: join(home, DATABASE), code: "UNKNOWN_SCHEMA" },
  ]);
  expect(result.totals).toMatchObject({ inputTokens: 3, responses: 1 });
  expect(diagnosticLines(result).join("\n")).toContain(
    "opencode.db (a database of a version not known: nothing of it counts)",
  );
});

test("a session that goes on in the table of a newer version is said; rows in both tables are not", async () => {
  const home = makeFolder();
  const agent = new Agent(
    `${OPENCODE} CREATE TABLE session_message (id TEXT PRIMARY KEY, session_id TEXT, type TEXT, seq INTEGER, time_created INTEGER, data TEXT);`,
  );
  const newer = (id: string, second: number, type = "assistant") =>
    agent.insert("session_message", { id, session_id: "s", type, time_created: atMs(second), data: "{}" });
  agent.insert("message", {
    id: "m1",
    session_id: "s",
    time_created: atMs(1),
    data: JSON.stringify(message("s", 1, 3)),
  });
  newer("evt_1", 60);
  newer("evt_2", 9999, "user");
  agent.publish(join(home, DATABASE));
  expect((await scanHome(home)).diagnostics.unreadable).toEqual([]);
  newer("evt_3", 9999);
  agent.publish(join(home, DATABASE));
  const { diagnostics, totals } = await scanHome(home);
  expect(diagnostics.unreadable).toEqual([{ path: join(home, DATABASE), code: "NEWER_MESSAGES" }]);
  expect(totals.inputTokens).toBe(3);
});

test.each(["database", "files"])(
  "a fork's copies count once, in the session they were written in (%s)",
  async (kept) => {
    const home = makeFolder();
    const agent = new Agent(OPENCODE);
    const write = (id: string, session: string, second: number, input: number, more: object = {}) => {
      const data = message(session, second, input, more);
      const part = { type: "tool", state: { time: { start: atMs(second) } } };
      if (kept === "database") {
        agent.insert("message", { id, session_id: session, data: JSON.stringify(data) });
        agent.insert("part", { id: `prt_${id}`, message_id: id, session_id: session, data: JSON.stringify(part) });
      } else {
        for (const folder of [`message/${session}`, `part/${id}`])
          mkdirSync(join(home, DATA, "storage", folder), { recursive: true });
        writeFileSync(join(home, DATA, "storage/message", session, `${id}.json`), JSON.stringify({ id, ...data }));
        const whole = { id: `prt_${id}`, messageID: id, sessionID: session, ...part };
        writeFileSync(join(home, DATA, "storage/part", id, `prt_${id}.json`), JSON.stringify(whole));
      }
    };
    // A newer session's id sorts first.
    for (const [session, prefix] of [
      ["ses_9", "msg_a"],
      ["ses_5", "msg_b"],
      ["ses_3", "msg_c"],
    ] as const) {
      write(`${prefix}1`, session, 1, 10);
      write(`${prefix}2`, session, 2, 20);
    }
    write("msg_b3", "ses_5", 3, 40);
    write("msg_c3", "ses_3", 3, 40, { modelID: "other" });
    write("msg_c4", "ses_3", 2, 21);
    if (kept === "database") agent.publish(join(home, DATABASE));
    const { rows } = await scanHome(home, { by: ["session"], sort: "key:asc" });
    expect(
      rows.map(({ key, inputTokens, responses, toolUses }) => [key.session, inputTokens, responses, toolUses]),
    ).toEqual([
      ["ses_3", 61, 2, 2],
      ["ses_5", 40, 1, 1],
      ["ses_9", 30, 2, 2],
    ]);
    expect((await scanHome(home, { count: "records" })).totals.inputTokens).toBe(3 * 30 + 40 + 40 + 21);
  },
);

test("through a link the log beside the file itself is seen", async () => {
  const home = makeFolder();
  const elsewhere = makeFolder();
  const agent = new Agent(OPENCODE);
  agent.checkpoint();
  agent.insert("message", { id: "m1", session_id: "s", data: JSON.stringify(message("s", 1, 3)) });
  agent.publish(join(elsewhere, "x.db"));
  mkdirSync(join(home, DATA), { recursive: true });
  symlinkSync(join(elsewhere, "x.db"), join(home, DATABASE));
  const { totals, stats } = await scanHome(home);
  expect([totals.inputTokens, stats.bytesTotal]).toEqual([3, stats.bytesRead]);
});
