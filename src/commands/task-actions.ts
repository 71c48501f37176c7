/** Apart from what they do, so that a run that does none of them does not load it. */
import type { FlagName } from "../config/flags.ts";

export const TASK_ACTIONS = ["scan", "get", "summary", "anomaly", "enrich", "report", "record"] as const;

export const HOOK_FLAGS: readonly FlagName[] = [
  "ledger",
  "timers",
  "dispatchLog",
  "taskPattern",
  "cost",
  "prices",
  "quiet",
  "maxLine",
  "cache",
  "cacheDir",
  "strict",
];

export const SERVE_FLAGS: readonly FlagName[] = [
  "port",
  "host",
  "token",
  "ledger",
  "timers",
  "dispatchLog",
  "taskPattern",
  "threshold",
  "minTasks",
  "project",
  "cost",
  "prices",
  "quiet",
  "threads",
  "maxLine",
  "cache",
  "cacheDir",
];

export const TASKS_FLAGS: readonly FlagName[] = [
  "ledger",
  "timers",
  "dispatchLog",
  "taskPattern",
  "task",
  "session",
  "refresh",
  "threshold",
  "minTasks",
  "insert",
  "lang",
  "project",
  "cost",
  "prices",
  "format",
  "json",
  "quiet",
  "progress",
  "threads",
  "maxLine",
  "cache",
  "cacheDir",
  "strict",
  "fail",
];

/** Tasks are no rows of figures. */
export const TASKS_FORMATS = ["table", "json", "md"] as const;
export const TASKS_ABOUTS = {
  format: `${TASKS_FORMATS.join(", ")} (default: table)`,
  task: "for get, report and record: which task",
  session: "for record: which session",
} as const;
