/** Figures of which a total is the sum of its rows, to the last token. Money and weights are sums too, but not of doubles. */
import type { Figures } from "../src/types.ts";

export const ADDITIVE = [
  "inputTokens",
  "outputTokens",
  "reasoningTokens",
  "cacheCreationTokens",
  "cacheCreation5mTokens",
  "cacheCreation1hTokens",
  "cacheReadTokens",
  "totalTokens",
  "responses",
  "toolUses",
  "webSearches",
] as const satisfies ReadonlyArray<keyof Figures>;
