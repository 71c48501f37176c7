/** The ledger as the command line keeps it. */
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Ledger } from "../../src/ledger/types.ts";
import { response, sessionId } from "../transcripts.ts";
import { type Home, message, PROJECT_FOLDER, sessionOf, taskHome, transcriptOf } from "./home.ts";

const read = ({ ledger }: Home) => JSON.parse(readFileSync(ledger, "utf8")) as Ledger;

async function scanned(home: Home, ...flags: string[]): Promise<Ledger> {
  const { code, stderr } = await home.run("tasks", "scan", "--quiet", ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return read(home);
}

describe("tasks scan", () => {
  test("puts sessions together by task, with the figures of the spec", async () => {
    const home = taskHome({
      1: [
        message("task-1"),
        response(1, { requestId: "r" }, { cache_creation_input_tokens: 1000 }),
        response(1, { requestId: "r", uuid: "again" }, { cache_creation_input_tokens: 1000 }),
        response(2, { teamName: "dev1-team" }, {}, { model: "claude-haiku-4-5" }),
      ],
      2: sessionOf(2, "more of TASK-1, and of task-2"),
      3: sessionOf(3, "no task"),
    });
    const ledger = await scanned(home);
    expect(ledger.tasks).toEqual({
      "task-1": {
        session_id: sessionId(1),
        session_ids: [sessionId(1), sessionId(2)],
        team_id: "dev1-team",
        matched_by: "content",
        also_mentioned: ["task-2"],
        input_tokens: 1101 + 101 + 101,
        output_tokens: 30,
        cache_tokens: 1300,
        cache_creation_tokens: 1000,
        cache_read_tokens: 300,
        total_tokens: 1333,
        message_count: 3,
        models: { "claude-opus-4-6": 1222, "claude-haiku-4-5": 111 },
        // Input 3 x 5, creation 1000 x 6.25, read 200 x 0.5, output 20 x 25 millionths of a dollar; and haiku's.
        cost_estimate_usd: 0.006921,
        cost_is_partial: false,
        cache_hit_ratio: 300 / 1303,
        model: "claude-opus-4-6",
        // Of the first from its message to minute 2; of the second from its message to minute 2000.
        duration_seconds: 120 + 120_000,
        tokens_per_second: 1333 / 120_120,
        timestamp: new Date(Date.UTC(2026, 5, 1, 0, 2000)).toISOString(),
        retained_session_ids: [],
      },
    });
    expect(ledger.unmatched_sessions).toMatchObject([{ session_id: sessionId(3), total_tokens: 111, candidates: [] }]);
    expect(ledger.summary).toEqual({
      total_tokens: 1333,
      total_tasks: 1,
      avg_tokens_per_task: 1333,
      top_consumers: ["task-1"],
    });
    expect(statSync(home.ledger).mode & 0o777).toBe(0o600);
  });

  test("gives the same bytes again", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1"), 2: sessionOf(2, "hm") });
    await scanned(home);
    const before = readFileSync(home.ledger);
    await scanned(home);
    expect(readFileSync(home.ledger).equals(before)).toBe(true);
  });

  test("a subagent's tokens are its session's task's", async () => {
    const agent = `${PROJECT_FOLDER}/${sessionId(1)}/subagents/agent-a.jsonl`;
    const home = taskHome(
      { 1: sessionOf(1, "task-1") },
      {
        [agent]: [message("task-9", { isSidechain: true }), response(50, { isSidechain: true })],
        [agent.replace(".jsonl", ".meta.json")]: '\uFEFF{"spawnDepth":3}',
      },
    );
    const { tasks, sessions } = await scanned(home);
    expect(Object.keys(tasks)).toEqual(["task-1"]);
    expect(tasks["task-1"]).toMatchObject({ total_tokens: 222, message_count: 2, session_ids: [sessionId(1)] });
    expect(sessions[sessionId(1)]).toMatchObject({ subagents: 1, subagent_depth: 3 });
  });

  test("timers give sessions, teams and durations", async () => {
    const timers = [
      { task_id: "task-7", session_id: sessionId(1), team_id: "t", duration_seconds: 10 },
      { task_id: "task-8", start_time: "2026-06-02T09:00:00Z", end_time: "2026-06-02T10:00:00Z" },
    ];
    const late = response(9, { timestamp: "2026-06-02T09:30:00.000Z" });
    const home = taskHome({ 1: sessionOf(1, "task-1"), 2: [late] }, { "task-timers.json": JSON.stringify(timers) });
    const { tasks } = await scanned(home);
    expect(tasks["task-7"]).toMatchObject({
      matched_by: "timers",
      team_id: "t",
      duration_seconds: 10,
      tokens_per_second: 11.1,
    });
    expect(tasks["task-8"]).toMatchObject({ matched_by: "time", session_ids: [sessionId(2)], duration_seconds: 3600 });
  });

  test("what is no time or duration is said, counts as absent, and costs only itself", async () => {
    const timers = [
      { task_id: "task-1", start_time: "yesterday", end_time: null, duration_seconds: "12" },
      { task_id: "task-2", duration_seconds: 1e308 },
      { task_id: "task-2", duration_seconds: -1 },
      { task_id: "task-3", start_time: "2026-06-01T02:00:00Z", end_time: "2026-06-01T01:00:00Z" },
      { task_id: 7 },
      null,
    ];
    const home = taskHome(
      { 1: sessionOf(1, "task-1"), 2: sessionOf(2, "task-2"), 3: sessionOf(3, "task-3") },
      { "task-timers.json": JSON.stringify(timers) },
    );
    const { code, stderr } = await home.run("tasks", "scan", "--quiet");
    expect([code, stderr]).toEqual([
      0,
      `tokensift: ${join(home.home, "task-timers.json")}: start_time of task-1 cannot be read and was passed over, and 3 others\n`,
    ]);
    const { tasks } = read(home);
    // From the first message to the answer; task-3's timer ends before it begins.
    expect(Object.values(tasks).map(({ duration_seconds }) => duration_seconds)).toEqual([60_000, 120_000, 0]);
  });

  test("a dispatch log says which session got which task", async () => {
    const log = [
      { task_id: "Task-3", session_id: sessionId(1) },
      { task_id: "task-4", cron_response: { id: sessionId(2) } },
    ];
    const home = taskHome(
      { 1: sessionOf(1, "task-1"), 2: sessionOf(2, "task-1") },
      { "log.jsonl": log.map((entry) => JSON.stringify(entry)), "log.json": JSON.stringify(log) },
    );
    for (const file of ["log.jsonl", "log.json"]) {
      const { tasks } = await scanned(home, "--dispatch-log", join(home.home, file));
      expect(Object.entries(tasks).map(([id, { matched_by, session_id }]) => [id, matched_by, session_id])).toEqual([
        ["task-3", "dispatch_log", sessionId(1)],
        ["task-4", "dispatch_log", sessionId(2)],
      ]);
    }
  });

  test("another pattern finds other tasks", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1 for SHOP-12") });
    expect(Object.keys((await scanned(home)).tasks)).toEqual(["task-1"]);
    expect(Object.keys((await scanned(home, "--task-pattern", "shop-\\d+")).tasks)).toEqual(["shop-12"]);
  });

  test("without --ledger there is one a project, with the sessions of the project, its folders and worktrees", async () => {
    const there = { cwd: "/elsewhere" };
    const home = taskHome(
      {},
      {
        [`.claude/projects/-a/${sessionId(1)}.jsonl`]: [message("task-1", there), response(1, there)],
        "repo/.git/worktrees/w/gitdir": "/nowhere/wt/.git\n",
        "repo/sub/x": "",
      },
    );
    const root = join(home.home, "repo");
    const { mkdirSync } = await import("node:fs");
    for (const [n, cwd] of [
      [2, root],
      [3, join(root, "sub")],
      [4, "/nowhere/wt/deep"],
      [5, `${root}2`],
    ] as const) {
      const folder = join(home.home, `.claude/projects/-${n}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        join(folder, `${sessionId(n)}.jsonl`),
        `${message(`task-${n}`, { cwd })}\n${response(n, { cwd })}\n`,
      );
    }
    const { tokensift } = await import("../cli/tokensift.ts");
    const variables = { TOKENSIFT_CACHE_DIR: join(home.home, "cache"), XDG_DATA_HOME: join(home.home, "data") };
    const ending = await tokensift(["tasks", "scan", "--json"], {
      home: home.home,
      folder: join(root, "sub"),
      variables,
    });
    expect(ending).toMatchObject({ code: 0, stderr: "" });
    const { ledger_path, tasks } = JSON.parse(ending.stdout) as Ledger & { ledger_path: string };
    expect(Object.keys(tasks)).toEqual(["task-2", "task-3", "task-4"]);
    expect(ledger_path).toMatch(/\/data\/tokensift\/repo-[0-9a-f]{16}\/token-ledger\.json$/);
    expect(statSync(join(ledger_path, "..")).mode & 0o777).toBe(0o700);
  });

  test("--strict and damaged lines", async () => {
    const home = taskHome({ 1: [...sessionOf(1, "task-1"), "{"] });
    expect((await home.run("tasks", "scan", "--strict")).code).toBe(1);
    expect((await home.run("tasks", "scan")).stderr).toContain("Skipped 1 line: 1 malformed");
  });
});

describe("sessions that are gone", () => {
  test("keep their last figures, marked, until they come back", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1"), 2: sessionOf(2, "task-1") });
    await scanned(home);
    const path = join(home.home, transcriptOf(1));
    const bytes = readFileSync(path);
    rmSync(path);
    const { tasks, sessions } = await scanned(home);
    expect(tasks["task-1"]).toMatchObject({ total_tokens: 222, retained_session_ids: [sessionId(1)] });
    expect(sessions[sessionId(1)]?.retained).toBe(true);
    expect(sessions[sessionId(2)]).not.toHaveProperty("retained");
    writeFileSync(path, bytes);
    expect((await scanned(home)).tasks["task-1"]?.retained_session_ids).toEqual([]);
  });

  test("a scan of given folders says nothing of others", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") }, { "given/a.jsonl": [message("task-2"), response(5)] });
    await scanned(home);
    expect((await home.run("tasks", "scan", join(home.home, "given"))).code).toBe(0);
    const { sessions } = read(home);
    expect(Object.values(sessions).map(({ retained }) => retained)).toEqual([undefined, undefined]);
  });

  test.skipIf(process.getuid?.() === 0)("an unreadable transcript is not gone", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") });
    await scanned(home, "--no-cache");
    chmodSync(join(home.home, transcriptOf(1)), 0);
    const { sessions } = await scanned(home, "--no-cache");
    expect(sessions[sessionId(1)]).toMatchObject({ total_tokens: 111 });
    expect(sessions[sessionId(1)]).not.toHaveProperty("retained");
  });

  test("a fork does not get what its original is still there for in the ledger", async () => {
    const own = message("task-1", { uuid: "own", timestamp: "2026-05-01T00:00:00.000Z" });
    const shared = [response(1), response(2)];
    const home = taskHome({ 1: [own, ...shared], 2: [...shared, message("task-2"), response(3)] });
    const totals = async () => {
      const { tasks, summary } = await scanned(home);
      return [tasks["task-1"]?.total_tokens, tasks["task-2"]?.total_tokens, summary.total_tokens];
    };
    expect(await totals()).toEqual([222, 111, 333]);
    const original = join(home.home, transcriptOf(1));
    const bytes = readFileSync(original);
    rmSync(original);
    expect(await totals()).toEqual([222, 111, 333]);
    expect(await totals()).toEqual([222, 111, 333]);
    const fork = join(home.home, transcriptOf(2));
    writeFileSync(fork, `${readFileSync(fork, "utf8")}${response(4)}\n`);
    expect(await totals()).toEqual([222, 222, 444]);
    writeFileSync(original, bytes);
    expect(await totals()).toEqual([222, 222, 444]);
    expect(Object.values(read(home).sessions).some((session) => "held_back" in session || "retained" in session)).toBe(
      false,
    );
  });

  test("nor does one that holds nothing but copies, whatever is written to it later", async () => {
    const own = message("task-1", { uuid: "own", timestamp: "2026-05-01T00:00:00.000Z" });
    const shared = [response(1), response(2)];
    const home = taskHome({ 1: [own, ...shared], 2: [...shared, message("task-2")] });
    const totals = async () => {
      const { tasks, sessions, summary } = await scanned(home);
      const ofTasks = [tasks["task-1"]?.total_tokens, tasks["task-2"]?.total_tokens];
      return [...ofTasks, summary.total_tokens, Object.keys(sessions).length];
    };
    expect(await totals()).toEqual([222, undefined, 222, 1]);
    const original = join(home.home, transcriptOf(1));
    const bytes = readFileSync(original);
    rmSync(original);
    expect(await totals()).toEqual([222, undefined, 222, 1]);
    const before = readFileSync(home.ledger);
    expect(await totals()).toEqual([222, undefined, 222, 1]);
    expect(readFileSync(home.ledger)).toEqual(before);
    const fork = join(home.home, transcriptOf(2));
    writeFileSync(fork, `${readFileSync(fork, "utf8")}${message("thanks")}\n`);
    expect(await totals()).toEqual([222, undefined, 222, 1]);
    writeFileSync(fork, `${readFileSync(fork, "utf8")}${response(4)}\n`);
    expect(await totals()).toEqual([222, 111, 333, 2]);
    writeFileSync(original, bytes);
    expect(await totals()).toEqual([222, 111, 333, 2]);
    expect(readFileSync(home.ledger, "utf8")).not.toMatch(/held_back|retained"|copies/);
  });

  test("nor does a fork of a rollout that was left at once", async () => {
    // What comes more than two seconds after the beginning is not taken for a copy without its original.
    const line = (type: string, payload: object) =>
      JSON.stringify({ timestamp: `2026-06-01T00:00:${type === "event_msg" ? 1 : 0}0.000Z`, type, payload });
    const rollout = (n: number, more: object) => [
      line("session_meta", { id: sessionId(n), cwd: "/srv/app", ...more }),
      ...(n === 1 ? [] : [line("session_meta", { id: sessionId(1), cwd: "/srv/app" })]),
      line("event_msg", { type: "user_message", message: "task-1" }),
      line("event_msg", { type: "token_count", info: { total_token_usage: { input_tokens: 100, output_tokens: 11 } } }),
    ];
    const pathOf = (n: number) => `.codex/sessions/2026/06/01/rollout-2026-06-01T00-00-00-${sessionId(n)}.jsonl`;
    const forked = rollout(2, { forked_from_id: sessionId(1) });
    const home = taskHome({}, { [pathOf(1)]: rollout(1, {}), [pathOf(2)]: forked });
    expect((await scanned(home)).summary.total_tokens).toBe(111);
    rmSync(join(home.home, pathOf(1)));
    expect((await scanned(home)).summary.total_tokens).toBe(111);
  });

  test("and where both are gone nothing is left of the copies", async () => {
    const own = message("task-1", { uuid: "own", timestamp: "2026-05-01T00:00:00.000Z" });
    const home = taskHome({ 1: [own, response(1)], 2: [response(1), message("task-2")] });
    await scanned(home);
    for (const n of [1, 2]) rmSync(join(home.home, transcriptOf(n)));
    const { summary, copies } = await scanned(home);
    expect({ total: summary.total_tokens, copies }).toEqual({ total: 111, copies: undefined });
  });

  test("a session that turns out to hold copies only is taken out", async () => {
    const home = taskHome({ 2: sessionOf(1, "task-2") });
    await scanned(home);
    // Its original shows up, with a record of its own before the copies.
    writeFileSync(
      join(home.home, transcriptOf(1)),
      [message("task-1", { uuid: "own", timestamp: "2026-05-01T00:00:00.000Z" }), ...sessionOf(1, "task-2").slice(1)]
        .map((line) => `${line}\n`)
        .join(""),
    );
    const { tasks } = await scanned(home);
    expect(Object.entries(tasks).map(([id, { total_tokens }]) => [id, total_tokens])).toEqual([["task-1", 111]]);
  });
});

describe("tasks record", () => {
  test("without a task in any session says so, and what to do", async () => {
    const world = taskHome({ 1: sessionOf(1, "nothing of the kind") });
    const { stdout, stderr } = await world.run("tasks", "scan");
    expect(stdout).toBe("");
    expect(stderr).toBe(
      "Unmatched 1 session of no task, 111 tokens\n" +
        "No session names a task (--task-pattern for other names; tokensift tasks record says it by hand)\n" +
        `Ledger    ${world.ledger}\n`,
    );
  });

  test("wins over every guess, and a rebuild does not lose it", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") });
    await scanned(home);
    expect((await home.run("tasks", "record", "--session", sessionId(1), "--task", "Task-5")).code).toBe(0);
    expect(read(home).tasks).toMatchObject({ "task-5": { matched_by: "record", total_tokens: 111 } });
    writeFileSync(home.ledger, "{");
    const { stderr, code } = await home.run("tasks", "scan");
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /ledger\.json: damaged \(it is not JSON\); set aside as .*ledger\.json\.corrupt-.* and rebuilt/,
    );
    expect(Object.keys(read(home).tasks)).toEqual(["task-5"]);
    const aside = readdirSync(home.home).filter((name) => name.includes(".corrupt-"));
    expect(aside.map((name) => readFileSync(join(home.home, name), "utf8"))).toEqual(["{"]);
  });

  test("a session that no scan has met yet is said all the same", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") });
    const { stderr } = await home.run("tasks", "record", "--session", sessionId(1), "--task", "task-5");
    expect(stderr).toContain("does not know this session yet");
    expect(Object.keys((await scanned(home)).tasks)).toEqual(["task-5"]);
  });

  test("a damaged file of what was said stops everything, and nothing is written", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") });
    await scanned(home);
    const before = readFileSync(home.ledger, "utf8");
    writeFileSync(join(home.home, "ledger.said.json"), '{"schema_version":1,"sessions":');
    const { code, stderr } = await home.run("tasks", "scan");
    expect(code).toBe(2);
    expect(stderr).toContain(
      "ledger.said.json: is damaged, and holds what was said by hand (mend it, or remove it and say it again)",
    );
    expect(readFileSync(home.ledger, "utf8")).toBe(before);
  });
});

test("what was said with a newer version is left alone", async () => {
  const home = taskHome({ 1: sessionOf(1, "task-1") }, { "ledger.said.json": '{"schema_version":2,"said":{}}' });
  for (const args of [["scan"], ["record", "--session", sessionId(1), "--task", "task-2"]]) {
    const { code, stderr } = await home.run("tasks", ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/ledger\.said\.json: is of schema version 2 \(update tokensift\)\n$/);
  }
  expect(readFileSync(join(home.home, "ledger.said.json"), "utf8")).toBe('{"schema_version":2,"said":{}}');
});

describe("reading", () => {
  test("get and summary do not scan, --refresh does", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") });
    const none = await home.run("tasks", "get", "--task", "task-1");
    expect(none).toMatchObject({ code: 2, stdout: "" });
    expect(none.stderr).toContain("(make it with tokensift tasks scan, or add --refresh)");
    const got = await home.run("tasks", "get", "--task", "task-1", "--refresh", "--json");
    expect(JSON.parse(got.stdout)).toMatchObject({ task_id: "task-1", total_tokens: 111 });
    writeFileSync(
      join(home.home, transcriptOf(2)),
      sessionOf(2, "task-2", 3)
        .map((line) => `${line}\n`)
        .join(""),
    );
    const mistaken = await home.run("tasks", "get", "--task", "task-2");
    expect(mistaken.code).toBe(2);
    expect(mistaken.stderr).toMatch(
      /--task: "task-2" is no task of .* \(did you mean task-1\? add --refresh to scan first\)/,
    );
    expect((await home.run("tasks", "summary")).stdout).toContain("Tokens    111\n");
    expect((await home.run("tasks", "summary", "--refresh")).stdout).toContain("Tokens    444\n");
  });

  test("a damaged ledger is rebuilt by whoever reads it", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") });
    await scanned(home);
    const sound = readFileSync(home.ledger, "utf8");
    for (const damage of [
      sound.slice(0, 500),
      sound.replace('"total_tokens": 111', '"total_tokens": 112'),
      "[]",
      "",
      '{"schema_version":1}',
    ]) {
      writeFileSync(home.ledger, damage);
      const { code, stdout, stderr } = await home.run("tasks", "get", "--task", "task-1", "--json");
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ total_tokens: 111 });
      expect(stderr).toContain("damaged");
    }
  });

  test("one of a newer version is left alone", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") }, { "ledger.json": '{"schema_version":2}' });
    expect(await home.run("tasks", "scan")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("update tokensift") as string,
    });
    expect(readFileSync(home.ledger, "utf8")).toBe('{"schema_version":2}');
  });
});

describe("at once", () => {
  test("many scans and records all finish, and lose nothing", async () => {
    const numbers = [1, 2, 3, 4, 5];
    const home = taskHome(Object.fromEntries(numbers.map((n) => [n, sessionOf(n, `task-${n}`)])));
    const endings = await Promise.all([
      ...numbers.map((n) => home.run("tasks", "record", "--session", sessionId(n), "--task", `task-1${n}`)),
      home.run("tasks", "scan"),
      home.run("tasks", "scan", "--project", "nothing"),
      home.run("tasks", "scan"),
    ]);
    expect(endings.map(({ code }) => code)).toEqual(endings.map(() => 0));
    expect(Object.keys(read(home).tasks)).toEqual(numbers.map((n) => `task-1${n}`));
    expect(readdirSync(home.home).filter((name) => /lock|tmp|corrupt/.test(name))).toEqual([]);
  });

  test("the lock of a run that was killed is taken over", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") });
    const { mkdirSync, utimesSync } = await import("node:fs");
    mkdirSync(`${home.ledger}.lock`);
    const long = new Date(Date.now() - 60_000);
    utimesSync(`${home.ledger}.lock`, long, long);
    expect((await home.run("tasks", "scan")).code).toBe(0);
    expect(readdirSync(home.home)).not.toContain("ledger.json.lock");
  });
});
