import type { FlagName } from "../config/flags.ts";

/** Flags that only `tokensift run` has: how they are written, and what they do. */
export const RUN_FLAGS = [
  ["--project-root <folder>", "the project (default: the folder above the file that makes its runDirectoryPath right)"],
  ["--write", "write the figures into the team-state file; whatever else is in it keeps its bytes"],
  ["--summary", "say below the table what each figure means"],
  ["--substitute-data <file>", "write the figures into the run's report data, and into the .md beside it"],
  ["--watch", "print the totals again whenever they change, until the run has ended"],
  ["--interval <seconds>", "with --watch: how long to wait between two looks (default: 2)"],
] as const;

/** Those that it shares with others. */
export const RUN_SHARED_FLAGS = [
  "cost",
  "prices",
  "since",
  "until",
  "json",
  "stats",
  "quiet",
  "progress",
  "color",
  "threads",
  "cache",
  "cacheDir",
] as const satisfies readonly FlagName[];
