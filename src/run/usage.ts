/** Usage blocks: what the lead, a worker, or those nobody could name consumed. */
import { sumTooLarge } from "../errors.ts";
import type { Row } from "../types.ts";
import { addUp } from "./consumption.ts";
import type { Unit } from "./members.ts";
import { billableTokens, billableTwentieths, costNanoUsd, sumUsd, unpricedModels } from "./price.ts";

/** What was consumed. `totalTokens` is input + output + cache creation: cache reads are beside it, and in the cost. */
export interface UsageBlock {
  readonly source: "claude-jsonl";
  /** Of the earliest session; an agent id where the worker ran inside the lead's process. */
  readonly sessionId: string;
  /** Of the others, in the order in which they started. */
  readonly additionalSessionIds: readonly string[];
  readonly totalTokens: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheCreationTokens: number;
  readonly cacheCreation5mTokens: number;
  readonly cacheCreation1hTokens: number;
  readonly cacheReadTokens: number;
  /** In units of the base input price. */
  readonly billableEquivalentTokens: number;
  /** Null: not known, in whole or in part. */
  readonly estimatedCostUsd: number | null;
  readonly toolUses: number;
  /** Last minus first record in the window, per session, added up. */
  readonly durationMs: number;
  /** ISO instants; null: no record with a time is in the window. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Of the earliest session; null: it has none. */
  readonly agentName: string | null;
  /** The one with most total tokens; null: no response is in the window. */
  readonly model: string | null;
  readonly collectedAt: string;
}

/** There is nothing to say, and why. */
export interface NoUsage {
  readonly source: "unavailable";
  readonly note: string;
}

/** Some units with their figures, in the order in which they started. */
export interface Share {
  readonly units: readonly Unit[];
  readonly rows: readonly Row[];
  readonly totalTokens: number;
  readonly twentieths: bigint;
  /** Undefined where it is not known. */
  readonly costsNanoUsd: ReadonlyArray<number | undefined>;
  readonly unpricedModels: readonly string[];
}

export interface CountedUnit {
  readonly unit: Unit;
  readonly row: Row | undefined;
  /** Of its first record, in or out of the window, in ms. */
  readonly firstMs: number;
}

/** Without `knowsCosts` not even that of nothing is known. */
export function shareOf(counted: readonly CountedUnit[], knowsCosts: boolean): Share {
  const startOf = ({ row, firstMs }: CountedUnit) => (row?.firstAt ? Date.parse(row.firstAt) : firstMs);
  const sorted = counted.toSorted((a, b) => {
    if (a.unit.isNamedLead !== b.unit.isNamedLead) return a.unit.isNamedLead ? -1 : 1;
    const [first, second] = [startOf(a), startOf(b)];
    if (first !== second) return first < second ? -1 : 1;
    return a.unit.id < b.unit.id ? -1 : 1;
  });
  const rows = sorted.flatMap(({ row }) => row ?? []);
  const { inputTokens, outputTokens, cacheCreationTokens } = addUp(rows);
  const totalTokens = inputTokens + outputTokens + cacheCreationTokens;
  if (!Number.isSafeInteger(totalTokens)) throw sumTooLarge("totalTokens");
  return {
    units: sorted.map(({ unit }) => unit),
    rows,
    totalTokens,
    twentieths: rows.reduce((sum, row) => sum + billableTwentieths(row), 0n),
    costsNanoUsd: knowsCosts ? rows.map(costNanoUsd) : [undefined],
    unpricedModels: rows.flatMap(unpricedModels),
  };
}

export function usageBlock(share: Share, collectedAt: string): UsageBlock {
  const [first, ...others] = share.units;
  return {
    source: "claude-jsonl",
    sessionId: first?.id ?? "",
    additionalSessionIds: others.map(({ id }) => id),
    ...usageFigures(share),
    agentName: first?.agentName || null,
    model: mainModel(share.rows),
    collectedAt,
  };
}

/** The part of a usage block that adds up. */
export type UsageFigures = Omit<
  UsageBlock,
  "source" | "sessionId" | "additionalSessionIds" | "agentName" | "model" | "collectedAt"
>;

export function usageFigures(share: Share): UsageFigures {
  const sum = addUp(share.rows);
  return {
    totalTokens: share.totalTokens,
    inputTokens: sum.inputTokens,
    outputTokens: sum.outputTokens,
    cacheCreationTokens: sum.cacheCreationTokens,
    cacheCreation5mTokens: sum.cacheCreation5mTokens,
    cacheCreation1hTokens: sum.cacheCreation1hTokens,
    cacheReadTokens: sum.cacheReadTokens,
    billableEquivalentTokens: billableTokens(share.twentieths),
    estimatedCostUsd: sumUsd(share.costsNanoUsd),
    toolUses: sum.toolUses,
    durationMs: sum.durationMs,
    startedAt: sum.startedAt,
    endedAt: sum.endedAt,
  };
}

/** The model with most total tokens, by name where several have as many. */
export function mainModel(rows: readonly Row[]): string | null {
  const totals = new Map<string, number>();
  for (const { models = [] } of rows) {
    for (const { key, inputTokens, outputTokens, cacheCreationTokens, responses } of models) {
      const tokens = inputTokens + outputTokens + cacheCreationTokens;
      const model = key.model ?? "unknown";
      if (tokens > 0 || responses > 0) totals.set(model, (totals.get(model) ?? 0) + tokens);
    }
  }
  const sorted = [...totals].sort(([a, tokensA], [b, tokensB]) => tokensB - tokensA || (a < b ? -1 : 1));
  return sorted[0]?.[0] ?? null;
}
