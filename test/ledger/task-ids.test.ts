/** Which tasks first messages name, whatever way they are found. */
import { appendFileSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scan as plainScan, type ScanOptions } from "tokensift";
import { scanSessions } from "tokensift/ledger";
import { TaskPattern, DEFAULT_TASK_PATTERN } from "../../src/sources/task-ids.ts";
import { makeFolder, response, sessionId } from "../transcripts.ts";
import { message, toolResult } from "./home.ts";

const WANTED = { project: undefined, patterns: undefined };

async function mentionedIn(lines: readonly string[], options: ScanOptions = {}): Promise<readonly string[]> {
  const folder = makeFolder({ [`-srv-app/${sessionId(1)}.jsonl`]: lines });
  const { sessions } = await scanSessions({ paths: [folder], cache: false, ...options }, WANTED, new Map());
  return sessions.get(sessionId(1))?.mentioned ?? [];
}

/** With a letter of a key as an escape. */
const spelt = (line: string) => line.replace('"isMeta"', String.raw`"isMet\u0061"`);

const metaLast = (line: string) => line.replace(/}$/, ',"isMeta":true}');
const metaFirst = (line: string) => line.replace(/^{/, '{"isMeta":true,');

describe("ids in a text", () => {
  const idsIn = (text: string, pattern = DEFAULT_TASK_PATTERN) => new TaskPattern(pattern).idsInEach([text])[0];

  test.each([
    ["Do task-930.1 now", ["task-930.1"]],
    ["TASK-7.", ["task-7"]],
    ["task-1, task-2, task-1", ["task-1", "task-2"]],
    ["subtask-5 task-5x task-1.2x xtask-6 task-", []],
    ["task-930을 진행해", ["task-930"]],
    ["(task-1.2.3)", ["task-1.2.3"]],
    ["/srv/task-12/notes", ["task-12"]],
    ["", []],
  ])("%j names %j", (text, ids) => expect(idsIn(text)).toEqual(ids));

  test("another pattern counts whole words too", () => {
    expect(idsIn("ABC-12 xABC-13 abc-14", "[a-z]+-\\d+")).toEqual(["abc-12", "xabc-13", "abc-14"]);
    expect(idsIn("nothing", "x*")).toEqual([]);
  });

  test("a pattern that is none is an error of one line", () => {
    expect(() => new TaskPattern("(")).toThrow('--task-pattern: "(" is no regular expression');
  });
});

describe("a pattern that goes back and forth for ever", () => {
  const ENDLESS = "(a+)+b";
  const lines = [message(`${"a".repeat(60)}!`), response(1)];

  test.each([0, 1, 2])("stops the scan in one sentence, with %i threads", async (threads) => {
    const scan = mentionedIn(lines, { taskPattern: ENDLESS, threads, rangeBytes: 1000 });
    await expect(scan).rejects.toMatchObject({
      name: "ScanError",
      code: "INVALID_OPTION",
      message: expect.stringMatching(/^--task-pattern: "\(a\+\)\+b" takes longer than 2 s on a message/) as string,
    });
  });

  test("does no harm where it has nothing to go through", async () => {
    expect(await mentionedIn([message("aab"), response(1)], { taskPattern: ENDLESS })).toEqual(["aab"]);
  });

  test("the default pattern is done soon with whatever somebody writes", async () => {
    for (const part of ["task-1.", "task-", "1", "task-1.1", "a", ".1", "task-1x ", "-"]) {
      const sentMs = performance.now();
      await mentionedIn([message(part.repeat(1_000_000 / part.length)), response(1)]);
      await mentionedIn([message(`task-${part.repeat(1_000_000 / part.length)}x`), response(1)]);
      expect(performance.now() - sentMs, part).toBeLessThan(5000);
    }
  });
});

describe("messages that count", () => {
  test.each<[string, string[], string[]]>([
    ["text", [message("Please do task-1")], ["task-1"]],
    [
      "blocks of text",
      [
        message([
          { type: "text", text: "task-" },
          { type: "text", text: "see task-2" },
        ]),
      ],
      ["task-2"],
    ],
    ["the third message", [message("hello"), message("again"), message("task-3")], ["task-3"]],
    ["not the fourth", [message("a"), message("b"), message("c"), message("task-4")], []],
    [
      "the first that names any, and of it the first",
      [message("hm"), message("task-9 and task-8"), message("task-1")],
      ["task-9", "task-8"],
    ],
    ["no meta record", [message("task-1", { isMeta: true }), message("task-2")], ["task-2"]],
    ["no meta record that says so last", [metaLast(message("task-1")), message("task-2")], ["task-2"]],
    [
      "no meta record that says so last, in another way",
      [spelt(metaLast(message("task-1"))), message("task-2")],
      ["task-2"],
    ],
    ["no meta record that says so first", [metaFirst(message("task-1")), message("task-2")], ["task-2"]],
    [
      "no meta record of blocks",
      [metaLast(message([{ type: "text", text: "task-1" }])), message("task-2")],
      ["task-2"],
    ],
    [
      "no meta record, whatever way it says so",
      [spelt(message("task-1", { isMeta: true })), message("task-2")],
      ["task-2"],
    ],
    ["a message about meta records", [message("isMeta in task-1")], ["task-1"]],
    [
      "a message with escapes",
      [message('\u001b[1m task-1\u001b[0m "task-2"\n\u00e9task-3')],
      ["task-1", "task-2", "task-3"],
    ],
    [
      "the last of two contents",
      [message("task-1").replace(/"content":[^}]*/, '"content":"task-8",$&,"content":"task-9"')],
      ["task-9"],
    ],
    [
      "no tool result, however many",
      [...Array.from({ length: 9 }, () => toolResult("task-1")), message("task-2")],
      ["task-2"],
    ],
    [
      "a tool result beside a text",
      [
        message([
          { type: "tool_result", content: "task-1" },
          { type: "text", text: "task-2" },
        ]),
      ],
      ["task-2"],
    ],
    ["text behind a look-alike", [message([{ type: "text", text: '"type":"tool_result" task-5' }])], ["task-5"]],
    ["no side chain", [message("task-1", { isSidechain: true })], []],
    ["no assistant", [response(7, {}, {}, { content: [{ type: "text", text: "task-1" }] })], []],
    [
      "empty messages are none",
      [message(""), message("  "), message([]), message("x"), message("y"), message("task-6")],
      ["task-6"],
    ],
    ["escapes", [message("task-1").replace("task-1", "\\u0074ask-1")], ["task-1"]],
  ])("%s", async (_, lines, ids) => {
    expect(await mentionedIn([...lines, response(1)])).toEqual(ids);
  });

  test("are the same however a transcript is cut", async () => {
    const lines = [
      message("one"),
      toolResult("x"),
      message("two"),
      response(1),
      message("task-3 task-4"),
      message("task-5"),
      response(2),
    ];
    for (const rangeBytes of [1, 7, 64, 300, 1000]) {
      expect(await mentionedIn(lines, { rangeBytes, chunkBytes: 16 })).toEqual(["task-3", "task-4"]);
    }
    expect(await mentionedIn(lines, { threads: 2, rangeBytes: 50 })).toEqual(["task-3", "task-4"]);
  });
});

