/** `tokensift hook`: what a session's end does to the ledger, and that it never fails an agent. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Ledger } from "../../src/ledger/types.ts";
import { response, sessionId } from "../transcripts.ts";
import { message, sessionOf, taskHome, transcriptOf } from "./home.ts";
import { hook, inputOf } from "./hook-input.ts";

describe("hook", () => {
  test("updates the ledger and the timers for that one session", async () => {
    const timers = '{"tasks":{"task-1":{},"task-2":{}}}';
    const home = taskHome({ 1: sessionOf(1, "task-1"), 2: sessionOf(2, "task-2") }, { "task-timers.json": timers });
    expect(await hook(home, inputOf(home, 1))).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
    const ledger = JSON.parse(readFileSync(home.ledger, "utf8")) as Ledger;
    expect(Object.entries(ledger.tasks).map(([id, { total_tokens }]) => [id, total_tokens])).toEqual([["task-1", 111]]);
    const enriched = JSON.parse(readFileSync(join(home.home, "task-timers.json"), "utf8")) as {
      tasks: Record<string, object>;
    };
    expect(enriched.tasks).toMatchObject({ "task-1": { token_usage: { total_tokens: 111 } }, "task-2": {} });
    expect(enriched.tasks["task-2"]).toEqual({});
    appendFileSync(join(home.home, transcriptOf(1)), `${response(77)}\n`);
    await hook(home, inputOf(home, 1));
    expect((JSON.parse(readFileSync(home.ledger, "utf8")) as Ledger).tasks["task-1"]?.total_tokens).toBe(222);
  });

  test("a fork gets no copies of an original that is gone", async () => {
    const own = message("task-1", { uuid: "own", timestamp: "2026-05-01T00:00:00.000Z" });
    const shared = [response(1), response(2)];
    const home = taskHome({ 1: [own, ...shared], 2: [...shared, message("task-2"), response(3)] });
    await home.run("tasks", "scan");
    rmSync(join(home.home, transcriptOf(1)));
    appendFileSync(join(home.home, transcriptOf(2)), `${response(4)}\n`);
    expect(await hook(home, inputOf(home, 2))).toMatchObject({ code: 0, stderr: "" });
    const { tasks } = JSON.parse(readFileSync(home.ledger, "utf8")) as Ledger;
    expect([tasks["task-1"]?.message_count, tasks["task-2"]?.message_count]).toEqual([2, 2]);
  });

  test.each<[string, unknown, RegExp]>([
    ["no JSON", "{", /stdin is no JSON/],
    ["nothing", "", /stdin is no JSON/],
    ["no session", {}, /names no (?:transcript_path|session_id)/],
    [
      "no transcript there",
      { session_id: "x", transcript_path: "/nowhere/x.jsonl" },
      /no such file or folder: \/nowhere/,
    ],
    ["a relative path", { session_id: "x", transcript_path: "x.jsonl" }, /is not absolute/],
    ["another JSON value", "[1]", /names no/],
  ])("%s is one line on stderr and exit code 0, 1 with --strict", async (_, input, said) => {
    const home = taskHome({ 1: sessionOf(1, "task-1") });
    const ending = await hook(home, input);
    expect(ending).toMatchObject({ code: 0, stdout: "" });
    expect(ending.stderr).toMatch(said);
    expect(ending.stderr.split("\n")).toHaveLength(2);
    expect((await hook(home, input, "--strict")).code).toBe(1);
    expect(existsSync(home.ledger)).toBe(false);
  });

  test.each(["toString", "__proto__", "constructor"])(
    "a session of the name %s is none of the ledger's",
    async (id) => {
      const home = taskHome({ 1: sessionOf(1, "task-1") });
      const { code, stderr } = await hook(home, { ...inputOf(home, 1), session_id: id });
      expect({ code, stderr }).toEqual({ code: 0, stderr: `tokensift: session ${id} has consumed nothing\n` });
    },
  );

  test("with --strict a damaged line is one line on stderr and exit code 1, and all else is done", async () => {
    const home = taskHome({ 1: [...sessionOf(1, "task-1"), '{"type":"assistant",', response(2)] });
    expect(await hook(home, inputOf(home, 1))).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const ending = await hook(home, inputOf(home, 1), "--strict");
    expect(ending).toEqual({
      code: 1,
      signal: null,
      stdout: "",
      stderr: "tokensift: --strict: 1 line skipped as damaged\n",
    });
    expect((JSON.parse(readFileSync(home.ledger, "utf8")) as Ledger).tasks["task-1"]?.total_tokens).toBe(222);
  });

  test("what no path may hold is one line too, and the session is recorded", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") });
    expect(await hook(home, { ...inputOf(home, 1), cwd: "/a\0b" })).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(Object.keys((JSON.parse(readFileSync(home.ledger, "utf8")) as Ledger).tasks)).toEqual(["task-1"]);
  });

  test("a bad flag or a ledger that cannot be written fails no agent either", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") });
    expect(await hook(home, inputOf(home, 1), "--nonsense")).toMatchObject({ code: 0, stdout: "" });
    mkdirSync(home.ledger);
    expect(await hook(home, inputOf(home, 1))).toMatchObject({
      code: 0,
      stdout: "",
      stderr: expect.stringContaining("--ledger") as string,
    });
  });

  test("many at once lose nothing", async () => {
    const numbers = [1, 2, 3, 4, 5, 6];
    const home = taskHome(Object.fromEntries(numbers.map((n) => [n, sessionOf(n, `task-${n}`)])));
    const endings = await Promise.all(numbers.map((n) => hook(home, inputOf(home, n))));
    expect(endings.map(({ code, stderr }) => [code, stderr])).toEqual(numbers.map(() => [0, ""]));
    const { tasks } = JSON.parse(readFileSync(home.ledger, "utf8")) as Ledger;
    expect(Object.keys(tasks)).toHaveLength(6);
  });
});
