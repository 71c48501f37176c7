/** `scan --by task`: figures by task, the same that the ledger has. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scan, type ScanResult } from "tokensift";
import type { Ledger } from "../../src/ledger/types.ts";
import { tokensift } from "../cli/tokensift.ts";
import { serve } from "../server/server.ts";
import { makeFolder, response, sessionId } from "../transcripts.ts";
import { type Home, message, PROJECT_FOLDER, sessionOf, taskHome } from "./home.ts";

/** Every way to belong to a task, and none; with a fork, a subagent, two models and a second project. */
function home(): Home {
  const agent = `${PROJECT_FOLDER}/${sessionId(1)}/subagents/agent-a.jsonl`;
  const elsewhere = { cwd: "/elsewhere" };
  const timers = [
    { task_id: "task-7", session_id: sessionId(3) },
    { task_id: "task-8", start_time: "2026-06-02T09:00:00Z", end_time: "2026-06-02T10:00:00Z" },
  ];
  const dispatched = [{ task_id: "task-9", session_id: sessionId(4) }];
  const shared = [response(1), response(2, {}, {}, { model: "claude-haiku-4-5" })];
  return taskHome(
    {
      1: [message("task-1 and task-2", { uuid: "own", timestamp: "2026-05-01T00:00:00.000Z" }), ...shared],
      2: [...shared, message("task-2"), response(20)],
      3: sessionOf(3, "task-1"),
      4: sessionOf(4, "task-1"),
      5: [response(50, { timestamp: "2026-06-02T09:30:00.000Z" })],
      6: sessionOf(6, "no task"),
      7: sessionOf(7, "said by hand"),
    },
    {
      [agent]: [message("task-5", { isSidechain: true }), response(10, { isSidechain: true })],
      [`.claude/projects/-elsewhere/${sessionId(8)}.jsonl`]: [
        message("task-1", elsewhere),
        response(80, elsewhere),
        response(81, { ...elsewhere, timestamp: "2026-06-02T09:30:00.000Z" }),
      ],
      "task-timers.json": JSON.stringify(timers),
      "log.json": JSON.stringify(dispatched),
    },
  );
}