test("Codex: what users wrote, not what the client sent as such", async () => {
  const id = "0199a213-81c0-7800-8aa1-bbab2a035a53";
  const line = (type: string, payload: object) =>
    JSON.stringify({ timestamp: "2026-06-01T00:00:00.000Z", type, payload });
  const said = (text: string, more: object = {}) => line("event_msg", { type: "user_message", message: text, ...more });
  const tokens = {
    input_tokens: 10,
    cached_input_tokens: 0,
    output_tokens: 5,
    reasoning_output_tokens: 0,
    total_tokens: 15,
  };
  const folder = makeFolder({
    [`2026/06/01/rollout-2026-06-01T00-00-00-${id}.jsonl`]: [
      line("session_meta", { id, cwd: "/srv/app", source: "cli" }),
      said("instructions about task-1", { kind: "user_instructions" }),
      line("event_msg", { type: "agent_message", message: "task-2" }),
      said("hello", { kind: "plain" }),
      said("now task-3"),
      line("turn_context", { cwd: "/srv/app", model: "gpt-5" }),
      line("event_msg", { type: "token_count", info: { total_token_usage: tokens, last_token_usage: tokens } }),
    ],
  });
  const { sessions } = await scanSessions({ paths: [folder], cache: false }, WANTED, new Map());
  expect(
    [...sessions].map(([session, { mentioned, agent_name, total_tokens }]) => [
      session,
      mentioned,
      agent_name,
      total_tokens,
    ]),
  ).toEqual([[id, ["task-3"], null, 15]]);
});

