/** The OpenAPI document is what the server answers; `/metrics` is what Prometheus reads. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { forgetIds, message, PROJECT_FOLDER, sessionOf, taskHome, transcriptOf } from "../ledger/home.ts";
import { response, sessionId } from "../transcripts.ts";
import { type Document, hold } from "./document.ts";
import { serve, until } from "./server.ts";

/** Everything that a ledger can hold: retained and held back, unmatched with candidates, odd shapes, timers. */
async function world() {
  const agent = `${PROJECT_FOLDER}/${sessionId(1)}/subagents/agent-a.jsonl`;
  const at = (hour: number) => ({ timestamp: `2026-06-02T${hour}:30:00.000Z` });
  const hour = { start_time: "2026-06-02T15:00:00Z", end_time: "2026-06-02T16:00:00Z" };
  const worker = (name: string) => ({ teamName: "team", agentName: name });
  const timers = {
    tasks: {
      "task-5": { team_id: "t", status: "running", started_at: 1, duration_seconds: 5, ...hour },
      "task-6": hour,
    },
  };
  const shared = [response(901), response(902)];
  const made = taskHome(
    {
      1: [...sessionOf(1, "task-1 and task-9", 3), "{"],
      2: [message("task-2"), response(2, {}, {}, { model: "unpriced-1" })],
      3: [message("task-3", worker("codex-worker")), response(3, worker("codex-worker"))],
      4: [message("task-3", worker("codex-worker-002")), response(4, worker("codex-worker-002"))],
      5: [response(5, at(15))],
      6: sessionOf(6, "task-6", 60),
      7: [message("task-7", { uuid: "own", timestamp: "2026-05-01T00:00:00.000Z" }), ...shared],
      8: [...shared, message("task-8"), response(903)],
      9: sessionOf(9, `task-10 "quoted" \\ of job-1`),
    },
    { [agent]: [response(10, { isSidechain: true })], "task-timers.json": JSON.stringify(timers) },
  );
  await made.run("tasks", "scan");
  forgetIds(made);
  rmSync(join(made.home, transcriptOf(7)));
  await made.run("tasks", "scan");
  return made;
}

