import type { FlagName } from "../config/flags.ts";

/** What `tokensift prices` is asked with; apart from what it does, so that other runs do not load that. */
export const PRICES_FLAGS = [
  "sort",
  "top",
  "count",
  "cost",
  "prices",
  "since",
  "until",
  "timezone",
  "startOfWeek",
  "source",
  "project",
  "session",
  "model",
  "agent",
  "team",
  "json",
  "quiet",
  "progress",
  "threads",
  "cache",
  "cacheDir",
] as const satisfies readonly FlagName[];

/** What `tokensift prices` does beside listing rates. */
export const PRICES_ACTIONS = ["explain", "update"] as const;

/** What `tokensift prices explain` is asked with beside these. */
export const EXPLAIN_FLAGS = {
  by: ["--by <dimensions>", "explain row by row: day, model, project, … as scan --by has them (default: all together)"],
  row: [
    "--row <names>",
    "explain only the row of these names, with commas between as in --by; * is any text; may be repeated",
  ],
} as const;
