/** Qwen Code's notes beside its transcripts: the log of requests, and what each session used in all. Figures by hand. */
import { join } from "node:path";
import { scan } from "tokensift";
import { describe, expect, test } from "vitest";
import { makeFolder, type Tree } from "../transcripts.ts";

const at = (second: number) => new Date(Date.UTC(2026, 5, 20, 20, 0, second)).toISOString();

/** Of an answer of `input` + 2 tokens, what each place says. */
const message = (session: string, input: number, second = 1) =>
  JSON.stringify({
    uuid: `m${input}`,
    sessionId: session,
    timestamp: at(second),
    type: "assistant",
    cwd: "/srv/app",
    model: "coder",
    message: { parts: [{ text: "x" }] },
    usageMetadata: { promptTokenCount: input, candidatesTokenCount: 2, totalTokenCount: input + 2 },
  });
const telemetry = (session: string, input: number, second = 1, event: object = {}) =>
  JSON.stringify({
    uuid: `t${input}`,
    sessionId: session,
    timestamp: at(second),
    type: "system",
    subtype: "ui_telemetry",
    cwd: "/srv/app",
    systemPayload: {
      uiEvent: {
        "event.name": "qwen-code.api_response",
        response_id: `r${input}`,
        model: "coder",
        input_token_count: input,
        output_token_count: 2,
        total_token_count: input + 2,
        ...event,
      },
    },
  });
let requests = 0;
const request = (session: string, input: number, more: object = {}) =>
  JSON.stringify({
    schemaVersion: 1,
    id: `request-${requests++}`,
    timestamp: at(1),
    localDate: "2026-06-20",
    localMonth: "2026-06",
    sessionId: session,
    model: "coder",
    authType: "openai",
    source: "main",
    inputTokens: input,
    outputTokens: 2,
    cachedTokens: 0,
    thoughtsTokens: 0,
    totalTokens: input + 2,
    apiDurationMs: 9,
    ...more,
  });
const sums = (sessionId: string, totalTokens: unknown, project = "/srv/app") =>
  JSON.stringify({ version: 1, sessionId, timestamp: 1, project, models: { coder: { totalTokens }, none: null } });

const LOG = ".qwen/usage/token-usage-2026-06.jsonl";
const SUMS = ".qwen/usage_record.jsonl";
const CHAT = ".qwen/projects/p/chats/s.jsonl";
const chat = [telemetry("s", 10), message("s", 10), telemetry("s", 20), message("s", 20)];

const ask = async (tree: Tree, more: object = {}) => {
  const home = makeFolder(tree);
  const environment = { variables: {}, home, platform: "linux" as const };
  const question = { environment, threads: 0, cache: false, by: ["session", "project", "agent", "model"] } as const;
  const { rows, diagnostics, stats } = await scan({ ...question, ...more });
  // The same of the folder, named by hand.
  const named = await scan({ ...question, paths: [join(home, ".qwen")], ...more });
  expect(named.rows).toEqual(rows);
  expect(named.diagnostics.untoldTokens).toBe(diagnostics.untoldTokens);
  const figures = rows.map(({ key, totalTokens, responses }) => {
    return `${key.session} ${key.project} ${key.agent} ${key.model}: ${totalTokens} in ${responses}`;
  });
  return { figures: figures.sort(), untold: diagnostics.untoldTokens, skipped: stats.skipped };
};

