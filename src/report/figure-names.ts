/** The figures, in the order in which every report has them. */
import type { Figures } from "../types.ts";

const NAMES: Readonly<Record<keyof Figures, true>> = {
  inputTokens: true,
  outputTokens: true,
  reasoningTokens: true,
  cacheCreationTokens: true,
  cacheCreation5mTokens: true,
  cacheCreation1hTokens: true,
  cacheReadTokens: true,
  totalTokens: true,
  responses: true,
  toolUses: true,
  webSearches: true,
  costUsd: true,
  firstAt: true,
  lastAt: true,
  durationMs: true,
  billableEquivalentTokens: true,
  costIsPartial: true,
};

export const FIGURE_NAMES = Object.keys(NAMES) as Array<keyof Figures>;
