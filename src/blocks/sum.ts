/** Rows of a scan to one sum, exactly: money is added in whole nano-dollars. */
import { Sums } from "../tally/figures.ts";
import type { Figures, Row } from "../types.ts";
import { hourMs } from "./chain.ts";
import { BLOCK_MS, type BlockFigures } from "./types.ts";

/**
 * Rows by hour of the block that begins at `startMs`, or of what is in none (Infinity). Only hours within it say when it
 * was worked at. Without `hasCosts` nothing was priced. Throws `SUM_TOO_LARGE`.
 */
export function sumOf(rows: readonly Row[], startMs: number, hasCosts: boolean): BlockFigures {
  const sums = new Sums();
  for (const row of rows) {
    sums.input += row.inputTokens;
    sums.output += row.outputTokens;
    sums.reasoning += row.reasoningTokens;
    sums.cacheCreation5m += row.cacheCreation5mTokens;
    sums.cacheCreation1h += row.cacheCreation1hTokens;
    sums.cacheRead += row.cacheReadTokens;
    sums.webSearches += row.webSearches;
    sums.responses += row.responses;
    sums.toolUses += row.toolUses;
    addCost(sums, row);
    if (row.firstAt === null || row.lastAt === null || !isWithin(row, startMs)) continue;
    sums.addSpan(Date.parse(row.firstAt), Date.parse(row.lastAt));
  }
  const { durationMs: _, ...figures } = sums.toFigures(hasCosts);
  return figures;
}

function isWithin({ key }: Row, startMs: number): boolean {
  const ms = hourMs(key.hour as string);
  return startMs === Infinity || (ms >= startMs && ms < startMs + BLOCK_MS);
}

function addCost(sums: Sums, { costUsd, costIsPartial, responses }: Figures): void {
  if (costIsPartial) sums.addCost(undefined, 0);
  // A row of nothing but tool uses costs nothing, and says nothing of whether prices are known.
  if (costUsd === null || (costUsd === 0 && responses === 0)) return;
  const dollars = Math.trunc(costUsd);
  sums.addCost({ dollars, nanos: Math.round((costUsd - dollars) * 1e9) }, 0);
}
