/** Sessions of which less is there than there was: figures stay where what is left is no whole, and what is lost is said. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { Ledger } from "../../src/ledger/types.ts";
import { lines, response, sessionId } from "../transcripts.ts";
import { type Home, message, sessionOf, taskHome, transcriptOf } from "./home.ts";

async function scanned(home: Home, ...args: string[]): Promise<readonly [tokens: number, stderr: string]> {
  const { code, stderr } = await home.run("tasks", "scan", "--quiet", ...args);
  expect(code).toBe(0);
  return [tokensOf(home), stderr];
}

function tokensOf({ ledger }: Home): number {
  return (JSON.parse(readFileSync(ledger, "utf8")) as Ledger).tasks["task-1"]?.total_tokens ?? 0;
}

const pathOf = (home: Home, n = 1) => join(home.home, transcriptOf(n));
const remove = (home: Home, path: string) => rmSync(join(home.home, path));
function write(home: Home, path: string, ...some: string[]): void {
  mkdirSync(dirname(join(home.home, path)), { recursive: true });
  writeFileSync(join(home.home, path), lines(some));
}

const agentOf = (name: string) => transcriptOf(1).replace(".jsonl", `/subagents/agent-${name}.jsonl`);
const GONE = /no transcript holds 1 response of its last figures any more/;

test.each([
  ["a title", '{"type":"last-prompt","lastPrompt":"x"}\n'],
  ["nothing", ""],
  ["many snapshots", `{"type":"file-history-snapshot","snapshot":{"x":"${"y".repeat(2000)}"}}\n`.repeat(3)],
  ["a summary", '{"type":"summary","summary":"x","leafUuid":"y"}\n'],
])("a file with %s under the id of a session is none of it", async (_, stub) => {
  const home = taskHome({ 1: sessionOf(1, "do task-1"), 2: sessionOf(2, "do task-2") });
  expect(await scanned(home)).toEqual([111, ""]);
  rmSync(pathOf(home));
  expect(await scanned(home)).toEqual([111, ""]);
  writeFileSync(pathOf(home), stub);
  expect(await scanned(home)).toEqual([111, ""]);
  // Nor where nobody has seen that it was gone.
  writeFileSync(pathOf(home, 2), stub);
  expect(await scanned(home)).toEqual([111, ""]);
  expect((JSON.parse(readFileSync(home.ledger, "utf8")) as Ledger).tasks["task-2"]?.total_tokens).toBe(111);
});

test("a transcript of a subagent that is gone is said, also where there are as many as before, or more tokens", async () => {
  const home = taskHome({ 1: sessionOf(1, "do task-1") }, { [agentOf("a")]: [response(1)] });
  expect(await scanned(home)).toEqual([222, ""]);
  remove(home, agentOf("a"));
  write(home, agentOf("b"), response(2));
  expect(await scanned(home)).toEqual([222, expect.stringMatching(GONE)]);
  remove(home, agentOf("b"));
  write(home, transcriptOf(1), ...sessionOf(1, "do task-1", 3));
  expect(await scanned(home)).toEqual([333, expect.stringMatching(GONE)]);
  expect(await scanned(home)).toEqual([333, ""]);
});

test("and so is one of two with a session's id", async () => {
  const other = `.claude/projects/-srv-app-sub/${sessionId(1)}.jsonl`;
  const home = taskHome({ 1: sessionOf(1, "do task-1") }, { [other]: [message("more of task-1"), response(9)] });
  expect(await scanned(home)).toEqual([222, ""]);
  rmSync(pathOf(home));
  expect(await scanned(home)).toEqual([111, expect.stringMatching(GONE)]);
});

test("where the main transcript is gone the session keeps its figures, however long its subagents' become", async () => {
  const home = taskHome({ 1: sessionOf(1, "do task-1") }, { [agentOf("a")]: [response(1)] });
  expect(await scanned(home)).toEqual([222, ""]);
  rmSync(pathOf(home));
  expect(await scanned(home)).toEqual([222, ""]);
  write(home, agentOf("a"), ...response(1), ...Array.from({ length: 9 }, (_, i) => response(2000 + i)));
  expect(await scanned(home)).toEqual([222, expect.stringContaining("its main transcript is gone")]);
});

test("a part of a session that is given by its path does not stand for it, however long it is", async () => {
  const parts = {
    [`b1/${sessionId(1)}.jsonl`]: sessionOf(1, "do task-1"),
    [`b2/${sessionId(1)}.jsonl`]: sessionOf(9, "x".repeat(900)),
  };
  const home = taskHome({}, parts);
  expect(await scanned(home, "b1")).toEqual([111, ""]);
  expect(await scanned(home, "b2")).toEqual([111, expect.stringContaining("only a part of its transcripts was given")]);
  expect(await scanned(home, "b1", "b2")).toEqual([222, ""]);
});

test("responses that are told anew under other ids are not gone", async () => {
  const path = ".copilot/session-state/s1/events.jsonl";
  const at = (second: number) => ({
    id: `e${second}`,
    timestamp: new Date(Date.UTC(2026, 5, 1, 0, 0, second)).toISOString(),
  });
  const usage = { inputTokens: 90, outputTokens: 10 };
  const events = [
    { ...at(1), type: "session.start", data: { sessionId: "s1", context: { cwd: "/srv/app" } } },
    { ...at(2), type: "user.message", data: { content: "do task-1" } },
    { ...at(3), type: "assistant.message", data: { model: "gpt-5", outputTokens: 10 } },
    { ...at(4), type: "session.shutdown", data: { modelMetrics: { "gpt-5": { usage } } } },
  ].map((event) => JSON.stringify(event));
  const home = taskHome({}, { [path]: events.slice(0, 3) });
  const [, before] = await scanned(home);
  write(home, path, ...events);
  const [, after] = await scanned(home);
  expect([before, after].join("")).not.toContain("no transcript holds");
  const { sessions } = JSON.parse(readFileSync(home.ledger, "utf8")) as Ledger;
  expect(Object.values(sessions).map(({ total_tokens }) => total_tokens)).toEqual([100]);
});

test("what a clock that was ahead has scanned does not stay", async () => {
  const home = taskHome({ 1: sessionOf(1, "do task-1") });
  await scanned(home);
  const ledger = readFileSync(home.ledger, "utf8");
  writeFileSync(home.ledger, ledger.replaceAll(/"scanned_at": ?"[^"]*"/g, '"scanned_at":"2099-01-01T00:00:00.000Z"'));
  write(home, transcriptOf(1), ...sessionOf(1, "do task-1", 2));
  expect(await scanned(home)).toEqual([222, ""]);
});

test("timers keep what a task used that has no session any more, and it is said; a part of a cost is not the cost", async () => {
  const odd = response(50, {}, {}, { model: "mystery-9" });
  const home = taskHome({ 1: sessionOf(1, "do task-1"), 3: [...sessionOf(3, "do task-3"), odd] });
  const timers = join(home.home, "task-timers.json");
  writeFileSync(timers, '{"tasks":{"task-1":{},"task-2":{},"task-3":{}}}');
  await scanned(home);
  expect(await home.run("tasks", "enrich")).toMatchObject({
    code: 0,
    stderr: expect.not.stringContaining("no session of") as string,
  });
  await home.run("tasks", "record", "--session", sessionId(1), "--task", "task-2");
  const { stderr } = await home.run("tasks", "enrich");
  expect(stderr).toContain("the ledger has no session of task-1; the token_usage there is from before");
  const { tasks } = JSON.parse(readFileSync(timers, "utf8")) as { tasks: Record<string, { token_usage?: object }> };
  expect(tasks).toMatchObject({
    "task-2": { token_usage: { total_tokens: 111, cost_estimate_usd: expect.any(Number) as number } },
    "task-3": { token_usage: { total_tokens: 222, cost_estimate_usd: null } },
  });
});

test("the spans of a timer count together, and overlapping ones once", async () => {
  const at = (minute: number) => ({ timestamp: new Date(Date.UTC(2026, 5, 10, 10, minute)).toISOString() });
  const session = [message("hello", at(0)), response(1, at(0)), response(2, at(100))];
  const timer = (task_id: string, from: number, to: number) => {
    return { task_id, start_time: at(from).timestamp, end_time: at(to).timestamp };
  };
  const matched = async (...timers: object[]) => {
    const home = taskHome({ 1: session }, { "task-timers.json": JSON.stringify(timers) });
    await scanned(home);
    const found = (JSON.parse(readFileSync(home.ledger, "utf8")) as Ledger).sessions[sessionId(1)];
    return [found?.task_id, found?.candidates];
  };
  const twice = [timer("task-1", 0, 30), timer("task-1", 35, 65)];
  expect(await matched(...twice)).toEqual(["task-1", []]);
  expect(await matched(...twice, timer("task-2", 50, 100))).toEqual([null, ["task-1", "task-2"]]);
  expect(await matched(timer("task-1", 0, 30), timer("task-1", 0, 30))).toEqual([null, []]);
  expect(await matched(timer("task-1", 0, 50), timer("task-1", 200, 230))).toEqual(["task-1", []]);
});
