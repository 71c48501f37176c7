/** What a run consumed altogether, and what has to be said beside it. */
import { sumTooLarge } from "../errors.ts";
import { SKIPPED_LISTED } from "../events.ts";
import { compareText, type CostBasis, type SkippedLine, type SkipReason, type UnreadableFile } from "../types.ts";
import type { Window } from "../window.ts";
import type { CliSession, CliUsage, UnassignedCliSession } from "./cli-sessions.ts";
import type { Consumption } from "./consumption.ts";
import { DEFINITIONS } from "./definitions.ts";
import { billableTokens, sumUsd } from "./price.ts";
import type { Shares } from "./shares.ts";
import { type Share, type UsageBlock, usageBlock } from "./usage.ts";

export interface RunSummary {
  readonly collectedAt: string;
  /** ISO instants, both inclusive; null is open. */
  readonly window: { readonly since: string | null; readonly until: string | null };
  readonly teamName: string | null;
  /** Sessions, and workers inside the lead's process. */
  readonly sessionsFound: number;
  readonly leadTotalTokens: number;
  /** Of all workers and of the sessions nobody could be named for. */
  readonly workerTotalTokens: number;
  readonly runTotalTokens: number;
  readonly leadBillableTokens: number;
  readonly workerBillableTokens: number;
  readonly runBillableTokens: number;
  readonly leadEstimatedCostUsd: number | null;
  readonly workerEstimatedCostUsd: number | null;
  readonly runEstimatedCostUsd: number | null;
  /** Beside the run's own cost, never in it; null: no CLI session was found, or its cost is not known. */
  readonly cliEstimatedCostUsd: number | null;
  /** Where costs are from; null: they were not asked for. */
  readonly costBasis: CostBasis | null;
  readonly unmatchedModels: readonly string[];
  readonly unattributedTeamSessions: readonly string[];
  readonly unattributedWorkerUsage:
    | (UsageBlock & { readonly sessionIds: readonly string[]; readonly note: string })
    | null;
  readonly definitions: Readonly<Record<string, string>>;
  readonly diagnostics: RunDiagnostics;
}

export interface RunDiagnostics {
  readonly notes: readonly string[];
  /** Lines of the run's transcripts, those of its CLI sessions too, that are not in the figures, by reason; `pending` is no damage. */
  readonly skipped: Consumption["skipped"];
  /** The first 100 of them, in path and line order. */
  readonly skippedLines: readonly SkippedLine[];
  /** Of the project's folders, and of the CLI agents' where a worker wraps one: they may be the run's. */
  readonly unreadable: readonly UnreadableFile[];
  readonly responsesWithoutTime: number;
  readonly lowOutputResponses: Readonly<Record<string, number>>;
  /** CLI sessions that began in the sessions of several workers. */
  readonly unassignedCliSessions: readonly UnassignedCliSession[];
}

export interface Summarized {
  readonly collectedAt: string;
  readonly window: Window;
  readonly teamName: string | null;
  readonly shares: Shares;
  readonly cliUsages: readonly CliUsage[];
  /** That began in a worker's session. */
  readonly cliSessions: readonly CliSession[];
  readonly unassignedCliSessions: readonly UnassignedCliSession[];
  readonly notes: readonly string[];
  readonly consumption: Consumption;
  readonly unreadable: readonly UnreadableFile[];
}

export function summarize(run: Summarized): RunSummary {
  const { shares, consumption } = run;
  const { lead, workers, unattributed } = shares;
  const pool = [...workers, unattributed];
  const all = [lead, ...pool];
  const total = (shares: readonly Share[]) => safe(shares.reduce((sum, { totalTokens }) => sum + totalTokens, 0));
  const billable = (shares: readonly Share[]) =>
    billableTokens(shares.reduce((sum, { twentieths }) => sum + twentieths, 0n));
  const cost = (shares: readonly Share[]) => sumUsd(shares.flatMap(({ costsNanoUsd }) => costsNanoUsd));
  const isoOf = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : null);
  const unattributedIds = unattributed.units.map(({ id }) => id);
  return {
    collectedAt: run.collectedAt,
    window: { since: isoOf(run.window.sinceMs), until: isoOf(run.window.untilMs) },
    teamName: run.teamName,
    sessionsFound: all.reduce((count, { units }) => count + units.length, 0),
    leadTotalTokens: total([lead]),
    workerTotalTokens: total(pool),
    runTotalTokens: total(all),
    leadBillableTokens: billable([lead]),
    workerBillableTokens: billable(pool),
    runBillableTokens: billable(all),
    leadEstimatedCostUsd: cost([lead]),
    workerEstimatedCostUsd: cost(pool),
    runEstimatedCostUsd: cost(all),
    cliEstimatedCostUsd: cliCost(run.cliUsages),
    costBasis: consumption.costBasis,
    unmatchedModels: consumption.costBasis === null ? [] : unmatchedModels([...all, ...run.cliSessions]),
    unattributedTeamSessions: unattributedIds,
    unattributedWorkerUsage:
      unattributedIds.length === 0
        ? null
        : { ...usageBlock(unattributed, run.collectedAt), sessionIds: unattributedIds, note: UNATTRIBUTED },
    definitions: DEFINITIONS,
    diagnostics: {
      notes: run.notes,
      ...skippedOf(consumption, run.cliSessions),
      unreadable: run.unreadable.toSorted((a, b) => compareText(a.path, b.path)),
      responsesWithoutTime: consumption.responsesWithoutTime,
      lowOutputResponses: consumption.lowOutputResponses,
      unassignedCliSessions: run.unassignedCliSessions,
    },
  };
}

function unmatchedModels(some: ReadonlyArray<{ readonly unpricedModels?: readonly string[] | undefined }>): string[] {
  return [...new Set(some.flatMap(({ unpricedModels = [] }) => unpricedModels))].sort(compareText);
}

function skippedOf(consumption: Consumption, cliSessions: readonly CliSession[]) {
  const all = cliSessions.flatMap(({ skipped }) => skipped ?? []);
  const count = (reason: SkipReason) =>
    all.reduce((sum, { counts }) => sum + counts[reason], consumption.skipped[reason]);
  const lines = [...consumption.skippedLines, ...all.flatMap((one) => one.lines)];
  return {
    skipped: { malformed: count("malformed"), oversized: count("oversized"), pending: count("pending") },
    skippedLines: lines.sort((a, b) => compareText(a.path, b.path) || a.line - b.line).slice(0, SKIPPED_LISTED),
  };
}

const UNATTRIBUTED =
  "sessions of the run's team whose agent name is missing or fits no worker: spent by workers, so it is part of the worker totals";

/** In whole nano-dollars, so that nothing drifts. */
function cliCost(usages: readonly CliUsage[]): number | null {
  const costs = usages.flatMap(({ cliEstimatedCostUsd: usd }) => (usd === undefined ? [] : [usd]));
  if (costs.length === 0) return null;
  return sumUsd(costs.map((usd) => (usd === null ? undefined : Math.round(usd * 1e9))));
}

function safe(tokens: number): number {
  if (!Number.isSafeInteger(tokens)) throw sumTooLarge("totalTokens");
  return tokens;
}