async function byTask({ run, home: folder }: Home, ...flags: string[]): Promise<ScanResult> {
  const log = ["--dispatch-log", join(folder, "log.json")];
  const { code, stdout, stderr } = await run("scan", "--by", "task", "--json", ...log, ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as ScanResult;
}

const totalsOf = ({ rows }: ScanResult) =>
  Object.fromEntries(rows.map(({ key, totalTokens }) => [key.task, totalTokens]));

describe("scan --by task", () => {
  test("has the ledger's figures, and adds up to the scan's totals", async () => {
    const world = home();
    await world.run("tasks", "record", "--session", sessionId(7), "--task", "task-70");
    const scanned = await world.run("tasks", "scan", "--dispatch-log", join(world.home, "log.json"));
    expect(scanned.code).toBe(0);
    const { tasks, unmatched_sessions } = JSON.parse(readFileSync(world.ledger, "utf8")) as Ledger;
    const result = await byTask(world);
    expect(totalsOf(result)).toEqual({
      "task-1": 3 * 111 + 222,
      "task-2": 111,
      "task-7": 111,
      "task-8": 111,
      "task-9": 111,
      "task-70": 111,
      null: 111,
    });
    const figures = result.rows.map(({ key, ...row }) => [
      key.task,
      row.inputTokens + row.cacheCreationTokens + row.cacheReadTokens,
      row.outputTokens,
      row.cacheReadTokens,
      row.totalTokens,
      row.responses,
      row.costUsd,
      row.lastAt,
    ]);
    const ofLedger = Object.entries(tasks).map(([id, task]) => [
      id,
      task.input_tokens,
      task.output_tokens,
      task.cache_read_tokens,
      task.total_tokens,
      task.message_count,
      task.cost_estimate_usd,
      task.timestamp,
    ]);
    const byName = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
    expect(figures.filter(([task]) => task !== null).sort(byName)).toEqual(ofLedger.sort(byName));
    const unmatched = unmatched_sessions.reduce((sum, { total_tokens }) => sum + total_tokens, 0);
    expect(result.rows.find(({ key }) => key.task === null)?.totalTokens).toBe(unmatched);
    const sum = result.rows.reduce((total, { totalTokens }) => total + totalTokens, 0);
    expect([sum, result.totals.totalTokens]).toEqual([result.totals.totalTokens, 11 * 111]);
  });

  test("is the same cold and warm, with any number of threads and beside other keys", async () => {
    const world = home();
    const cold = await byTask(world, "--no-cache");
    expect(totalsOf(await byTask(world))).toEqual(totalsOf(cold));
    expect(totalsOf(await byTask(world))).toEqual(totalsOf(cold));
    expect(totalsOf(await byTask(world, "--no-cache", "--threads", "2"))).toEqual(totalsOf(cold));
    const finer = await byTask(world, "--by", "task,session,model");
    for (const { key, totalTokens } of cold.rows) {
      const parts = finer.rows.filter((row) => row.key.task === key.task);
      expect(parts.reduce((sum, part) => sum + part.totalTokens, 0)).toBe(totalTokens);
    }
  });

  test("a window cuts figures, not the session that a timer is compared with", async () => {
    const world = home();
    const none = await byTask(world, "--since", "2026-06-02T09:30:00Z", "--until", "2026-06-02T09:30:00Z");
    // Session 8 lasts from 1 June on, so that the timer's hour is not half of it.
    expect(totalsOf(none)).toEqual({ "task-1": 111, "task-8": 111 });
  });

  test("--task is a filter of patterns, in any case", async () => {
    const world = home();
    expect(totalsOf(await byTask(world, "--task", "TASK-7", "--task", "task-[89]"))).toEqual({
      "task-7": 111,
      "task-8": 111,
      "task-9": 111,
    });
    const { stdout } = await world.run("scan", "--by", "none", "--json", "--task", "task-2", "--no-cache");
    expect((JSON.parse(stdout) as ScanResult).totals.totalTokens).toBe(111);
  });

  test("another pattern finds other tasks, whatever cursors hold", async () => {
    const world = home();
    expect(Object.keys(totalsOf(await byTask(world)))).toContain("task-2");
    expect(totalsOf(await byTask(world, "--task-pattern", "no task"))).toEqual({
      null: 7 * 111,
      "task-7": 111,
      "task-8": 111,
      "task-9": 111,
      "no task": 111,
    });
  });

  test("without --ledger a timer's time speaks of the project's sessions only", async () => {
    const elsewhere = { cwd: "/elsewhere" };
    const at = { timestamp: "2026-06-02T09:30:00.000Z" };
    const timers = [{ task_id: "task-8", start_time: "2026-06-02T09:00:00Z", end_time: "2026-06-02T10:00:00Z" }];
    const { home: folder } = taskHome(
      {},
      {
        [`.claude/projects/-elsewhere/${sessionId(1)}.jsonl`]: [response(1, { ...elsewhere, ...at })],
        "task-timers.json": JSON.stringify(timers),
      },
    );
    const variables = { TOKENSIFT_CACHE_DIR: join(folder, "cache"), XDG_DATA_HOME: join(folder, "data") };
    const scanned = async (...flags: string[]) => {
      const { stdout } = await tokensift(["scan", "--by", "task", "--json", ...flags], {
        home: folder,
        folder,
        variables,
      });
      return totalsOf(JSON.parse(stdout) as ScanResult);
    };
    expect(await scanned()).toEqual({ null: 111 });
    expect(await scanned("--ledger", join(folder, "all.json"))).toEqual({ "task-8": 111 });
  });

  test("is one row for what is of no task, in every format", async () => {
    const { run } = taskHome({ 1: sessionOf(1, "task-1"), 2: sessionOf(2, "a"), 3: sessionOf(3, "b") });
    const of = async (format: string) => (await run("scan", "--by", "task", "--format", format)).stdout;
    expect(await of("table")).toMatch(/^Task .*\n─+\n\(no task\) .*222.*\ntask-1 .*111/m);
    expect(await of("md")).toMatch(/^\| \(no task\) \|.*222/m);
    expect(await of("csv")).toMatch(/^task,.*\r\n,.*,222,.*\r\ntask-1,.*,111,/);
    expect(
      (await of("ndjson"))
        .split("\n")
        .slice(0, 2)
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { key: { task: null }, totalTokens: 222 },
      { key: { task: "task-1" }, totalTokens: 111 },
    ]);
  });

  test("a file that says who belongs to what and is damaged stops it before anything is scanned", async () => {
    const { run, ledger } = taskHome({ 1: sessionOf(1, "task-1") }, { "task-timers.json": "{" });
    const { code, stdout, stderr } = await run("scan", "--by", "task");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^tokensift: --timers: .*task-timers\.json is not JSON/);
    // Who does not ask for tasks is not bothered.
    expect((await run("scan")).code).toBe(0);
    expect(ledger).toBeTruthy();
  });
});

describe("as a library", () => {
  const folder = () => {
    return makeFolder({
      [`-srv-app/${sessionId(1)}.jsonl`]: sessionOf(1, "task-1"),
      [`-srv-app/${sessionId(2)}.jsonl`]: sessionOf(2, "task-1"),
    });
  };

  test("first messages decide, unless somebody knows better", async () => {
    const options = { paths: [folder()], by: ["task"], cache: false } as const;
    expect(totalsOf(await scan(options))).toEqual({ "task-1": 222 });
    const seen: unknown[] = [];
    const better = await scan({
      ...options,
      taskOf: (session) => {
        seen.push(session);
        return session.id === sessionId(2) ? null : "mine";
      },
    });
    expect(totalsOf(better)).toEqual({ mine: 111, null: 111 });
    expect(seen[0]).toEqual({
      id: sessionId(1),
      project: "/srv/app",
      mentioned: ["task-1"],
      firstAt: "2026-06-01T00:00:00.000Z",
      lastAt: "2026-06-01T16:40:00.000Z",
    });
  });

  test("with --count records too", async () => {
    const result = await scan({ paths: [folder()], by: ["task"], count: "records" });
    expect(totalsOf(result)).toEqual({ "task-1": 222 });
  });
});

test("/api/usage?by=task says the same", async () => {
  const world = home();
  await world.run("tasks", "record", "--session", sessionId(7), "--task", "task-70");
  const { get } = await serve(world, "--dispatch-log", join(world.home, "log.json"));
  const answer = await get("/api/usage?by=task");
  expect(answer.status).toBe(200);
  const { rows, totals } = JSON.parse(answer.body) as ScanResult;
  const scanned = await byTask(world);
  expect({ rows, totals }).toEqual({ rows: scanned.rows, totals: scanned.totals });
});
