import { type FlagName, SCAN_FLAG_NAMES } from "../config/flags.ts";
import { EXPORT_FORMATS } from "../export/formats.ts";

/** Of `scan`, what is about its rows and their look, or about totals. */
const OF_SCAN_ALONE: readonly FlagName[] = [
  "by",
  "breakdown",
  "sort",
  "top",
  "count",
  "startOfWeek",
  "json",
  "metrics",
  "color",
  "demo",
  "orDemo",
  "failOverUsd",
  "failOverTokens",
];

/** What `tokensift export` is asked with; apart from what it does, so that other runs do not load that. */
export const EXPORT_FLAGS = SCAN_FLAG_NAMES.filter((name) => !OF_SCAN_ALONE.includes(name));

export const EXPORT_ABOUTS = { format: `${EXPORT_FORMATS.join(" or ")} (default: csv)` } as const;
