/** Damaged ledgers: never shown, never a crash, and rebuilt as a whole by whoever meets them. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { addsUp, hasSoundSessions } from "../../src/ledger/check.ts";
import type { Ledger } from "../../src/ledger/types.ts";
import { sessionId } from "../transcripts.ts";
import { type Home, sessionOf, taskHome, transcriptOf } from "./home.ts";
import { hook, inputOf } from "./hook-input.ts";

const read = ({ ledger }: Home) => JSON.parse(readFileSync(ledger, "utf8")) as Ledger;

type Loose = Record<string, Record<string, unknown>>;
type Damage = (ledger: { tasks: Loose; summary: Record<string, unknown>; unmatched_sessions: unknown[] }) => void;

describe("a ledger is damaged", () => {
  async function soundLedger(): Promise<string> {
    const home = taskHome({ 1: sessionOf(1, "task-1"), 2: sessionOf(2, "task-2", 2), 3: sessionOf(3, "nothing") });
    await home.run("tasks", "scan");
    return readFileSync(home.ledger, "utf8");
  }

  test("where a member of a task, of the summary or of a session without a task is missing, or is something else", async () => {
    const sound = await soundLedger();
    const damaged = (damage: Damage) => {
      const ledger = JSON.parse(sound) as Parameters<Damage>[0];
      damage(ledger);
      return !(hasSoundSessions(ledger) && addsUp(ledger));
    };
    expect(damaged(() => {})).toBe(false);
    const places: ReadonlyArray<(ledger: Parameters<Damage>[0]) => Record<string, unknown>> = [
      ({ tasks }) => tasks["task-1"] as Record<string, unknown>,
      ({ summary }) => summary,
      ({ unmatched_sessions: [first] }) => first as Record<string, unknown>,
    ];
    const taken: string[] = [];
    const changed: string[] = [];
    for (const place of places) {
      for (const name of Object.keys(place(JSON.parse(sound) as Parameters<Damage>[0]))) {
        if (!damaged((ledger) => delete place(ledger)[name])) taken.push(name);
        if (!damaged((ledger) => (place(ledger)[name] = { else: 1 }))) changed.push(name);
      }
    }
    expect({ taken, changed }).toEqual({ taken: [], changed: [] });
  });

  test.each<[string, Damage]>([
    ["a task's cost", ({ tasks }) => (tasks["task-1"]!["cost_estimate_usd"] = 99)],
    ["a task's models", ({ tasks }) => (tasks["task-1"]!["models"] = { other: 111 })],
    ["a task's largest model", ({ tasks }) => (tasks["task-1"]!["model"] = "other")],
    ["a task's share of cache hits", ({ tasks }) => (tasks["task-1"]!["cache_hit_ratio"] = 0.5)],
    ["a task's speed", ({ tasks }) => (tasks["task-1"]!["tokens_per_second"] = 1e6)],
    ["a task's sessions", ({ tasks }) => (tasks["task-1"]!["session_ids"] = [sessionId(2)])],
    ["an unknown session", ({ tasks }) => (tasks["task-1"]!["session_ids"] = ["nobody"])],
    ["no session at all", ({ tasks }) => (tasks["task-1"]!["session_ids"] = [])],
    ["the average", ({ summary }) => (summary["avg_tokens_per_task"] = 5)],
    ["top consumers", ({ summary }) => (summary["top_consumers"] = ["nobody"])],
    ["a session without a task that is missing", ({ unmatched_sessions: all }) => all.pop()],
    ["one that is null", ({ unmatched_sessions: all }) => (all[0] = null)],
  ])("where it does not add up: %s", async (_, damage) => {
    const ledger = JSON.parse(await soundLedger()) as Parameters<Damage>[0];
    damage(ledger);
    expect(hasSoundSessions(ledger)).toBe(true);
    expect(addsUp(ledger as unknown as Ledger)).toBe(false);
  });

  test("and whoever reads it rebuilds it first", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") });
    await home.run("tasks", "scan");
    const { tasks } = read(home);
    const { session_ids: _, ...task } = tasks["task-1"]!;
    for (const args of [["get", "--task", "task-1"], ["anomaly"], ["report", "--task", "task-1"]]) {
      writeFileSync(home.ledger, JSON.stringify({ ...read(home), tasks: { "task-1": task } }));
      const { code, stderr } = await home.run("tasks", ...args);
      expect({ code, stderr }).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/damaged .* rebuilt\n/) as string,
      });
      expect(read(home).tasks).toEqual(tasks);
    }
  });
});

test("a timer of less than a moment makes no ledger that is damaged", async () => {
  const timers = { tasks: { "task-1": { duration_seconds: 5e-324 } } };
  const home = taskHome({ 1: sessionOf(1, "task-1") }, { "task-timers.json": JSON.stringify(timers) });
  const { stderr } = await home.run("tasks", "scan");
  expect(stderr).toContain("task-timers.json: duration_seconds of task-1 cannot be read and was passed over\n");
  const { code, stdout, stderr: said } = await home.run("tasks", "get", "--task", "task-1", "--json");
  expect({ code, said }).toEqual({ code: 0, said: "" });
  expect(JSON.parse(stdout)).toMatchObject({ duration_seconds: 60_000 });
});

describe("rebuilt is the whole ledger", () => {
  const damaged = async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1"), 2: sessionOf(2, "task-2"), 3: sessionOf(3, "task-3") });
    await home.run("tasks", "scan");
    writeFileSync(home.ledger, "{");
    return home;
  };
  const said = /^tokensift: .*ledger\.json: damaged \(it is not JSON\); set aside as .* and rebuilt\n/;

  test("also by a session's end", async () => {
    const home = await damaged();
    const { code, stdout, stderr } = await hook(home, inputOf(home, 2));
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toMatch(said);
    expect(Object.keys(read(home).tasks)).toEqual(["task-1", "task-2", "task-3"]);
    expect(readdirSync(home.home).filter((name) => name.includes(".corrupt-"))).toHaveLength(1);
  });

  test("without what is altered, and with the figures of sessions whose transcripts are gone", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1"), 2: sessionOf(2, "task-2") });
    await home.run("tasks", "scan");
    rmSync(join(home.home, transcriptOf(1)));
    await home.run("tasks", "scan");
    const sound = readFileSync(home.ledger, "utf8");
    const altered = sound.replace('"total_tokens": 111', '"total_tokens": 112');
    for (const act of [
      async () => home.run("tasks", "scan"),
      async () => home.run("tasks", "summary"),
      async () => home.run("tasks", "record", "--session", "other", "--task", "task-9"),
    ]) {
      writeFileSync(home.ledger, altered);
      const { code, stderr } = await act();
      expect(code).toBe(0);
      expect(stderr).toMatch(
        /damaged \(its tasks are not what its sessions add up to\); set aside as .* and rebuilt\n/,
      );
      expect(readFileSync(home.ledger, "utf8")).toBe(sound);
    }
    writeFileSync(home.ledger, altered);
    expect(await hook(home, inputOf(home, 2))).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(home.ledger, "utf8")).toBe(sound);
  });

  test("and where something is said by hand", async () => {
    const home = await damaged();
    const { code, stderr } = await home.run("tasks", "record", "--session", sessionId(2), "--task", "task-9");
    expect(code).toBe(0);
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(/ belongs to task-9\n$/);
    expect(Object.keys(read(home).tasks)).toEqual(["task-1", "task-3", "task-9"]);
    // What is there no more cannot be rebuilt: this session alone is not taken for all.
    rmSync(join(home.home, transcriptOf(1)));
    await home.run("tasks", "scan");
    expect(read(home).tasks["task-1"]).toMatchObject({ retained_session_ids: [sessionId(1)] });
  });
});
