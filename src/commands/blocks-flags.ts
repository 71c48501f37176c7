import { type FlagName, SCAN_FLAG_NAMES } from "../config/flags.ts";

/** Flags that only `tokensift blocks` has: how they are written, and what they do. */
export const BLOCKS_FLAGS = [
  ["--active", "only the block that is running: what it holds, how fast, where that leads"],
  ["--recent", "only the blocks of the last three days, and the one that is running"],
  [
    "--token-limit <n>",
    "show each block's share of so many tokens: 500k, 1.5M, or max for those of the largest block that is over",
  ],
] as const;

/** What a scan is asked and blocks are not: their rows are the blocks, in order of time. */
const NOT_OF_BLOCKS: readonly FlagName[] = ["by", "sort", "top", "startOfWeek", "format", "metrics", "orDemo"];

export const BLOCKS_SHARED_FLAGS = SCAN_FLAG_NAMES.filter((name) => !NOT_OF_BLOCKS.includes(name));

/** What is another thing here. */
export const BLOCKS_ABOUTS: Readonly<Partial<Record<FlagName, string>>> = {
  source: "blocks of these agents, each by itself; several with commas (default: claude)",
};