describe("with cursors", () => {
  const long = "x".repeat(20_000);
  function world(...lines: string[]) {
    const folder = makeFolder({ [`projects/-srv-app/${sessionId(1)}.jsonl`]: lines });
    const path = join(folder, `projects/-srv-app/${sessionId(1)}.jsonl`);
    const old = new Date("2026-01-01");
    // A file system that told whole seconds would not be believed for two.
    do utimesSync(path, old, old);
    while (Math.trunc(statSync(path).ctimeMs) % 1000 === 0);
    // Nor is what may have been written within the tick of the clock in which it was looked at.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
    const scan = async (taskPattern?: string) => {
      const options = { paths: [join(folder, "projects")], cacheDirectory: join(folder, "cache"), taskPattern };
      const { sessions, result } = await scanSessions(options, WANTED, new Map());
      return { ids: sessions.get(sessionId(1))?.mentioned, bytesRead: result.stats.bytesRead, totals: result.totals };
    };
    return { path, scan };
  }

  test("ids are remembered, and another pattern reads again only up to the messages", async () => {
    const { scan } = world(
      message("task-1 job-1"),
      message("b"),
      message("c"),
      response(1),
      toolResult(long),
      response(2),
    );
    const cold = await scan();
    expect(cold.ids).toEqual(["task-1"]);
    // Written a moment ago by its ctime: head and anchor may be read.
    expect(await scan()).toMatchObject({ ids: ["task-1"], totals: cold.totals });
    const other = await scan("job-\\d+");
    expect(other).toMatchObject({ ids: ["job-1"], totals: cold.totals });
    expect(other.bytesRead).toBeGreaterThan(0);
    expect(other.bytesRead).toBeLessThan(2000);
    expect((await scan("job-\\d+")).bytesRead).toBeLessThanOrEqual(512);
    expect((await scan()).ids).toEqual(["task-1"]);
  });

  test("messages that come later count where there were fewer than three", async () => {
    const { path, scan } = world(message("a"), response(1));
    expect((await scan()).ids).toEqual([]);
    appendFileSync(path, `${message("task-2")}\n`);
    expect((await scan()).ids).toEqual(["task-2"]);
    appendFileSync(path, `${message("c")}\n${message("task-9")}\n`);
    expect((await scan()).ids).toEqual(["task-2"]);
  });

  test("messages found with two patterns are found anew", async () => {
    const { path, scan } = world(message("job-1"), response(1));
    expect((await scan("nothing")).ids).toEqual([]);
    appendFileSync(path, `${message("task-2")}\n`);
    // A scan that does not ask for tasks leaves the two mixed.
    await plainScan({
      paths: [join(path, "../..")],
      cacheDirectory: join(path, "../../../cache"),
      taskPattern: "job-\\d+",
    });
    expect((await scan("job-\\d+")).ids).toEqual(["job-1"]);
    expect((await scan()).ids).toEqual(["task-2"]);
  });

  test("no text of a message is in the cache", async () => {
    const { path, scan } = world(message("the secret of task-1"), response(1));
    await scan();
    const cache = join(path, "../../../cache");
    const bytes = readdirSync(cache)
      .map((name) => readFileSync(join(cache, name), "latin1"))
      .join("");
    expect(bytes).toContain("task-1");
    expect(bytes).not.toContain("secret");
  });

  test("a transcript replaced by another loses its tasks", async () => {
    const { path, scan } = world(message("task-1"), response(1));
    await scan();
    writeFileSync(path, `${message("task-2")}\n${response(5)}\n`);
    expect((await scan()).ids).toEqual(["task-2"]);
  });
});
