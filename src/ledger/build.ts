/** Sessions and what is said of tasks to a ledger. Pure: the same sessions give the same ledger. */
import { RESPONSE_IDS_VERSION } from "../tally/response-ids.ts";
import { compareText } from "../types.ts";
import { ESTIMATE } from "./cost.ts";
import { addFigures, sumOf } from "./figures.ts";
import { type Evidence, matchSession } from "./match.ts";
import type { Timer } from "./timers.ts";
import type { Ledger, LedgerSession, SessionEntry, Summary, TaskEntry } from "./types.ts";

const TOP_CONSUMERS = 5;

export function buildLedger(entries: ReadonlyMap<string, SessionEntry>, evidence: Evidence): Ledger {
  const sessions = new Map<string, LedgerSession>();
  const copies = new Map<string, SessionEntry>();
  const responseIds = new Map<string, string>();
  const copiedIds = new Map<string, Readonly<Record<string, string>>>();
  for (const id of [...entries.keys()].sort(compareText)) {
    const { response_ids, copied_ids, ...entry } = entries.get(id) as SessionEntry;
    if (copied_ids) copiedIds.set(id, copied_ids);
    if (entry.is_copy) {
      copies.set(id, entry);
      continue;
    }
    const session = { ...entry, ...matchSession(id, entry, evidence) };
    sessions.set(id, session);
    if (response_ids !== undefined) responseIds.set(id, response_ids);
  }
  return {
    schema_version: 1,
    note: `cost_estimate_usd: ${ESTIMATE}`,
    ...derive(sessions, evidence.timers),
    sessions: Object.fromEntries(sessions),
    ...(copies.size > 0 && { copies: Object.fromEntries(copies) }),
    response_ids: {
      version: RESPONSE_IDS_VERSION,
      sessions: Object.fromEntries(responseIds),
      ...(copiedIds.size > 0 && { copied: Object.fromEntries(copiedIds) }),
    },
  };
}

/** What a ledger's sessions, in the order of their ids, add up to. Throws `SUM_TOO_LARGE`. */
export function derive(
  sessions: ReadonlyMap<string, LedgerSession>,
  timers: ReadonlyMap<string, TimerOfTask>,
): Pick<Ledger, "tasks" | "unmatched_sessions" | "summary"> {
  const byTask = new Map<string, string[]>();
  for (const [id, { task_id: task }] of sessions) {
    if (task === null) continue;
    const members = byTask.get(task);
    if (members) members.push(id);
    else byTask.set(task, [id]);
  }
  const tasks = [...byTask]
    .sort(([a], [b]) => compareText(a, b))
    .map(([task, ids]) => [task, taskEntry(ids, sessions, timers.get(task))] as const);
  return {
    tasks: Object.fromEntries(tasks),
    unmatched_sessions: [...sessions]
      .filter(([, { task_id }]) => task_id === null)
      .map(([id, { project, total_tokens, last_at, candidates }]) => {
        return { session_id: id, project, total_tokens, timestamp: last_at, candidates };
      }),
    summary: summarize(tasks),
  };
}

/** What a timer says that sessions do not. */
type TimerOfTask = Pick<Timer, "teamId" | "durationSeconds">;

/** `ids` of one task's sessions. */
function taskEntry(
  ids: readonly string[],
  sessions: ReadonlyMap<string, LedgerSession>,
  timer: TimerOfTask | undefined,
): TaskEntry {
  const members = ids.map((id) => ({ id, session: sessions.get(id) as LedgerSession }));
  // Sessions without a time come last.
  members.sort((a, b) => compareText(a.session.first_at ?? "~", b.session.first_at ?? "~") || compareText(a.id, b.id));
  const own = members.map(({ session }) => session);
  const first = members[0] as (typeof members)[number];
  const figures = addFigures(own);
  const duration = timer?.durationSeconds ?? own.reduce((sum, { span_seconds }) => sum + span_seconds, 0);
  return {
    session_id: first.id,
    session_ids: members.map(({ id }) => id),
    team_id: timer?.teamId ?? own.find(({ team_id }) => team_id !== null)?.team_id ?? null,
    matched_by: first.session.matched_by as TaskEntry["matched_by"],
    also_mentioned: [...new Set(own.flatMap(({ also_mentioned }) => also_mentioned))],
    ...figures,
    cache_hit_ratio: figures.input_tokens === 0 ? 0 : figures.cache_read_tokens / figures.input_tokens,
    model: largestOf(figures.models),
    duration_seconds: duration,
    tokens_per_second: duration === 0 ? 0 : figures.total_tokens / duration,
    timestamp: own.reduce<string | null>(
      (last, { last_at }) => ((last_at ?? "") > (last ?? "") ? last_at : last),
      null,
    ),
    retained_session_ids: members.filter(({ session }) => session.retained).map(({ id }) => id),
  };
}

/** Not the first: in an object a name that is a number comes before all others. */
function largestOf(models: Readonly<Record<string, number>>): string | null {
  const [largest] = Object.entries(models).sort(([a, x], [b, y]) => y - x || compareText(a, b));
  return largest?.[0] ?? null;
}

function summarize(tasks: ReadonlyArray<readonly [string, TaskEntry]>): Summary {
  const total = sumOf(
    "total_tokens",
    tasks.map(([, { total_tokens }]) => total_tokens),
  );
  const sorted = tasks.toSorted(([a, x], [b, y]) => y.total_tokens - x.total_tokens || compareText(a, b));
  return {
    total_tokens: total,
    total_tasks: tasks.length,
    avg_tokens_per_task: tasks.length === 0 ? 0 : total / tasks.length,
    top_consumers: sorted.slice(0, TOP_CONSUMERS).map(([id]) => id),
  };
}
