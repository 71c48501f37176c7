/** Token counts as sources hand them over. */
import { AMOUNTS, type UsageNumbers } from "../events.ts";

export function noUsage(): UsageNumbers {
  return {
    input: 0,
    output: 0,
    reasoning: 0,
    cacheCreation5m: 0,
    cacheCreation1h: 0,
    cacheRead: 0,
    webSearches: 0,
    recordedCost: 0,
    terms: 0,
  };
}

/** Whether anything was used. */
export function hasAmounts(usage: UsageNumbers): boolean {
  return (Object.keys(AMOUNTS) as Array<keyof typeof AMOUNTS>).some((name) => usage[name] > 0);
}
