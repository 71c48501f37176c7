import type { FlagName } from "../config/flags.ts";

/** What `tokensift statusline` is asked with: where and how to read, and prices. Sessions and today are whole. */
export const STATUSLINE_FLAGS = [
  "cost",
  "prices",
  "timezone",
  "quiet",
  "color",
  "threads",
  "maxLine",
  "cache",
  "cacheDir",
] as const satisfies readonly FlagName[];
