/** Tasks whose shape stands out: what they did, not how much. */
import { exact } from "../report/numbers.ts";
import { judge, median } from "./signals.ts";
import type { Ledger, LedgerSession, TaskEntry } from "./types.ts";

/** Why a task's shape stands out. */
export interface StructureReason {
  readonly kind: "repeated_dispatch" | "fan_out" | "subagent_depth" | "retry_loop" | "cache_write_storm";
  readonly figures: Readonly<Record<string, number | string>>;
  readonly sentence: string;
  /** To be looked at. */
  readonly session_ids: readonly string[];
}

// Much by itself, beside standing out among the others as `judge` says: small numbers vary.
const FAN_OUT_LEAST = 8;
const DEPTH = { least: 3, aboveMedian: 2 } as const;
const RETRY = { responses: 50, timesMedian: 2, outputEach: 60 } as const;
const STORM = { creation: 200_000, hitsBelow: 0.4, othersHit: 0.6 } as const;

/** The tasks whose shape stands out, with why. */
export function structures({ tasks, sessions }: Ledger, threshold: number): Map<string, StructureReason[]> {
  const all = Object.entries(tasks).map(([id, task]): Shape => {
    const own = task.session_ids.map((session) => [session, sessions[session] as LedgerSession] as const);
    const subagents = own.reduce((sum, [, one]) => sum + one.subagents, 0);
    const depth = Math.max(0, ...own.map(([, one]) => one.subagent_depth));
    return { id, task, own, subagents, depth };
  });
  const isHigh = (of: (shape: Shape) => number) =>
    judge(all.map(of), threshold, false).map(({ is_anomaly }) => is_anomaly);
  const fans = isHigh(({ subagents }) => subagents);
  const retries = isHigh(({ task }) => responsesPerOutput(task));
  const storms = isHigh(({ task }) => task.cache_creation_tokens);
  const found = new Map<string, StructureReason[]>();
  for (const [i, shape] of all.entries()) {
    const others = all.filter((_, at) => at !== i);
    const among = (figure: (one: Shape) => number) => median(others.map(figure));
    const reasons = [
      ...repeatedDispatches(shape.own),
      fans[i]
        ? fanOut(
            shape,
            among(({ subagents }) => subagents),
          )
        : undefined,
      depthReason(
        shape,
        among(({ depth }) => depth),
      ),
      retries[i]
        ? retryLoop(
            shape,
            among(({ task }) => task.message_count),
            among(({ task }) => outputEach(task)),
          )
        : undefined,
      storms[i]
        ? storm(
            shape,
            among(({ task }) => task.cache_creation_tokens),
            among(({ task }) => task.cache_hit_ratio),
          )
        : undefined,
    ].filter((reason) => reason !== undefined);
    if (reasons.length > 0) found.set(shape.id, reasons);
  }
  return found;
}

interface Shape {
  readonly id: string;
  readonly task: TaskEntry;
  readonly own: Own;
  /** Transcripts of subagents, and how deep they were started. */
  readonly subagents: number;
  readonly depth: number;
}

type Own = ReadonlyArray<readonly [id: string, session: LedgerSession]>;

/** `codex-worker-002` is another dispatch of `codex-worker`. */
function workerOf(agentName: string): string {
  return agentName.toLowerCase().replace(/^(.+?-(?:worker|executor))(?:-[a-z0-9]+)+$/, "$1");
}

function repeatedDispatches(own: Own): StructureReason[] {
  const byWorker = new Map<string, string[]>();
  for (const [id, { agent_name }] of own) {
    if (agent_name === null) continue;
    const worker = workerOf(agent_name);
    byWorker.set(worker, [...(byWorker.get(worker) ?? []), id]);
  }
  return [...byWorker].flatMap(([worker, ids]): StructureReason[] => {
    if (ids.length < 2) return [];
    const sentence = `worker ${worker} was dispatched ${ids.length} times for this one task`;
    return [{ kind: "repeated_dispatch", figures: { worker, dispatches: ids.length }, sentence, session_ids: ids }];
  });
}

function fanOut({ own, subagents }: Shape, usual: number): StructureReason | undefined {
  if (subagents < FAN_OUT_LEAST) return undefined;
  return {
    kind: "fan_out",
    figures: { subagents, median_of_others: usual },
    sentence: `started ${exact(subagents)} subagents, where half of the other tasks start at most ${usual}`,
    session_ids: own.filter(([, session]) => session.subagents > 0).map(([id]) => id),
  };
}

function depthReason({ own, depth }: Shape, usual: number): StructureReason | undefined {
  if (depth < DEPTH.least || depth < usual + DEPTH.aboveMedian) return undefined;
  return {
    kind: "subagent_depth",
    figures: { subagent_depth: depth, median_of_others: usual },
    sentence: `its subagents started subagents ${depth} levels deep, where half of the other tasks stay within ${usual}`,
    session_ids: own.filter(([, { subagent_depth }]) => subagent_depth === depth).map(([id]) => id),
  };
}

function outputEach({ output_tokens, message_count }: TaskEntry): number {
  return message_count === 0 ? 0 : output_tokens / message_count;
}

/** Responses a million output tokens. */
function responsesPerOutput({ output_tokens, message_count }: TaskEntry): number {
  return (message_count * 1e6) / Math.max(1, output_tokens);
}

function retryLoop({ task }: Shape, usualCount: number, usualEach: number): StructureReason | undefined {
  const { message_count: responses, session_ids } = task;
  const each = outputEach(task);
  const isMany = responses >= RETRY.responses && responses >= RETRY.timesMedian * usualCount;
  if (!isMany || each > RETRY.outputEach) return undefined;
  const others = `others: ${exact(Math.round(usualCount))} with ${Math.round(usualEach)}`;
  return {
    kind: "retry_loop",
    figures: {
      message_count: responses,
      median_of_others: usualCount,
      output_tokens_each: each,
      median_output_tokens_each: usualEach,
    },
    sentence: `${exact(responses)} responses with ${Math.round(each)} output tokens each (${others}): it may have tried the same thing again and again`,
    session_ids,
  };
}

function storm({ task }: Shape, usualCreation: number, usualHits: number): StructureReason | undefined {
  const { cache_creation_tokens: creation, cache_hit_ratio: hits, session_ids } = task;
  if (creation < STORM.creation || hits >= STORM.hitsBelow || usualHits < STORM.othersHit) return undefined;
  const percent = (ratio: number) => `${Math.round(ratio * 100)} %`;
  return {
    kind: "cache_write_storm",
    figures: {
      cache_creation_tokens: creation,
      median_of_others: usualCreation,
      cache_hit_ratio: hits,
      median_cache_hit_ratio: usualHits,
    },
    sentence: `wrote ${exact(creation)} tokens to the cache and read only ${percent(hits)} of its input from it (others: ${percent(usualHits)}): the cache was written again and again`,
    session_ids,
  };
}
