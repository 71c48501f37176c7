/** Session to task: the first that answers wins. */
import { describe, expect, test } from "vitest";
import { type Evidence, matchSession } from "../../src/ledger/match.ts";
import { timerEntries, timersOf } from "../../src/ledger/timers.ts";
import type { SessionEntry } from "../../src/ledger/types.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const at = (clock: string) => `2026-06-01T${clock}:00.000Z`;

function session(more: Partial<SessionEntry> = {}): SessionEntry {
  return { mentioned: [], first_at: at("10:00"), last_at: at("11:00"), ...more } as SessionEntry;
}

function evidence(timers: unknown, more: Partial<Evidence> = {}): Evidence {
  const entries = timerEntries(JSON.stringify(timers), "timers");
  return { said: new Map(), dispatched: new Map(), timers: timersOf(entries, NOW), ...more };
}

describe("order", () => {
  const all = evidence([{ task_id: "task-2", session_id: "s" }], {
    said: new Map([["s", "task-1"]]),
    dispatched: new Map([["s", ["task-3"]]]),
  });
  const named = session({ mentioned: ["task-4", "task-5"] });

  test("said by hand, timers, dispatch log, content, time", () => {
    expect(matchSession("s", named, all)).toMatchObject({ task_id: "task-1", matched_by: "record" });
    const unsaid = { ...all, said: new Map<string, string>() };
    expect(matchSession("s", named, unsaid)).toMatchObject({ task_id: "task-2", matched_by: "timers" });
    const untimed = { ...unsaid, timers: new Map() };
    expect(matchSession("s", named, untimed)).toMatchObject({ task_id: "task-3", matched_by: "dispatch_log" });
    const named4 = matchSession("other", named, untimed);
    expect(named4).toEqual({ task_id: "task-4", matched_by: "content", also_mentioned: ["task-5"], candidates: [] });
  });

  test("a session that two timers claim is decided by what it says, and by nothing else", () => {
    const twice = evidence([
      { task_id: "task-1", session_id: "s", start_time: at("10:00"), end_time: at("11:00") },
      { task_id: "task-2", session_id: "s" },
    ]);
    expect(matchSession("s", named, twice)).toMatchObject({ task_id: "task-4", matched_by: "content" });
    expect(matchSession("s", session(), twice)).toMatchObject({ task_id: null, candidates: ["task-1", "task-2"] });
  });
});

describe("time", () => {
  test.each<[string, object, object, string | null]>([
    ["the whole session", { start_time: at("09:00"), end_time: at("12:00") }, {}, "task-1"],
    ["exactly half of it", { start_time: at("10:30"), end_time: at("12:00") }, {}, "task-1"],
    ["a minute less than half", { start_time: at("10:31"), end_time: at("12:00") }, {}, null],
    ["a running timer ends now", { started_at: at("10:30") }, { last_at: at("11:59") }, "task-1"],
    ["one that is over without an end does not", { started_at: at("10:30"), status: "completed" }, {}, null],
    [
      "its duration tells the end",
      { started_at: at("10:00"), status: "completed", duration_seconds: 1800 },
      {},
      "task-1",
    ],
    ["other names of its times", { started_at: at("10:00"), ended_at: at("11:00") }, {}, "task-1"],
    ["an offset", { start_time: "2026-06-01T19:00:00+09:00", end_time: "2026-06-01T20:00:00+09:00" }, {}, "task-1"],
    ["epochs", { start_time: NOW / 1000 - 7200, end_time: NOW / 1000 }, {}, "task-1"],
    ["a session of one moment", { start_time: at("09:00"), end_time: at("12:00") }, { last_at: at("10:00") }, "task-1"],
    ["touching is not enough", { start_time: at("09:00"), end_time: at("10:00") }, {}, null],
    [
      "a session without times",
      { start_time: at("09:00"), end_time: at("12:00") },
      { first_at: null, last_at: null },
      null,
    ],
    ["a timer without times", {}, {}, null],
    ["a timer whose end cannot be read", { start_time: at("09:00"), end_time: "soon" }, {}, null],
    ["one that took its time and says no more is over", { start_time: at("08:00"), duration_seconds: 1800 }, {}, null],
    [
      "one that says it runs is not, whatever it took so far",
      { start_time: at("08:00"), duration_seconds: 1800, status: "running" },
      {},
      "task-1",
    ],
    ["nor is one that took nothing yet", { start_time: at("08:00"), duration_seconds: 0 }, {}, "task-1"],
    ["a timer without an end still runs", { start_time: at("09:00"), end_time: "" }, {}, "task-1"],
  ])("%s", (_, timer, more, task) => {
    const match = matchSession("s", session(more), evidence({ tasks: { "TASK-1": timer } }));
    expect(match).toMatchObject({ task_id: task, matched_by: task && "time", candidates: [] });
  });

  test("two timers leave it open", () => {
    const both = evidence({ tasks: { "task-1": { start_time: at("09:00") }, "task-2": { start_time: at("10:15") } } });
    expect(matchSession("s", session(), both)).toMatchObject({ task_id: null, candidates: ["task-1", "task-2"] });
  });

  test("a running timer that has counted nothing yet took what it took till now", () => {
    const counted = (timer: object) => evidence([{ task_id: "task-1", ...timer }]).timers.get("task-1");
    const begun = { start_time: at("11:00"), duration_seconds: 0 };
    expect(counted(begun)).toMatchObject({ durationSeconds: 3600, isGrowing: true });
    expect(counted({ ...begun, duration_seconds: 60, status: "running" })).toMatchObject({
      durationSeconds: 60,
      isGrowing: false,
    });
    expect(counted({ ...begun, status: "failed" })).toMatchObject({ durationSeconds: 0, isGrowing: false });
    expect(counted({ ...begun, end_time: at("11:00") })).toMatchObject({ durationSeconds: 0, isGrowing: false });
    expect(counted({ duration_seconds: 0 })).toMatchObject({ durationSeconds: 0, isGrowing: false });
  });

  test("a gap between two runs of one task is not the task", () => {
    const gap = evidence([
      { task_id: "task-1", start_time: at("08:00"), end_time: at("09:00"), duration_seconds: 3600 },
      { task_id: "task-1", start_time: at("11:30"), end_time: at("11:45"), duration_seconds: 900 },
    ]);
    expect(matchSession("s", session(), gap).task_id).toBeNull();
    expect(gap.timers.get("task-1")?.durationSeconds).toBe(4500);
  });
});