describe("the log of requests", () => {
  test("what transcripts tell too counts once; what Qwen Code asked for itself counts", async () => {
    const tree = {
      [CHAT]: chat,
      [LOG]: [
        ...[request("s", 10), request("s", 20)],
        request("s", 40, { model: "small", source: "prompt_suggestion", feature: "prompt_suggestion" }),
        request("s", 80, { source: "explore", feature: "subagent" }),
        request("s", 160, { source: "explore" }),
        // As often as it was asked.
        request("s", 10, { source: "side_query", feature: "side_query" }),
      ],
    };
    expect(await ask(tree)).toMatchObject({
      figures: [
        "s /srv/app explore coder: 244 in 2",
        "s /srv/app main coder: 46 in 3",
        "s /srv/app main small: 42 in 1",
      ],
      untold: 0,
    });
    const { [LOG]: _, ...without } = tree;
    expect(await ask(without)).toMatchObject({ figures: ["s /srv/app main coder: 34 in 2"], untold: 0 });
    // Older collectors knew none.
    expect(await ask(tree, { count: "records" })).toMatchObject({ figures: ["s /srv/app main coder: 34 in 2"] });
  });

  test("a session without a transcript is there, with the project that its sums name", async () => {
    const tree = { [LOG]: [request("gone", 10), request("other", 20)], [SUMS]: [sums("gone", 12)] };
    expect(await ask(tree)).toMatchObject({
      figures: ["gone /srv/app main coder: 12 in 1", "other unknown main coder: 22 in 1"],
      untold: 0,
    });
  });

  test("a session without telemetry is told by it", async () => {
    const tree = { [CHAT]: [message("s", 10)], [LOG]: [request("s", 10), request("s", 20)] };
    expect(await ask(tree)).toMatchObject({ figures: ["s /srv/app main coder: 34 in 2"], untold: 0 });
  });

  test("the copies of a branch whose original is gone are known by their time", async () => {
    const copy = (line: string) =>
      JSON.stringify({ ...JSON.parse(line), sessionId: "b", forkedFrom: { sessionId: "s", messageUuid: "x" } });
    const branch = [...chat.map(copy), telemetry("b", 40), message("b", 40)];
    const log = [request("s", 10), request("s", 20), request("b", 40)];
    const tree = { ".qwen/projects/p/chats/b.jsonl": branch, [LOG]: log };
    expect(await ask(tree)).toMatchObject({ figures: ["b /srv/app main coder: 76 in 3"] });
    expect(await ask({ ...tree, [CHAT]: chat })).toMatchObject({
      figures: ["b /srv/app main coder: 42 in 1", "s /srv/app main coder: 34 in 2"],
    });
    // Hours later it is another one.
    const later = { ...tree, [LOG]: [request("s", 10, { timestamp: at(3600) }), request("b", 40)] };
    expect(await ask(later)).toMatchObject({
      figures: ["b /srv/app main coder: 76 in 3", "s unknown main coder: 12 in 1"],
    });
  });

  test("it says cached input where telemetry says none, and makes up a total", async () => {
    const cached = {
      input_token_count: 0,
      cached_content_token_count: 7,
      thoughts_token_count: 1,
      total_token_count: 0,
    };
    const tree = {
      [CHAT]: [telemetry("s", 0, 1, cached)],
      [LOG]: [request("s", 7, { cachedTokens: 7, thoughtsTokens: 1, totalTokens: 10 })],
    };
    const { figures } = await ask(tree);
    expect(figures).toEqual(["s /srv/app main coder: 2 in 1"]);
  });

  test("damaged lines cost themselves; the end of one is pending", async () => {
    const log = [
      ...[request("s", 10), "{", '"text"', "7", request("s", 20, { inputTokens: -1 })],
      ...[request("s", 30, { totalTokens: "9" }), request("s", 40, { outputTokens: 1e300 })],
      ...[request("s", 50, { sessionId: 5 }), request("a/../b", 60), request("", 70)],
    ];
    const text = `\uFEFF${log.join("\n")}\n\n${request("s", 80).slice(0, 60)}`;
    const { figures, skipped } = await ask({ [LOG]: text });
    expect(skipped).toEqual({ malformed: 4, oversized: 0, pending: 1 });
    expect(figures).toEqual([
      "a/../b unknown main coder: 62 in 1",
      "s unknown main coder: 12 in 1",
      // Of no session.
      "token-usage-2026-06 unknown main coder: 124 in 2",
    ]);
  });

  test("with cursors it is read again, and says the same", async () => {
    const home = makeFolder({ [CHAT]: chat, [LOG]: [request("s", 10), request("s", 40)] });
    const question = {
      environment: { variables: {}, home, platform: "linux" as const },
      cacheDirectory: join(home, "cache"),
      threads: 0,
    };
    const { totals } = await scan(question);
    expect(totals).toMatchObject({ totalTokens: 12 + 22 + 42, responses: 3 });
    const again = await scan(question);
    expect(again.totals).toEqual(totals);
    expect(again.stats.transcripts).toBe(2);
  });
});

