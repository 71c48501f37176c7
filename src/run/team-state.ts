/** What an orchestrator says of a run, as far as it matters here (`spec/run-collector.md`, "Input"). */
import { invalidInput } from "../errors.ts";
import { epochToMs, parseInstant } from "../sources/time.ts";

export interface Worker {
  readonly workerId: string;
  /** The command line tool it wraps, such as `codex`; empty: not said. */
  readonly agent: string;
}

export interface TeamState {
  readonly leadSessionId: string;
  /** As written: relative to the project root, or absolute. */
  readonly runDirectoryPath: string;
  /** Undefined: no team was made. */
  readonly teamName: string | undefined;
  /** Milliseconds UTC; undefined: the run has not said that it ended. */
  readonly endedMs: number | undefined;
  readonly workers: readonly Worker[];
}

/** Checks a parsed team-state. `name` is what errors call it. Throws `INVALID_INPUT`. */
export function checkTeamState(value: unknown, name: string): TeamState {
  const fail = (field: string, what: string) => invalidInput(name, field, what);
  if (!isObject(value)) throw invalidInput(name, "", "is no JSON object (give a team-state)");
  const lead = value["lead"];
  if (!isObject(lead)) {
    throw fail("lead", `is ${isAbsent(lead) ? "missing" : "no object"} (give an object with the lead's sessionId)`);
  }
  return {
    leadSessionId: text(lead["sessionId"], "give the id of the lead's session", (what) => fail("lead.sessionId", what)),
    runDirectoryPath: text(value["runDirectoryPath"], "give the run's folder, relative to the project root", (what) =>
      fail("runDirectoryPath", what),
    ),
    teamName: teamNameOf(value["team"], fail),
    endedMs: endOf(value["runEndedAt"], fail),
    workers: workersOf(value["workers"], fail),
  };
}

type Fail = (field: string, what: string) => Error;

function teamNameOf(team: unknown, fail: Fail): string | undefined {
  if (team === undefined || team === null) return undefined;
  if (!isObject(team)) throw fail("team", "is no object (give one with a teamName)");
  return text(team["teamName"], "leave team out if there is none", (what) => fail("team.teamName", what));
}

/** The last moment of the run: a date alone is all of its day, as it is for `--until`. */
function endOf(value: unknown, fail: Fail): number | undefined {
  const ms = instantOf(value, () => fail("runEndedAt", "is no time (give one such as 2026-06-10T11:00:00Z)"));
  return ms !== undefined && typeof value === "string" && DATE.test(value) ? ms + DAY_MS - 1 : ms;
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const DAY_MS = 86_400_000;

function workersOf(workers: unknown, fail: Fail): Worker[] {
  if (workers === undefined || workers === null) return [];
  if (!Array.isArray(workers)) throw fail("workers", "is no list (give one of objects with a workerId)");
  const seen = new Set<string>();
  return workers.map((worker: unknown, i) => {
    if (!isObject(worker)) throw fail(`workers[${i}]`, "is no object (give one with a workerId)");
    const field = `workers[${i}].workerId`;
    const workerId = text(worker["workerId"], "give each worker an id", (what) => fail(field, what));
    // Names of agents are compared without regard to case, so ids that differ in nothing else could not be told apart.
    if (seen.has(workerId.toLowerCase()))
      throw fail(field, `"${workerId}" is there twice (give each worker an id of its own)`);
    seen.add(workerId.toLowerCase());
    const agent = worker["agent"];
    return { workerId, agent: typeof agent === "string" ? agent : "" };
  });
}

function text(value: unknown, remedy: string, error: (what: string) => Error): string {
  if (isAbsent(value) || (typeof value === "string" && value.trim() === "")) throw error(`is missing (${remedy})`);
  if (typeof value !== "string") throw error(`is no text (${remedy})`);
  return value;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Milliseconds UTC of a time as JSON holds one; undefined where there is none. */
export function instantOf(value: unknown, error: () => Error): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const ms = typeof value === "number" ? epochToMs(value) : typeof value === "string" ? parseInstant(value) : NaN;
  if (Number.isNaN(ms)) throw error();
  return ms;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