describe("the OpenAPI document", () => {
  test("is what is answered, member by member", { timeout: 60_000 }, async () => {
    const made = await world();
    const { get } = await serve(made);
    const document = JSON.parse((await get("/api/openapi.json")).body) as Document;
    expect(document.openapi).toBe("3.1.0");
    const seen = new Set<string>();
    const check = async (path: string, status = 200) => {
      const answer = await get(path);
      hold(document, path, answer, status);
      seen.add(`${path.split("?")[0]} ${status}`);
      return answer.body;
    };
    const ledger = await check("/api/token-usage");
    for (const member of ['"retained":true', '"held_back":{', '"candidates":["task-5","task-6"]', '"subagents":1']) {
      expect(ledger).toContain(member);
    }
    await check("/api/token-usage?task=task-1");
    await check("/api/token-usage?task=task-404", 404);
    await check("/api/token-usage?x=1", 400);
    expect(await check("/api/token-anomaly")).toContain("repeated_dispatch");
    expect(await check("/api/tasks")).toContain('"token_usage":null');
    for (const query of ["", "?by=task,day,project", "?by=none&top=0", "?by=week,session,team,branch,agent&since=7d"]) {
      await check(`/api/usage${query}`);
    }
    await check("/api/usage?since=never", 400);
    await check("/api/health");
    await check("/metrics");
    await check("/api/openapi.json");
    writeFileSync(join(made.home, "task-timers.json"), "{");
    for (let i = 0; i < 50 && !(await get("/api/health")).body.includes("timers"); i++) await wait(100);
    expect(await check("/api/health")).toContain("the timers file cannot be used");
    const documented = Object.entries(document.paths).map(([path]) => `${path} 200`);
    expect([...seen]).toEqual(expect.arrayContaining(documented));
  });

  test("is what is answered when looking fails, and when too much is asked", { timeout: 60_000 }, async () => {
    const made = await world();
    const prices = join(made.home, "prices.json");
    writeFileSync(prices, '{"models":{}}');
    const { get } = await serve(made, "--prices", prices);
    const document = JSON.parse((await get("/api/openapi.json")).body) as Document;
    const questions = Array.from({ length: 120 }, (_, n) => `/api/usage?by=session&top=${n}`);
    const answers = await Promise.all(questions.map(async (path) => ({ path, answer: await get(path) })));
    const refused = answers.filter(({ answer: { status } }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(120);
    for (const { path, answer } of refused.slice(0, 3)) hold(document, path, answer, 503);
    expect(refused[0]?.answer.body).toContain('"BUSY"');
    writeFileSync(prices, "{");
    const health = await until(
      async () => get("/api/health"),
      ({ status }) => status !== 200,
    );
    hold(document, "/api/health", health, 503);
    expect(JSON.parse(health.body)).toMatchObject({ status: "stale", code: "INVALID_OPTION" });
    // Figures are answered all the same, but what would have to be worked out.
    for (const path of ["/api/token-usage", "/api/token-anomaly", "/api/tasks", "/metrics"]) {
      hold(document, path, await get(path), 200);
    }
    hold(document, "/api/usage", await get("/api/usage?by=week"), 500);
  });

  test("is not answered before there is anything to answer", async () => {
    const made = taskHome({ 1: sessionOf(1, "task-1") });
    const prices = join(made.home, "prices.json");
    writeFileSync(prices, "{");
    const refused = await made.run("serve", "--port", "0", "--prices", prices);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain("prices.json");
  });

  test("refers to nothing that is not there, and names every question", async () => {
    const { get } = await serve(taskHome({ 1: sessionOf(1, "task-1") }));
    const { body } = await get("/api/openapi.json");
    const document = JSON.parse(body) as Document;
    const refs = new Set(Array.from(body.matchAll(/"#\/components\/schemas\/(\w+)"/g), ([, name]) => name as string));
    expect([...refs].sort()).toEqual(Object.keys(document.components.schemas).sort());
    const parameters = Object.values(document.paths).flatMap(({ get: { parameters: some } }) => some);
    expect(parameters.map(({ name }) => name).sort()).toEqual(["by", "since", "task", "timezone", "top", "until"]);
  });
});

test("/metrics is what Prometheus reads, whatever a task is called", async () => {
  const made = await world();
  const { get } = await serve(made, "--task-pattern", `task-\\d+( "quoted" \\\\ of job-1)?`);
  const { body, headers } = await get("/metrics");
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(body.endsWith("\n")).toBe(true);
  const families = new Map<string, string>();
  const series = new Set<string>();
  let family = "";
  for (const line of body.trimEnd().split("\n")) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\w+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") expect(families.has(name), line).toBe(false);
    if (kind) {
      family = name;
      families.set(name, kind === "TYPE" ? rest : "");
      continue;
    }
    // A name, labels with escaped texts, a number; of the family before, and each series once.
    const sample = /^(\w+)((?:\{(?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)+\})?) (\d+(?:\.\d+)?(?:e[+-]\d+)?)$/.exec(line);
    expect([line, sample?.[1]]).toEqual([line, family]);
    const name_ = `${sample?.[1]}${sample?.[2]}`;
    expect(series.has(name_), line).toBe(false);
    series.add(name_);
  }
  expect([...families.values()].every((type) => type === "gauge")).toBe(true);
  expect(body).toContain(String.raw`tokensift_task_responses{task="task-10 \"quoted\" \\ of job-1"} 1`);
  expect(body).toContain('tokensift_task_anomaly{task="task-3"} 1\n');
  expect(readFileSync(made.ledger, "utf8")).toContain("task-10");
});
