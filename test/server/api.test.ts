/** What `tokensift serve` answers. */
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { response, sessionId } from "../transcripts.ts";
import { message, sessionOf, taskHome, transcriptOf } from "../ledger/home.ts";
import { serve, until } from "./server.ts";

const TIMERS = JSON.stringify({
  tasks: { "task-1": { team_id: "t", status: "running", prompt: "the secret", notes: "/srv/secret" }, "task-5": {} },
});

function home() {
  return taskHome(
    {
      1: [message("the secret of task-1"), response(1), response(2)],
      2: sessionOf(2, "task-2"),
      3: sessionOf(3, "none"),
    },
    { "task-timers.json": TIMERS },
  );
}

const parse = ({ body }: { readonly body: string }) => JSON.parse(body) as Record<string, unknown>;

describe("the API", () => {
  test("answers everything of the spec, with the ledger's figures, and writes no ledger", async () => {
    const world = home();
    const { get } = await serve(world);
    const usage = await get("/api/token-usage");
    expect(usage.status).toBe(200);
    expect(usage.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(parse(usage)).toMatchObject({
      schema_version: 1,
      note: "costs are an estimate, not a bill",
      tasks: { "task-1": { total_tokens: 222 }, "task-2": { total_tokens: 111 } },
      summary: { total_tokens: 333, total_tasks: 2 },
      unmatched_sessions: [{ session_id: sessionId(3), project: "app", total_tokens: 111 }],
    });
    expect(parse(await get("/api/token-usage?task=TASK-1"))).toMatchObject({
      task_id: "task-1",
      total_tokens: 222,
      note: "costs are an estimate, not a bill",
    });
    expect(parse(await get("/api/token-anomaly"))).toMatchObject({ too_few: true, tasks: 2 });
    expect(parse(await get("/api/tasks"))).toEqual({
      note: "costs are an estimate, not a bill",
      tasks: [
        {
          task_id: "task-1",
          team_id: "t",
          status: "running",
          token_usage: { input_tokens: 202, output_tokens: 20, total_tokens: 222, cost_estimate_usd: 0.00061 },
        },
        { task_id: "task-5", token_usage: null },
      ],
    });
    expect(parse(await get("/api/health"))).toMatchObject({ status: "ok", transcripts: 3, unreadable: 0, remarks: [] });
    const byProject = parse(await get("/api/usage?by=project,session&top=1"));
    expect(byProject).toMatchObject({ by: ["project", "session"], rowsOmitted: 2, totals: { totalTokens: 444 } });
    expect(byProject["rows"]).toMatchObject([{ key: { project: "app", session: sessionId(1) }, totalTokens: 222 }]);
    expect(parse(await get("/api/usage?by=day&since=2026-06-02T00:00Z&timezone=UTC"))).toMatchObject({
      totals: { totalTokens: 222 },
    });
    const metrics = await get("/metrics");
    expect(metrics.headers["content-type"]).toContain("text/plain; version=0.0.4");
    expect(metrics.body).toContain('tokensift_task_tokens{task="task-1",kind="cache_read"} 200\n');
    expect(metrics.body).toContain("estimate, not a bill");
    expect((await get("/")).body).toContain("/api/token-anomaly");
    const document = parse(await get("/api/openapi.json"));
    expect(document["openapi"]).toBe("3.1.0");
    for (const path of Object.keys(document["paths"] as object)) expect((await get(path)).status).toBe(200);
    expect(existsSync(world.ledger)).toBe(false);
  });

  test("no answer holds a path, a prompt or anything else of a transcript", async () => {
    const world = home();
    const { get } = await serve(world);
    const paths = [
      "/",
      "/api/token-usage",
      "/api/token-usage?task=task-1",
      "/api/token-anomaly",
      "/api/tasks",
      "/api/health",
      "/metrics",
      "/api/usage?by=project,session,agent",
    ];
    for (const path of paths) {
      const { body } = await get(path);
      expect(body).not.toContain("secret");
      expect(body).not.toContain("/srv");
      expect(body).not.toContain(world.home);
    }
  });

  test("unknown tasks, names and values are JSON errors", async () => {
    const { get } = await serve(home());
    const error = async (path: string) => {
      const answer = await get(path);
      return [answer.status, (parse(answer) as { error: { code: string } }).error.code];
    };
    expect(await error("/api/token-usage?task=task-9")).toEqual([404, "UNKNOWN_TASK"]);
    expect(await error("/api/token-usage?task=__proto__")).toEqual([404, "UNKNOWN_TASK"]);
    expect(await error("/api/token-usage?tsk=task-1")).toEqual([400, "BAD_QUERY"]);
    expect(await error("/api/token-usage?task=a&task=b")).toEqual([400, "BAD_QUERY"]);
    expect(await error("/api/usage?by=colour")).toEqual([400, "INVALID_OPTION"]);
    expect(await error("/api/usage?since=whenever")).toEqual([400, "INVALID_OPTION"]);
    expect(await error("/api/usage?timezone=Mars")).toEqual([400, "INVALID_OPTION"]);
    expect(await error("/api/usage?top=x")).toEqual([400, "INVALID_OPTION"]);
    const message = async (path: string) => (parse(await get(path)) as { error: { message: string } }).error.message;
    expect(await message("/api/usage?since=whenever")).toMatch(/^since: "whenever" is no time /);
    expect(await message("/api/usage?since=2026-06-02&until=2026-06-01")).toContain("is later than until 2026-06-01");
    expect(await error("/api/nothing")).toEqual([404, "NOT_FOUND"]);
    expect(await error("/api/%ff")).toEqual([400, "BAD_REQUEST"]);
    expect(await error("/../../etc/passwd")).toEqual([404, "NOT_FOUND"]);
  });

  test("ETags: the same answer is not sent twice, and changes with the figures", async () => {
    const world = home();
    const { get } = await serve(world);
    const first = await get("/api/token-usage?task=task-1");
    const etag = first.headers.etag as string;
    expect(etag).toMatch(/^"[\w-]{27}"$/);
    for (const header of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const again = await get("/api/token-usage?task=task-1", { "if-none-match": header });
      expect([again.status, again.body, again.headers.etag]).toEqual([304, "", etag]);
    }
    expect((await get("/api/token-usage?task=task-1", { "if-none-match": '"x"' })).status).toBe(200);
    const head = await get("/api/token-usage?task=task-1", {}, "HEAD");
    expect([head.status, head.body, head.headers.etag, head.headers["content-length"]]).toEqual([
      200,
      "",
      etag,
      first.headers["content-length"],
    ]);
    appendFileSync(join(world.home, transcriptOf(1)), `${response(9)}\n`);
    const changed = await until(
      async () => get("/api/token-usage?task=task-1", { "if-none-match": etag }),
      ({ status }) => status === 200,
    );
    expect(parse(changed)).toMatchObject({ total_tokens: 333 });
    const usage = await until(
      async () => get("/api/usage?by=none"),
      (answer) => (parse(answer)["totals"] as { totalTokens: number }).totalTokens === 555,
    );
    expect(usage.status).toBe(200);
  });

  test(
    "a running timer's elapsed time is right in each answer; nothing else changes",
    { timeout: 60_000 },
    async () => {
      const startMs = Date.now() - 100_000;
      const at = (ms: number) => new Date(ms).toISOString();
      const world = taskHome(
        { 1: sessionOf(1, "task-1"), 2: sessionOf(2, "task-2") },
        {
          "task-timers.json": JSON.stringify({
            tasks: {
              "task-1": { status: "running", start_time: at(startMs) },
              "task-2": { status: "done", start_time: at(startMs), end_time: at(startMs + 5000) },
            },
          }),
        },
      );
      const { get } = await serve(world);
      const ended = await get("/api/token-usage?task=task-2");
      const health = await get("/api/health");
      const running = await get("/api/token-usage?task=task-1");
      await wait(3000);
      for (let n = 0; n < 3; n++) {
        const elapsed = (Date.now() - startMs) / 1000;
        const task = parse(await get("/api/token-usage?task=task-1")) as { duration_seconds: number };
        // As of the last second.
        expect(Math.abs(task.duration_seconds - elapsed)).toBeLessThan(1.5);
        expect(task).toMatchObject({ tokens_per_second: 111 / task.duration_seconds });
        const whole = parse(await get("/api/token-usage"))["tasks"] as Record<string, typeof task>;
        expect(Math.abs((whole["task-1"]?.duration_seconds ?? 0) - elapsed)).toBeLessThan(1.5);
        const metrics = (await get("/metrics")).body;
        const seconds = Number(/tokensift_task_duration_seconds\{task="task-1"\} (\S+)/.exec(metrics)?.[1]);
        expect(Math.abs(seconds - elapsed)).toBeLessThan(1.5);
        await wait(1200);
      }
      const tag = (answer: typeof running) => ({ "if-none-match": answer.headers.etag as string });
      expect((await get("/api/token-usage?task=task-1", tag(running))).status).toBe(200);
      expect((await get("/api/token-usage?task=task-2", tag(ended))).status).toBe(304);
      expect((await get("/api/health", tag(health))).status).toBe(304);
    },
  );

  test("a question that nobody asked for a while is answered anew, not as it was", { timeout: 60_000 }, async () => {
    const world = home();
    const { get } = await serve(world);
    const totalOf = async () =>
      (parse(await get("/api/usage?by=none"))["totals"] as { totalTokens: number }).totalTokens;
    expect(await totalOf()).toBe(444);
    appendFileSync(join(world.home, transcriptOf(1)), `${response(9)}\n`);
    await wait(6500);
    expect(await totalOf()).toBe(555);
  });

  test("a question that was refused among too many is answered later", { timeout: 60_000 }, async () => {
    const world = home();
    const { get } = await serve(world);
    const question = "/api/usage?by=none";
    const asking = async (tops: readonly number[]) =>
      Promise.all(tops.map(async (top) => get(`/api/usage?by=session&top=${top}`)));
    const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
    await asking(numbers(0, 30));
    await asking(numbers(30, 60));
    expect((await get(question)).status).toBe(200);
    let totalTokens = 444;
    let isRefused = false;
    // A fast machine may have answered all before there are too many.
    for (let attempt = 0; attempt < 20 && !isRefused; attempt++) {
      const at = parse(await get("/api/health"))["at"];
      appendFileSync(join(world.home, transcriptOf(1)), `${response(9 + attempt)}\n`);
      await until(
        async () => get("/api/health"),
        (answer) => parse(answer)["at"] !== at,
      );
      const others = asking([...numbers(60, 80), ...numbers(0, 60), ...numbers(80, 90)]);
      const answer = await get(question);
      // As it was before: what is new was not worked out.
      const isOld = answer.status === 200 && answer.body.includes(`"totalTokens":${totalTokens}`);
      isRefused = isOld && (await others).some(({ status }) => status === 503);
      await others;
      totalTokens += 111;
      const later = await until(
        async () => get(question),
        ({ body }) => body.includes(`"totalTokens":${totalTokens}`),
      );
      expect([later.status, parse(later)["totals"]]).toMatchObject([200, { totalTokens }]);
    }
    expect(isRefused).toBe(true);
  });

  test("a file of ours that went bad is no mistake of who asks, and its place is not told", async () => {
    const world = home();
    const prices = join(world.home, "prices.json");
    const { writeFileSync } = await import("node:fs");
    writeFileSync(prices, '{"models":{}}');
    const { get } = await serve(world, "--prices", prices);
    expect((await get("/api/usage?by=day")).status).toBe(200);
    writeFileSync(prices, "{");
    const bad = await get("/api/usage?by=week");
    expect([bad.status, parse(bad)]).toEqual([
      500,
      { error: { code: "INTERNAL", message: "could not be worked out" } },
    ]);
    const health = await until(
      async () => get("/api/health"),
      ({ status }) => status === 503,
    );
    expect(parse(health)).toMatchObject({ status: "stale" });
    expect(health.body).not.toContain(world.home);
    // A condition holds for what succeeded.
    const again = await get("/api/health", { "if-none-match": "*" });
    expect([again.status, again.body]).toEqual([503, health.body]);
    expect((await get("/api/usage?since=never")).status).toBe(400);
    expect((await get("/api/usage?timezone=Nowhere/Else")).status).toBe(400);
    writeFileSync(prices, '{"models":{}}');
    const well = await until(
      async () => get("/api/health"),
      ({ status }) => status === 200,
    );
    expect(parse(well)).toMatchObject({ status: "ok" });
    expect((await get("/api/usage?by=week")).status).toBe(200);
  });

  test("sessions that are gone are retained, and what is said in the ledger's file counts", async () => {
    const world = home();
    await world.run("tasks", "scan");
    const { get } = await serve(world);
    const before = readFileSync(world.ledger, "utf8");
    rmSync(join(world.home, transcriptOf(2)));
    const retained = await until(
      async () => get("/api/token-usage?task=task-2"),
      ({ body }) => !body.includes('"retained_session_ids":[]'),
    );
    expect(parse(retained)).toMatchObject({ total_tokens: 111, retained_session_ids: [sessionId(2)] });
    expect(readFileSync(world.ledger, "utf8")).toBe(before);
    await world.run("tasks", "record", "--session", sessionId(3), "--task", "task-3");
    const said = await until(
      async () => get("/api/token-usage?task=task-3"),
      ({ status }) => status === 200,
    );
    expect(parse(said)).toMatchObject({ matched_by: "record" });
  });

  test("a fork that grows as its original goes gets no copies", async () => {
    const own = message("task-1", { uuid: "own", timestamp: "2026-05-01T00:00:00.000Z" });
    const shared = [response(1), response(2)];
    const world = taskHome({ 1: [own, ...shared], 2: [...shared, message("task-2"), response(3)] });
    await world.run("tasks", "scan");
    const { get } = await serve(world);
    appendFileSync(join(world.home, transcriptOf(2)), `${response(4)}\n`);
    rmSync(join(world.home, transcriptOf(1)));
    const retained = await until(
      async () => get("/api/token-usage"),
      ({ body }) => body.includes('"retained":true'),
    );
    expect(parse(retained)).toMatchObject({
      tasks: { "task-1": { message_count: 2 }, "task-2": { message_count: 2 } },
      summary: { total_tokens: 444 },
    });
    // What responses are known by is nobody's business.
    expect(retained.body).not.toContain("response_ids");
    expect(parse(await get("/api/health"))["remarks"]).toEqual([]);
  });

  test("damaged files beside the transcripts are said, and the rest is answered", async () => {
    const world = home();
    await world.run("tasks", "scan");
    const { writeFileSync } = await import("node:fs");
    writeFileSync(world.ledger, "{");
    writeFileSync(join(world.home, "task-timers.json"), "{");
    const { get } = await serve(world);
    const { remarks } = parse(await get("/api/health"));
    expect(remarks).toEqual([
      "the ledger is damaged (tokensift tasks scan rebuilds it)",
      "the timers file cannot be used",
    ]);
    expect((await get("/api/token-usage?task=task-1")).status).toBe(200);
    expect(readFileSync(world.ledger, "utf8")).toBe("{");
  });

  test("an answer never waits for a scan", async () => {
    const world = home();
    const { get } = await serve(world);
    const etags = new Set<string>();
    // The second scan begins a second behind the first, or later where others take the processor.
    for (let n = 0; n < 30 || (etags.size < 2 && n < 200); n++) {
      appendFileSync(join(world.home, transcriptOf(1)), `${response(100 + n)}\n`);
      const sentMs = performance.now();
      const { status, headers } = await get("/api/token-usage");
      etags.add(headers.etag as string);
      expect(status).toBe(200);
      expect(performance.now() - sentMs).toBeLessThan(1000);
      await wait(50);
    }
    expect(etags.size).toBeGreaterThan(1);
    expect(etags.size).toBeLessThan(10);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends it with %i", async (signal, exitCode) => {
    const { child } = await serve(home());
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    expect(await ended).toBe(exitCode);
  });
});
