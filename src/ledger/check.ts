/** Whether what stands in a ledger file is a ledger. What is not exactly one is damaged, and rebuilt. */
import { isDeepStrictEqual } from "node:util";
import { isObject } from "../json.ts";
import { compareText } from "../types.ts";
import { derive } from "./build.ts";
import { COUNTS } from "./figures.ts";
import { areEncodedIds } from "./response-ids.ts";
import { type Ledger, type LedgerSession, MATCHES } from "./types.ts";

export const SCHEMA_VERSION = 1;

/** The schema version of some JSON; undefined: it is no ledger of any version. */
export function versionOf(value: unknown): number | undefined {
  const version = isObject(value) ? value["schema_version"] : undefined;
  return Number.isSafeInteger(version) ? (version as number) : undefined;
}

/** Whether it is one with sound sessions, of which all else can be added up. */
export function hasSoundSessions(value: unknown): value is Ledger {
  if (!isObject(value) || value["schema_version"] !== SCHEMA_VERSION) return false;
  const { tasks, summary, sessions, unmatched_sessions: unmatched, copies, response_ids: ids } = value;
  return (
    isObject(tasks) &&
    isObject(summary) &&
    Array.isArray(unmatched) &&
    isObject(sessions) &&
    Object.values(sessions).every(isSession) &&
    (copies === undefined || (isObject(copies) && Object.values(copies).every(isCopy))) &&
    (ids === undefined || areResponseIds(ids))
  );
}

/**
 * Whether tasks, summary and sessions without a task are what the sessions add up to: somebody may have edited one of
 * them. Only what timers said is taken as it stands. What a later version has beside all that has to be optional here,
 * or it takes ledgers of this one for damaged.
 */
export function addsUp({ tasks, sessions, summary, unmatched_sessions: unmatched }: Ledger): boolean {
  const inOrder = Object.entries(sessions).sort(([a], [b]) => compareText(a, b));
  const timers = Object.entries(tasks).map(([id, task]) => {
    const { team_id: team, duration_seconds: seconds } = task ?? {};
    return [
      id,
      { teamId: typeof team === "string" ? team : undefined, durationSeconds: isAmount(seconds) ? seconds : undefined },
    ] as const;
  });
  try {
    const derived = derive(new Map(inOrder), new Map(timers));
    return isDeepStrictEqual({ tasks, summary, unmatched_sessions: unmatched }, derived);
  } catch {
    // Nothing that was ever added up.
    return false;
  }
}

const SESSION_COUNTS = [...COUNTS, "subagents", "subagent_depth", "transcript_bytes"] as const;

/** Everything that a ledger is built from again is looked at, and that it adds up. */
function isSession(value: unknown): value is LedgerSession {
  if (!isObject(value)) return false;
  const session = value as { [Name in keyof LedgerSession]?: unknown };
  if (!SESSION_COUNTS.every((name) => isCount(session[name]))) return false;
  const { input_tokens, output_tokens, total_tokens, cache_tokens, cache_creation_tokens, cache_read_tokens } =
    value as unknown as LedgerSession;
  return (
    input_tokens + output_tokens === total_tokens &&
    cache_creation_tokens + cache_read_tokens === cache_tokens &&
    cache_tokens <= input_tokens &&
    isObject(session.models) &&
    Object.values(session.models).every(isCount) &&
    typeof session.project === "string" &&
    isTextOrNull(session.team_id) &&
    isTextOrNull(session.agent_name) &&
    isTextOrNull(session.task_id) &&
    (session.task_id === null) === (session.matched_by === null) &&
    (session.matched_by === null || MATCHES.some((name) => name === session.matched_by)) &&
    areTexts(session.mentioned) &&
    areTexts(session.also_mentioned) &&
    areTexts(session.candidates) &&
    isTimeOrNull(session.first_at) &&
    isTimeOrNull(session.last_at) &&
    isTimeOrNull(session.scanned_at) &&
    isAmount(session.span_seconds) &&
    (session.cost_estimate_usd === null || isAmount(session.cost_estimate_usd)) &&
    typeof session.cost_is_partial === "boolean" &&
    (session.held_back === undefined || areFigures(session.held_back))
  );
}

function isCopy(value: unknown): boolean {
  const isNothing = isObject(value) && value["is_copy"] === true && value["total_tokens"] === 0;
  return isNothing && isSession({ ...value, task_id: null, matched_by: null, also_mentioned: [], candidates: [] });
}

function areResponseIds(value: unknown): boolean {
  if (!isObject(value) || !isCount(value["version"]) || !isObject(value["sessions"])) return false;
  const { copied = {} } = value;
  return (
    Object.values(value["sessions"]).every(areEncodedIds) &&
    isObject(copied) &&
    Object.values(copied).every((some) => isObject(some) && Object.values(some).every(areEncodedIds))
  );
}

function areFigures(value: unknown): boolean {
  if (!isObject(value) || !isObject(value["models"])) return false;
  return [...COUNTS.map((name) => value[name]), ...Object.values(value["models"])].every(isCount);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function isTimeOrNull(value: unknown): boolean {
  return value === null || (typeof value === "string" && !Number.isNaN(Date.parse(value)));
}
