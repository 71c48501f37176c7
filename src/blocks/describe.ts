/** Hours to blocks. */
import { groupBy } from "../tally/group-by.ts";
import type { Row, ScanResult, SourceName } from "../types.ts";
import type { Window } from "../window.ts";
import { hourMs, isRunning, startOf, type Starts } from "./chain.ts";
import { BLOCK_DEFINITIONS } from "./definitions.ts";
import { gapsOf } from "./gaps.ts";
import { percentOf, ratesOf } from "./rate.ts";
import { sumOf } from "./sum.ts";
import { type Block, BLOCK_MS, type BlockFigures, type BlocksReport, type TokenLimit } from "./types.ts";

/** What is asked about, by hour in UTC. */
export interface Hours {
  /** With source and model. */
  readonly rows: readonly Row[];
  readonly starts: Starts;
  readonly window: Window;
}

export interface Choice {
  readonly show: "all" | "recent" | "active";
  readonly tokenLimit: number | "max" | undefined;
  readonly breakdown: boolean;
  readonly nowMs: number;
}

/** A block before it is described. */
interface Draft {
  readonly source: SourceName;
  /** Infinity: of responses without a time. */
  readonly startMs: number;
  readonly rows: readonly Row[];
  readonly figures: BlockFigures;
}

const RECENT_MS = 3 * 24 * 3_600_000;

export function describe(result: ScanResult, hours: Hours, choice: Choice): BlocksReport {
  const { nowMs, show } = choice;
  const drafts = draftsOf(hours, nowMs, result.costBasis !== null);
  const tokenLimit = limitOf(choice.tokenLimit, drafts, nowMs);
  const blocks = drafts.map((draft) => ({ draft, block: blockOf(draft, hours.window, tokenLimit, choice, result) }));
  const isRecent = ({ startMs }: Draft) => Number.isFinite(startMs) && startMs >= nowMs - RECENT_MS;
  const shown = blocks.filter(({ draft, block }) => {
    return show === "all" || block.isActive || (show === "recent" && isRecent(draft));
  });
  const { schemaVersion, tool, window, totals, costBasis, stats, diagnostics } = result;
  return {
    schemaVersion,
    tool,
    window,
    asOf: iso(nowMs),
    blocks: shown.map(({ block }) => block),
    blocksOmitted: blocks.length - shown.length,
    gaps: gapsOf(
      shown.map(({ draft }) => draft),
      hours.starts,
    ),
    totals,
    tokenLimit,
    definitions: BLOCK_DEFINITIONS,
    costBasis,
    stats,
    diagnostics,
  };
}

/** Blocks with figures, and those that are running, in order of time. */
function draftsOf({ rows: told, starts, window }: Hours, nowMs: number, hasCosts: boolean): Draft[] {
  const drafts = [...groupBy(told, sourceOf)].flatMap(([source, ofSource]) => {
    const startsMs = starts.get(source) ?? [];
    const byStart = groupBy(ofSource, ({ key }) => startOf(hourMs(key.hour as string), startsMs) ?? Infinity);
    return [...byStart].map(([startMs, rows]): Draft => ({
      source,
      startMs,
      rows,
      figures: sumOf(rows, startMs, hasCosts),
    }));
  });
  for (const [source, startsMs] of starts) {
    const startMs = startsMs.findLast((ms) => isRunning(ms, nowMs));
    if (startMs === undefined || window.untilMs < startMs || window.sinceMs >= startMs + BLOCK_MS) continue;
    if (drafts.some((draft) => draft.source === source && draft.startMs === startMs)) continue;
    drafts.push({ source, startMs, rows: [], figures: sumOf([], startMs, hasCosts) });
  }
  return drafts.sort((a, b) => {
    if (a.startMs !== b.startMs) return a.startMs < b.startMs ? -1 : 1;
    return a.source < b.source ? -1 : 1;
  });
}

function blockOf(
  { source, startMs, rows, figures }: Draft,
  { sinceMs, untilMs }: Window,
  limit: TokenLimit | null,
  { nowMs, breakdown }: Choice,
  { costBasis }: ScanResult,
): Block {
  const hasTime = Number.isFinite(startMs);
  const endMs = startMs + BLOCK_MS;
  const isActive = isRunning(startMs, nowMs);
  const limitPercentOf = (tokens: number) => (limit ? percentOf(tokens, limit.tokens) : null);
  const models = [...groupBy(rows, ({ key }) => key.model as string)]
    .map(([model, some]) => ({ model, ...sumOf(some, startMs, costBasis !== null) }))
    .sort((a, b) => b.totalTokens - a.totalTokens || (a.model < b.model ? -1 : 1));
  return {
    source,
    startAt: hasTime ? iso(startMs) : null,
    endAt: hasTime ? iso(endMs) : null,
    isActive,
    isCut: hasTime && (startMs < sinceMs || endMs - 1 > untilMs),
    models: models.map(({ model }) => model),
    ...figures,
    ...(breakdown && { breakdown: models }),
    ...(isActive ? ratesOf(figures, startMs, nowMs, limitPercentOf) : { burnRate: null, projection: null }),
    limitPercent: limitPercentOf(figures.totalTokens),
  };
}

function limitOf(asked: Choice["tokenLimit"], drafts: readonly Draft[], nowMs: number): TokenLimit | null {
  if (asked === undefined) return null;
  if (asked !== "max") return { tokens: asked, from: "given" };
  const over = drafts.filter(({ startMs }) => startMs + BLOCK_MS <= nowMs);
  const tokens = over.reduce((most, { figures }) => Math.max(most, figures.totalTokens), 0);
  return tokens > 0 ? { tokens, from: "max" } : null;
}

function sourceOf({ key }: Row): SourceName {
  return key.source as SourceName;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
