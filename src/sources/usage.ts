import type { UsageNumbers } from "../events.ts";

export function noUsage(): UsageNumbers {
  return { input: 0, output: 0, reasoning: 0, cacheCreation5m: 0, cacheCreation1h: 0, cacheRead: 0, webSearches: 0 };
}