describe("what sessions used in all", () => {
  test("what no transcript tells is said, by their last sum", async () => {
    const tree = { [CHAT]: chat, [SUMS]: ["{", sums("s", 1000), sums("s", 100), sums("unknown", 50), sums("s", "9")] };
    const { [SUMS]: record } = tree;
    expect(await ask({ ...tree, [SUMS]: record.slice(0, -1) })).toMatchObject({
      figures: ["s /srv/app main coder: 34 in 2"],
      untold: 100 - 34,
    });
    // What is no count says nothing, and is said.
    expect(await ask(tree)).toMatchObject({ untold: 100 - 34, skipped: { malformed: 2 } });
    const log = [request("s", 10), request("s", 20), request("s", 40, { feature: "forked_query" })];
    expect(await ask({ ...tree, [SUMS]: record.slice(0, -1), [LOG]: log })).toMatchObject({ untold: 100 - 34 - 42 });
  });

  test("a line that is no UTF-8 or no JSON is damaged, wherever it stands, and one that is still being written pending", async () => {
    const latin = Buffer.from(request("x", 30).replace('"coder"', '"cod\xffer"'), "latin1");
    const log = Buffer.concat([Buffer.from(`\uFEFF${request("x", 10)}\n`), latin, Buffer.from("\n{\n")]);
    const sum = Buffer.from(`{"sessionId":\n\r\n${sums("x", 100)}\n{"sess`);
    const { figures, untold, skipped } = await ask({ [LOG]: log, [SUMS]: sum });
    const { skipped: withoutLatin, ...rest } = await ask({ [LOG]: [request("x", 10)], [SUMS]: [sums("x", 100)] });
    expect({ figures, untold }).toEqual(rest);
    expect([skipped, withoutLatin]).toMatchObject([
      { malformed: 3, pending: 1 },
      { malformed: 0, pending: 0 },
    ]);
  });

  test("of a session without telemetry it says what its messages do not", async () => {
    const tree = { [CHAT]: [message("s", 10)], [SUMS]: [sums("s", 100)] };
    expect(await ask(tree)).toMatchObject({ figures: ["s /srv/app main coder: 12 in 1"], untold: 88 });
    const log = [request("s", 9), request("s", 20)];
    // They do not tell alike.
    expect(await ask({ ...tree, [LOG]: log })).toMatchObject({ untold: 11 + 22 - 12 + (100 - 33) });
  });

  test("a branch's sum holds what it copied", async () => {
    const copy = (line: string) =>
      JSON.stringify({ ...JSON.parse(line), sessionId: "b", forkedFrom: { sessionId: "s", messageUuid: "x" } });
    const branch = [...chat.map(copy), telemetry("b", 40), message("b", 40)];
    const tree = { [CHAT]: chat, ".qwen/projects/p/chats/b.jsonl": branch, [SUMS]: [sums("b", 34 + 42)] };
    expect(await ask(tree)).toMatchObject({ untold: 0 });
  });
});

test.each([
  ["QWEN_HOME", { QWEN_HOME: "~/q" }, "q/", "q/"],
  ["QWEN_RUNTIME_DIR", { QWEN_RUNTIME_DIR: "~/r" }, "r/", ".qwen/"],
  ["both", { QWEN_HOME: "~/q", QWEN_RUNTIME_DIR: "~/r" }, "r/", "q/"],
  ["empty ones", { QWEN_HOME: "", QWEN_RUNTIME_DIR: "" }, ".qwen/", ".qwen/"],
])("%s: where all of it is", async (_, variables, runtime, folder) => {
  const home = makeFolder({
    [`${runtime}projects/p/chats/s.jsonl`]: chat,
    [`${runtime}usage/token-usage-2026-06.jsonl`]: [request("s", 10), request("s", 20), request("s", 40)],
    [`${runtime}usage/usage-events-2026-06.jsonl`]: ['{"recordType":"usage_outcome","sessionId":"s","tokens":null}'],
    [`${folder}usage_record.jsonl`]: [sums("s", 100)],
  });
  const environment = { variables, home, platform: "linux" as const };
  const { totals, diagnostics, stats } = await scan({ environment, threads: 0, cache: false });
  expect(totals).toMatchObject({ totalTokens: 76, responses: 3 });
  expect(diagnostics.untoldTokens).toBe(24);
  expect(stats.transcripts).toBe(3);
});
