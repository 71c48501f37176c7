/** Forks of the agents beside Claude Code, whose originals go (`copies.test.ts`). */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Ledger } from "../../src/ledger/types.ts";
import { FIXTURES } from "../cli/tokensift.ts";
import { Agent, OPENCODE } from "../databases.ts";
import { atMs, DATABASE, message as openCodeMessage } from "../opencode.ts";
import { lines, sessionId } from "../transcripts.ts";
import { type Home, taskHome } from "./home.ts";

/** Responses by session, then total tokens of all. */
async function counted(home: Home, ...sessions: string[]): Promise<Array<number | undefined>> {
  return countedOf(home, [], ...sessions);
}

async function countedOf(home: Home, flags: readonly string[], ...sessions: string[]) {
  const { code, stderr } = await home.run("tasks", "scan", "--quiet", ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { sessions: known } = JSON.parse(readFileSync(home.ledger, "utf8")) as Ledger;
  const total = Object.values(known).reduce((sum, { total_tokens }) => sum + total_tokens, 0);
  return [...sessions.map((id) => known[id]?.message_count), total];
}

const at = (second: number) => new Date(Date.UTC(2026, 5, 1, 0, 0, second)).toISOString();

test("Codex: rollouts whose common part counts in one of them, because their original is gone", async () => {
  const line = (second: number, type: string, payload: object) =>
    JSON.stringify({ timestamp: at(second), type, payload });
  const session = (n: number, second: number, more: object = {}) =>
    line(second, "session_meta", { id: sessionId(n), cwd: "/srv/app", ...more });
  const total = (second: number, input: number) =>
    line(second, "event_msg", {
      type: "token_count",
      info: { total_token_usage: { input_tokens: input, output_tokens: 1, total_tokens: input + 1 } },
    });
  const pathOf = (n: number) => `.codex/sessions/2026/06/01/rollout-2026-06-01T00-00-00-${sessionId(n)}.jsonl`;
  // Copies bear the time of the fork. One that was forked again names both it comes from.
  const rollout = (n: number, from: readonly number[], copied: readonly number[], own: readonly number[]) => [
    session(n, n, from[0] === undefined ? {} : { forked_from_id: sessionId(from[0]) }),
    ...from.map((one) => session(one, n)),
    ...copied.map((input) => total(n, input)),
    ...own.map((input, i) => total(n + 10 * (i + 1), input)),
  ];
  const files: Record<number, string[]> = {
    1: rollout(1, [], [], [100, 200]),
    2: rollout(2, [1], [100, 200], [210]),
    3: rollout(3, [1], [100, 200], [220]),
    4: rollout(4, [2, 1], [100, 200, 210], [300]),
  };
  const home = taskHome({}, Object.fromEntries(Object.entries(files).map(([n, some]) => [pathOf(Number(n)), some])));
  const ids = [1, 2, 3, 4].map(sessionId);
  const grow = (n: number, input: number) => {
    files[n]?.push(total(50, input));
    writeFileSync(join(home.home, pathOf(n)), lines(files[n] ?? []));
  };
  const whole = 200 + 10 + 20 + 90 + 1;
  expect(await counted(home, ...ids)).toEqual([2, 1, 1, 1, whole]);
  rmSync(join(home.home, pathOf(1)));
  grow(2, 211);
  grow(3, 222);
  expect(await counted(home, ...ids)).toEqual([2, 2, 2, 1, whole + 3]);
  rmSync(join(home.home, pathOf(2)));
  grow(3, 223);
  grow(4, 304);
  expect(await counted(home, ...ids)).toEqual([2, 2, 3, 2, whole + 8]);
  expect(await counted(home, ...ids)).toEqual([2, 2, 3, 2, whole + 8]);
});

test("Codex: a project's ledger does not get what another project's session used, when that goes", async () => {
  const line = (second: number, type: string, payload: object) =>
    JSON.stringify({ timestamp: at(second), type, payload });
  const session = (n: number, second: number, cwd: string, more: object = {}) =>
    line(second, "session_meta", { id: sessionId(n), cwd, ...more });
  const total = (second: number, input: number) =>
    line(second, "event_msg", {
      type: "token_count",
      info: { total_token_usage: { input_tokens: input, output_tokens: 1, total_tokens: input + 1 } },
    });
  const pathOf = (n: number) => `.codex/sessions/2026/06/0${n}/rollout-2026-06-01T00-00-00-${sessionId(n)}.jsonl`;
  const [original, fork] = [session(1, 1, "/elsewhere"), session(2, 20, "/srv/app", { forked_from_id: sessionId(1) })];
  const home = taskHome(
    {},
    {
      [pathOf(1)]: [original, total(2, 100), total(3, 200)],
      [pathOf(2)]: [fork, original, total(20, 100), total(20, 200), total(30, 210)],
      // All it holds are copies.
      [pathOf(3)]: [session(3, 25, "/srv/app", { forked_from_id: sessionId(1) }), original, total(25, 100)],
    },
  );
  const scan = async () => countedOf(home, ["--project", "/srv/app"], ...[1, 2, 3].map(sessionId));
  const grow = (n: number, second: number, input: number) =>
    appendFileSync(join(home.home, pathOf(n)), `${total(second, input)}\n`);
  expect(await scan()).toEqual([undefined, 1, undefined, 10]);
  rmSync(join(home.home, pathOf(1)));
  grow(2, 40, 230);
  for (let i = 0; i < 2; i++) expect(await scan()).toEqual([undefined, 2, undefined, 30]);
  grow(3, 50, 105);
  for (let i = 0; i < 2; i++) expect(await scan()).toEqual([undefined, 2, 1, 35]);
});

test("Codex: a review, which its parent's rollout tells too, is counted once whichever of the two goes", async () => {
  const folder = join(FIXTURES, "codex/review/home/sessions/2026/06/01");
  const files = Object.fromEntries(
    readdirSync(folder).map((name) => {
      const day = name.includes("00000002-") ? "02" : "01";
      return [`.codex/sessions/2026/06/${day}/${name}`, readFileSync(join(folder, name), "utf8").trim().split("\n")];
    }),
  );
  const [parentPath, reviewPath] = Object.keys(files).sort() as [string, string];
  const [parent, review] = [1, 2].map(sessionId) as [string, string];
  const whole = 173 + 101;

  const home = taskHome({}, files);
  expect(await counted(home, parent, review)).toEqual([2, 2, whole]);
  rmSync(join(home.home, reviewPath));
  expect(await counted(home, parent, review)).toEqual([2, 2, whole]);
  const [last = ""] = files[parentPath]?.slice(-1) ?? [];
  const more = last.replace("10:00:30", "10:00:40").replace('"total_tokens":173', '"total_tokens":180');
  appendFileSync(join(home.home, parentPath), `${more.replace('"output_tokens":13', '"output_tokens":20')}\n`);
  expect(await counted(home, parent, review)).toEqual([3, 2, whole + 7]);

  // Where the parent is scanned first and alone, it is the one that told of it.
  const other = taskHome({}, { [parentPath]: files[parentPath] ?? [] });
  expect(await counted(other, parent, review)).toEqual([4, undefined, whole]);
  rmSync(join(other.home, parentPath));
  mkdirSync(join(other.home, reviewPath, ".."), { recursive: true });
  writeFileSync(join(other.home, reviewPath), lines(files[reviewPath] ?? []));
  const [held, , sum] = await counted(other, parent, review);
  expect([held, sum]).toEqual([4, whole]);
});

test("OpenCode: a database whose original session was deleted", async () => {
  const home = taskHome({});
  const agent = new Agent(OPENCODE);
  const add = (session: string, id: string, second: number, input: number) => {
    const data = JSON.stringify(openCodeMessage(session, second, input));
    agent.insert("message", { id, session_id: session, data });
  };
  const publish = () => {
    agent.checkpoint();
    agent.publish(join(home.home, DATABASE));
  };
  // Newer sessions have smaller ids.
  for (const id of ["ses_b", "ses_a"]) agent.insert("session", { id, directory: "/srv/shop", time_created: atMs(0) });
  add("ses_b", "msg_1", 1, 10);
  add("ses_b", "msg_2", 2, 20);
  add("ses_a", "msg_3", 1, 10);
  add("ses_a", "msg_4", 2, 20);
  add("ses_a", "msg_5", 3, 30);
  publish();
  expect(await counted(home, "ses_b", "ses_a")).toEqual([2, 1, 60 + 3 * 115]);
  agent.run("DELETE FROM message WHERE session_id = 'ses_b'; DELETE FROM session WHERE id = 'ses_b'");
  add("ses_a", "msg_6", 4, 40);
  publish();
  expect(await counted(home, "ses_b", "ses_a")).toEqual([2, 2, 100 + 4 * 115]);
});

test("OpenCode: a project's ledger does not get what another project's session used, when that goes", async () => {
  const home = taskHome({});
  const agent = new Agent(OPENCODE);
  const add = (session: string, id: string, second: number, input: number) => {
    const data = JSON.stringify(
      openCodeMessage(session, second, input, { path: { cwd: session === "ses_b" ? "/elsewhere" : "/srv/shop" } }),
    );
    agent.insert("message", { id, session_id: session, data });
  };
  const publish = () => {
    agent.checkpoint();
    agent.publish(join(home.home, DATABASE));
  };
  agent.insert("session", { id: "ses_b", directory: "/elsewhere", time_created: atMs(0) });
  agent.insert("session", { id: "ses_a", directory: "/srv/shop", time_created: atMs(0) });
  add("ses_b", "msg_1", 1, 10);
  add("ses_b", "msg_2", 2, 20);
  add("ses_a", "msg_3", 1, 10);
  add("ses_a", "msg_4", 2, 20);
  add("ses_a", "msg_5", 3, 30);
  publish();
  const scan = async () => countedOf(home, ["--project", "/srv/shop"], "ses_b", "ses_a");
  expect(await scan()).toEqual([undefined, 1, 30 + 115]);
  agent.run("DELETE FROM message WHERE session_id = 'ses_b'; DELETE FROM session WHERE id = 'ses_b'");
  add("ses_a", "msg_6", 4, 40);
  publish();
  for (let i = 0; i < 2; i++) expect(await scan()).toEqual([undefined, 2, 70 + 2 * 115]);
});

test("Pi: a fork that grows when its original is gone", async () => {
  const entry = (n: number, second: number) =>
    JSON.stringify({
      type: "message",
      id: `e${n}`,
      timestamp: at(second),
      message: {
        role: "assistant",
        model: "gpt-5.4",
        content: [],
        usage: { input: n, output: 1, cacheRead: 0, cacheWrite: 0, totalTokens: n + 1, cost: { total: 0 } },
      },
    });
  const pathOf = (n: number) => `.pi/agent/sessions/--srv-app--/2026-06-01T00-00-0${n}-000Z_${sessionId(n)}.jsonl`;
  const header = (n: number, more: object = {}) =>
    JSON.stringify({
      type: "session",
      version: 3,
      id: sessionId(n),
      timestamp: at(10 * n - 10),
      cwd: "/srv/app",
      ...more,
    });
  const fork = [header(2, { parentSession: pathOf(1) }), entry(1, 1), entry(2, 2), entry(3, 13)];
  const home = taskHome({}, { [pathOf(1)]: [header(1), entry(1, 1), entry(2, 2)], [pathOf(2)]: fork });
  const ids = [1, 2].map(sessionId);
  expect(await counted(home, ...ids)).toEqual([2, 1, 6 + 3]);
  rmSync(join(home.home, pathOf(1)));
  writeFileSync(join(home.home, pathOf(2)), lines([...fork, entry(4, 14)]));
  expect(await counted(home, ...ids)).toEqual([2, 2, 10 + 4]);
});

test("Gemini CLI: a session that was imported, when its original is gone", async () => {
  const header = (sessionId: string, second: number) =>
    JSON.stringify({ sessionId, projectHash: "x", startTime: at(second), lastUpdated: at(second), kind: "main" });
  const answer = (id: string, second: number, input: number) =>
    JSON.stringify({
      ...{ id, timestamp: at(second), type: "gemini", content: "", model: "gemini-3-pro" },
      tokens: { input, output: 0, cached: 0, thoughts: 0, tool: 0, total: input },
    });
  const copied = [answer("u1", 1, 10), answer("u2", 2, 20)];
  const [old, imported] = [".gemini/tmp/app/chats/session-1.jsonl", ".gemini/tmp/app/chats/session-2.jsonl"];
  const home = taskHome(
    {},
    {
      ".gemini/tmp/app/.project_root": ["/srv/app"],
      [old]: [header("old", 0), ...copied],
      [imported]: [header("new", 30), ...copied, answer("u3", 31, 40)],
    },
  );
  expect(await counted(home, "old", "new")).toEqual([2, 1, 70]);
  rmSync(join(home.home, old));
  appendFileSync(join(home.home, imported), `${answer("u4", 32, 80)}\n`);
  for (let i = 0; i < 2; i++) expect(await counted(home, "old", "new")).toEqual([2, 2, 150]);
});

test("Qwen Code: a branch whose original is gone, and its log of requests", async () => {
  const message = (sessionId: string, uuid: string, second: number, input: number, more: object = {}) =>
    JSON.stringify({
      ...{ uuid, sessionId, timestamp: at(second), type: "assistant", cwd: "/srv/app", model: "coder" },
      ...{ message: { parts: [{ text: "x" }] }, usageMetadata: { promptTokenCount: input, totalTokenCount: input } },
      ...more,
    });
  const request = (sessionId: string, id: string, second: number, input: number) =>
    JSON.stringify({
      ...{ schemaVersion: 1, id, timestamp: at(second), sessionId, model: "coder", source: "main" },
      ...{ inputTokens: input, outputTokens: 0, cachedTokens: 0, thoughtsTokens: 0, totalTokens: input },
    });
  const forked = { forkedFrom: { sessionId: "old", messageUuid: "x" } };
  const chats = ".qwen/projects/-srv-app/chats";
  const log = ".qwen/usage/token-usage-2026-06.jsonl";
  const home = taskHome(
    {},
    {
      [`${chats}/old.jsonl`]: [message("old", "u1", 1, 10), message("old", "u2", 2, 20)],
      [`${chats}/new.jsonl`]: [message("new", "u1", 1, 10, forked), message("new", "u3", 30, 40)],
      [log]: [request("new", "r3", 30, 40), request("new", "r4", 31, 80)],
    },
  );
  expect(await counted(home, "old", "new")).toEqual([2, 2, 150]);
  rmSync(join(home.home, `${chats}/old.jsonl`));
  appendFileSync(join(home.home, `${chats}/new.jsonl`), `${message("new", "u5", 32, 160)}\n`);
  appendFileSync(join(home.home, log), `${request("new", "r5", 32, 160)}\n`);
  for (let i = 0; i < 2; i++) expect(await counted(home, "old", "new")).toEqual([2, 3, 310]);
});
