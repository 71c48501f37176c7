/** Flags of `tasks`, `hook` and `serve`. */
import { type Flag, listFlag, switchFlag, textFlag } from "./flag.ts";
import { numberAbove, oneOf, parseText, wholeNumber } from "./values.ts";

const LANGUAGES = ["en", "ko"] as const;
/** Files are named on the command line, or by whoever starts the program, but not by a config file, which may be somebody else's. */
const namedHere = { isPerRun: true, hasVariable: true } as const;

export const TASK_FLAGS = {
  ledger: textFlag(
    "Tasks",
    "--ledger <file>",
    "the ledger, then of all projects (default: this project's, in the user's data folder)",
    parseText,
    namedHere,
  ),
  timers: textFlag(
    "Tasks",
    "--timers <file>",
    "what the orchestrator timed (default: task-timers.json here, if there is one)",
    parseText,
    namedHere,
  ),
  dispatchLog: textFlag(
    "Tasks",
    "--dispatch-log <file>",
    "JSON or JSONL of task_id and session_id: which session got which task",
    parseText,
    namedHere,
  ),
  taskPattern: textFlag(
    "Tasks",
    "--task-pattern <regex>",
    String.raw`what names a task in a session's first messages (default: task-\d+(?:\.\d+)*)`,
    parseText,
    { hasVariable: true },
  ),
  refresh: switchFlag("Tasks", "--refresh", "scan first"),
  task: listFlag("Tasks", "--task <id>", "only this task; of scan also a pattern, may be repeated", parseText, {
    isPerRun: true,
  }),
  threshold: textFlag(
    "Tasks",
    "--threshold <times>",
    "what stands out is at least so many times the mean of the others (default: 2)",
    numberAbove(1),
  ),
  minTasks: textFlag("Tasks", "--min-tasks <n>", "fewer are too few to judge (default: 5)", wholeNumber(3, 1_000_000)),
  insert: textFlag("Tasks", "--insert <file>", "put the section into this report instead of on stdout", parseText, {
    isPerRun: true,
  }),
  lang: textFlag("Tasks", "--lang <language>", "of the report: en or ko (default: en)", oneOf(LANGUAGES, "language"), {
    choices: LANGUAGES,
    hasVariable: true,
  }),
  host: textFlag("Server", "--host <address>", "listen there (default: 127.0.0.1); any other wants --token", parseText),
  port: textFlag("Server", "--port <n>", "listen there; 0 takes a free one (default: 4777)", wholeNumber(0, 65_535), {
    hasVariable: true,
  }),
  token: textFlag("Server", "--token <secret>", "asked of every client as Authorization: Bearer", parseText, namedHere),
  fail: switchFlag("Exit code", "--fail", "exit 1 when there are anomalies"),
} as const satisfies Record<string, Flag<unknown>>;

/** Those of `scan` too: which task a session belongs to. */
export const SCAN_TASK_FLAGS = ["task", "taskPattern", "ledger", "timers", "dispatchLog"] as const;
