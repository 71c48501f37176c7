import type { FlagName } from "../config/flags.ts";

/** What `tokensift prices` is asked with; apart from what it does, so that other runs do not load that. */
export const PRICES_FLAGS = [
  "source",
  "since",
  "until",
  "timezone",
  "project",
  "session",
  "model",
  "agent",
  "team",
  "cost",
  "prices",
  "json",
  "quiet",
  "cache",
  "cacheDir",
] as const satisfies readonly FlagName[];
