/** The timers that an orchestrator keeps of its tasks (`spec/task-ledger.md`, "Timers"). */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { ScanError } from "../errors.ts";
import { isHidden } from "../files/folder.ts";
import { isObject, withoutMark } from "../json.ts";
import { epochToMs, parseInstant } from "../sources/time.ts";

/** What is known of one task's timer. Times in ms UTC. */
export interface Timer {
  readonly taskId: string;
  readonly teamId: string | undefined;
  readonly sessionIds: readonly string[];
  /** When it ran; a running one ends now. */
  readonly spans: readonly Span[];
  /** Given, or from start to end; of a running one, to now. */
  readonly durationSeconds: number | undefined;
  /** Whether that grows by itself. */
  readonly isGrowing: boolean;
}

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** An entry of the file: what stands in it, and how to get there. */
export interface TimerEntry {
  readonly taskId: string;
  readonly path: ReadonlyArray<string | number>;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Says of a timer without an end that it is over all the same. */
const OVER =
  /^(?:done|complete|completed|finished|success|succeeded|failed|failure|error|cancell?ed|aborted|stopped|ended|killed|timeout)$/i;

/** The text of the file; undefined: there is none and none was asked for. Throws a `ScanError`. */
export function readTimersText(path: string, isNamed: boolean): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (!isNamed && (code === "ENOENT" || isHidden(dirname(path)))) return undefined;
    const remedy =
      code === "ENOENT" ? "is not there (give the timers file)" : `cannot be read (${code}; make it readable)`;
    throw new ScanError("INVALID_OPTION", `--timers: ${path} ${remedy}`, { cause });
  }
}

/** Entries in the order of the file. Those without a task are passed over. Throws a `ScanError` where the file is no timers file. */
export function timerEntries(text: string, path: string): TimerEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(withoutMark(text));
  } catch (cause) {
    const reason = (cause as Error).message.replaceAll(/\s+/g, " ");
    throw new ScanError("INVALID_OPTION", `--timers: ${path} is not JSON (${reason})`, { cause });
  }
  if (Array.isArray(value)) return listEntries(value, []);
  const tasks = isObject(value) ? value["tasks"] : undefined;
  if (Array.isArray(tasks)) return listEntries(tasks, ["tasks"]);
  if (!isObject(tasks)) {
    throw new ScanError(
      "INVALID_OPTION",
      `--timers: ${path} holds neither a list nor an object "tasks" (give a timers file)`,
    );
  }
  return Object.entries(tasks).flatMap(([id, entry]) =>
    isObject(entry) ? [{ taskId: normal(id), path: ["tasks", id], value: entry }] : [],
  );
}

function listEntries(list: readonly unknown[], before: readonly string[]): TimerEntry[] {
  return list.flatMap((entry, i) => {
    const taskId = isObject(entry) ? textOf(entry, "task_id") : undefined;
    return taskId === undefined
      ? []
      : [{ taskId: normal(taskId), path: [...before, i], value: entry as TimerEntry["value"] }];
  });
}

/** Timers by task. Entries of one task are put together: their sessions, their spans, the sum of their durations. */
export function timersOf(entries: readonly TimerEntry[], nowMs: number): Map<string, Timer> {
  const timers = new Map<string, Timer>();
  for (const { taskId, value } of entries) {
    const timer = timerOf(taskId, value, nowMs);
    const before = timers.get(taskId);
    timers.set(taskId, before ? join(before, timer) : timer);
  }
  return timers;
}

function timerOf(taskId: string, value: TimerEntry["value"], nowMs: number): Timer {
  const status = textOf(value, "status");
  const startMs = timeOf(value, "start_time") ?? timeOf(value, "started_at");
  const given = secondsOf(value);
  let endMs = timeOf(value, "end_time") ?? timeOf(value, "ended_at");
  // How long it took is known of what is over; where a status says that it still runs, it is how long so far.
  const isOver = status === undefined ? (given ?? 0) > 0 : OVER.test(status);
  // An end that cannot be read is an end all the same, only nobody knows when.
  const hasEnd = isThere(value, "end_time") || isThere(value, "ended_at");
  const isRunning = startMs !== undefined && !hasEnd && !isOver;
  if (endMs === undefined && isOver && startMs !== undefined && given !== undefined) endMs = startMs + given * 1000;
  const untilMs = endMs ?? (isRunning ? nowMs : undefined);
  const elapsed = startMs !== undefined && untilMs !== undefined ? Math.max(0, untilMs - startMs) / 1000 : undefined;
  // What runs and has 0 has not counted yet.
  const seconds = isRunning && given === 0 ? undefined : given;
  const session = textOf(value, "session_id");
  const sessions = Array.isArray(value["session_ids"])
    ? value["session_ids"].filter((id) => typeof id === "string")
    : [];
  return {
    taskId,
    teamId: textOf(value, "team_id"),
    sessionIds: [...(session === undefined ? [] : [session]), ...sessions],
    spans: startMs !== undefined && untilMs !== undefined ? [{ startMs, endMs: untilMs }] : [],
    durationSeconds: seconds ?? elapsed,
    isGrowing: isRunning && seconds === undefined,
  };
}

function join(a: Timer, b: Timer): Timer {
  const seconds = [a.durationSeconds, b.durationSeconds].filter((some) => some !== undefined);
  return {
    taskId: a.taskId,
    teamId: a.teamId ?? b.teamId,
    sessionIds: [...new Set([...a.sessionIds, ...b.sessionIds])],
    spans: [...a.spans, ...b.spans],
    durationSeconds: seconds.length === 0 ? undefined : seconds.reduce((sum, some) => sum + some),
    isGrowing: a.isGrowing || b.isGrowing,
  };
}

/** Ids are compared as transcripts name them. */
export function normal(taskId: string): string {
  return taskId.trim().toLowerCase();
}

/** A tenth of a million years: what is longer is no duration, and sums of what is shorter stay finite. */
const LONGEST_SECONDS = 3.2e12;
/** Nothing is timed finer, and tokens divided by what is stay finite. */
const SHORTEST_SECONDS = 1e-9;

function secondsOf(value: TimerEntry["value"]): number | undefined {
  const given = value["duration_seconds"];
  if (given === 0) return 0;
  const isDuration = typeof given === "number" && given >= SHORTEST_SECONDS && given <= LONGEST_SECONDS;
  return isDuration ? given : undefined;
}

function isThere(value: TimerEntry["value"], name: string): boolean {
  return value[name] !== undefined && value[name] !== null && value[name] !== "";
}

const TIMES = ["start_time", "started_at", "end_time", "ended_at"] as const;

/** What stands in entries as a time or duration and is none, by task and name; null is none at all. It counts as absent. */
export function oddValues(entries: readonly TimerEntry[]): string[] {
  return entries.flatMap(({ taskId, value }) => {
    const odd = TIMES.filter((name) => isThere(value, name) && timeOf(value, name) === undefined).map(String);
    if (isThere(value, "duration_seconds") && secondsOf(value) === undefined) odd.push("duration_seconds");
    return odd.map((name) => `${name} of ${taskId}`);
  });
}

function timeOf(value: TimerEntry["value"], name: string): number | undefined {
  const written = value[name];
  const ms =
    typeof written === "string" ? parseInstant(written) : typeof written === "number" ? epochToMs(written) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function textOf(value: TimerEntry["value"], name: string): string | undefined {
  const written = value[name];
  return typeof written === "string" && written.trim() !== "" ? written : undefined;
}
