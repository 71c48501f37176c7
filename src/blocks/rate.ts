/** How fast a block goes, and where that leads: plain arithmetic, as `definitions.ts` tells it. */
import { BLOCK_MS, type BlockFigures, type BurnRate, type Projection } from "./types.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface Rates {
  readonly burnRate: BurnRate | null;
  readonly projection: Projection | null;
}

/** Of the active block, `nowMs` being in it. */
export function ratesOf(
  { totalTokens, costUsd, firstAt, lastAt }: BlockFigures,
  startMs: number,
  nowMs: number,
  limitPercentOf: (tokens: number) => number | null,
): Rates {
  const spanMs = firstAt === null || lastAt === null ? 0 : Date.parse(lastAt) - Date.parse(firstAt);
  if (spanMs < MINUTE_MS) return { burnRate: null, projection: null };
  const remainingMs = startMs + BLOCK_MS - nowMs;
  const projected = totalTokens + Number((BigInt(totalTokens) * BigInt(remainingMs)) / BigInt(spanMs));
  return {
    burnRate: {
      tokensPerMinute: Math.round((totalTokens / spanMs) * MINUTE_MS),
      costUsdPerHour: costUsd === null ? null : (costUsd / spanMs) * HOUR_MS,
    },
    projection: Number.isSafeInteger(projected)
      ? {
          remainingMs,
          totalTokens: projected,
          costUsd: costUsd === null ? null : costUsd + (costUsd / spanMs) * remainingMs,
          limitPercent: limitPercentOf(projected),
        }
      : null,
  };
}

/** To a tenth. */
export function percentOf(tokens: number, limitTokens: number): number {
  return Math.round((tokens / limitTokens) * 1000) / 10;
}
