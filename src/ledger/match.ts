/** Session to task: the first that answers wins, and nothing is ever guessed. */
import type { Span, Timer } from "./timers.ts";
import type { Match, SessionEntry } from "./types.ts";

export interface Evidence {
  /** By session: the task that somebody said by hand. */
  readonly said: ReadonlyMap<string, string>;
  /** By task. */
  readonly timers: ReadonlyMap<string, Timer>;
  /** By session: tasks that an orchestrator dispatched to it. */
  readonly dispatched: ReadonlyMap<string, readonly string[]>;
}

/** What is asked of a session itself. */
type Matched = Pick<SessionEntry, "mentioned" | "first_at" | "last_at">;

const NOTHING = { also_mentioned: [], candidates: [] } as const;

export function matchSession(id: string, session: Matched, evidence: Evidence): Match {
  const said = evidence.said.get(id);
  if (said !== undefined) return { task_id: said, matched_by: "record", ...NOTHING };
  const timed = [...evidence.timers.values()]
    .filter(({ sessionIds }) => sessionIds.includes(id))
    .map(({ taskId }) => taskId);
  if (timed.length === 1) return { task_id: timed[0] as string, matched_by: "timers", ...NOTHING };
  const dispatched = evidence.dispatched.get(id) ?? [];
  if (dispatched.length === 1) return { task_id: dispatched[0] as string, matched_by: "dispatch_log", ...NOTHING };
  const [named, ...others] = session.mentioned;
  if (named !== undefined) return { task_id: named, matched_by: "content", also_mentioned: others, candidates: [] };
  // One session that several tasks claim: no claim answers, so all of them are told.
  const claims = [...new Set([...timed, ...dispatched])];
  const overlapping = claims.length > 0 ? claims : timersDuring(session, evidence);
  const [only] = overlapping;
  if (claims.length === 0 && overlapping.length === 1 && only !== undefined) {
    return { task_id: only, matched_by: "time", ...NOTHING };
  }
  return { task_id: null, matched_by: null, also_mentioned: [], candidates: overlapping };
}

/** Tasks whose timer ran for at least half of the session. */
function timersDuring({ first_at, last_at }: Matched, { timers }: Evidence): string[] {
  if (first_at === null || last_at === null) return [];
  const [first, last] = [Date.parse(first_at), Date.parse(last_at)];
  const isDuring = (spans: readonly Span[]) => {
    const overlapMs = sharedMs(spans, first, last);
    return overlapMs >= 0 && overlapMs * 2 >= last - first;
  };
  return [...timers.values()].filter(({ spans }) => isDuring(spans)).map(({ taskId }) => taskId);
}

/** How much of the time from `first` to `last` lies in spans, in milliseconds; -1: they do not touch it. Spans may overlap. */
function sharedMs(spans: readonly Span[], first: number, last: number): number {
  let sum = -1;
  let doneMs = first;
  for (const { startMs, endMs } of spans.toSorted((a, b) => a.startMs - b.startMs)) {
    if (startMs > last || endMs < first || endMs < startMs) continue;
    sum = Math.max(0, sum) + Math.max(0, Math.min(last, endMs) - Math.max(doneMs, startMs));
    doneMs = Math.max(doneMs, Math.min(last, endMs));
  }
  return sum;
}
