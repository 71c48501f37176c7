/** Cost, as far as a scan tells one: the only place that knows how figures name it. */
import type { Figures } from "../types.ts";

export const ESTIMATE = "estimate, not a bill";

/** Cost in US dollars; `usd` null: nothing could be priced. */
export interface Cost {
  readonly usd: number | null;
  readonly isPartial: boolean;
}

export function costOf({ costUsd, costIsPartial }: Figures): Cost {
  return { usd: costUsd, isPartial: costIsPartial };
}

/** Added up in whole nano-dollars, so that nothing drifts. What has tokens but no price makes the sum partial. */
export function addCosts(costs: ReadonlyArray<Cost & { readonly tokens: number }>): Cost {
  const priced = costs.filter(({ usd }) => usd !== null);
  if (priced.length === 0) return { usd: null, isPartial: false };
  const nanos = priced.reduce((sum, { usd }) => sum + Math.round((usd as number) * 1e9), 0);
  return {
    usd: nanos / 1e9,
    isPartial: costs.some(({ usd, isPartial, tokens }) => isPartial || (usd === null && tokens > 0)),
  };
}
