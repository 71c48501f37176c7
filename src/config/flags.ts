/** Every flag; `scan` has all that stand here, and some of those about tasks. Their names in camelCase are the keys of a config file. */
import { DEFAULT_BY, LARGEST_MAX_LINE_BYTES, MOST_THREADS } from "../options.ts";
import { COST_MODES } from "../cost-modes.ts";
import { DIMENSIONS, SORT_FIELDS, SOURCES } from "../types.ts";
import { WEEKDAYS } from "../calendar.ts";
import { type Flag, listFlag, namesFlag, switchFlag, textFlag } from "./flag.ts";
import { SCAN_TASK_FLAGS, TASK_FLAGS } from "./task-flags.ts";
import {
  oneOf,
  parseDimensions,
  parseDollars,
  parseSort,
  parseText,
  parseTokens,
  parseWeekday,
  size,
  someOf,
  wholeNumber,
} from "./values.ts";

const FORMATS = ["table", "json", "csv", "ndjson", "md"] as const;
export type Format = (typeof FORMATS)[number];

const COUNTS = ["responses", "records"] as const;

const setByVariable = { hasVariable: true } as const;
const onlyHere = { isPerRun: true } as const;

export const FLAGS = {
  by: textFlag(
    "Rows",
    "--by <dimensions>",
    `group by: ${DIMENSIONS.join(" ")}; several with commas (default: ${DEFAULT_BY.join(",")})`,
    parseDimensions,
    { choices: DIMENSIONS, ...setByVariable },
  ),
  breakdown: switchFlag("Rows", "--breakdown", "a row per model below each row"),
  sort: textFlag(
    "Rows",
    "--sort <figure>",
    "sort by a figure or by key, with :asc or :desc (default: time, then most tokens)",
    parseSort,
    { choices: SORT_FIELDS },
  ),
  top: textFlag("Rows", "--top <n>", "show the first n rows; the totals stay", wholeNumber(0, Number.MAX_SAFE_INTEGER)),
  count: textFlag(
    "Rows",
    "--count <what>",
    "responses: every API response once (default). records: every record with usage, as older collectors did",
    oneOf(COUNTS, "way to count"),
    { choices: COUNTS },
  ),

  cost: textFlag(
    "Rows",
    "--cost <where from>",
    "auto: what the transcript says, else list prices (default). calculate, recorded: only one of them. none",
    oneOf(COST_MODES, "source of costs"),
    { choices: COST_MODES, ...setByVariable },
  ),
  prices: textFlag(
    "Rows",
    "--prices <file>",
    "prices of your own, in dollars per million tokens, and discounts (JSON; see the README)",
    parseText,
    setByVariable,
  ),

  since: textFlag(
    "Time",
    "--since <time>",
    "from here on: 2026-06-01, 2026-06-01T14:30Z, 7d, 24h, today or yesterday",
    parseText,
    setByVariable,
  ),
  until: textFlag("Time", "--until <time>", "up to here; a date is its whole day", parseText, setByVariable),
  timezone: textFlag(
    "Time",
    "--timezone <zone>",
    "IANA name, such as Europe/Berlin (default: the system's)",
    parseText,
    setByVariable,
  ),
  startOfWeek: textFlag("Time", "--start-of-week <day>", "for --by week (default: monday)", parseWeekday, {
    choices: WEEKDAYS,
    ...setByVariable,
  }),

  source: namesFlag(
    "Filters",
    "--source <names>",
    `only these agents: ${SOURCES.join(" ")}; several with commas`,
    someOf(SOURCES, "known agent"),
    { choices: SOURCES, ...setByVariable },
  ),
  project: listFlag(
    "Filters",
    "--project <pattern>",
    "only these projects; * is any text, ? one character; may be repeated",
    parseText,
  ),
  session: listFlag("Filters", "--session <pattern>", "only these sessions", parseText),
  model: listFlag("Filters", "--model <pattern>", "only these models", parseText),
  agent: listFlag("Filters", "--agent <pattern>", "only these agents: main, subagent, or a name", parseText),
  team: listFlag("Filters", "--team <pattern>", "only these teams", parseText),

  format: textFlag("Output", "--format <format>", `${FORMATS.join(", ")} (default: table)`, oneOf(FORMATS, "format"), {
    choices: FORMATS,
    ...setByVariable,
  }),
  json: switchFlag("Output", "--json", "the same as --format json"),
  output: textFlag(
    "Output",
    "--output <file>",
    "write there instead of to stdout: all of it or nothing",
    parseText,
    onlyHere,
  ),
  metrics: textFlag(
    "Output",
    "--metrics <file>",
    "also write Prometheus metrics there, for the textfile collector",
    parseText,
    onlyHere,
  ),
  stats: switchFlag("Output", "--stats", "say on stderr what was read and where the time went"),
  quiet: switchFlag("Output", "--quiet", "nothing on stderr but what makes the run fail"),
  progress: switchFlag("Output", "--no-progress", "no progress on stderr"),
  color: switchFlag(
    "Output",
    "--color",
    "colour; --no-color: none (default: on a terminal; NO_COLOR and FORCE_COLOR count)",
  ),

  threads: textFlag(
    "Reading",
    "--threads <n>",
    "threads that scan; 0 starts none (default: the cores, or 0 when there is little to read)",
    wholeNumber(0, MOST_THREADS),
    setByVariable,
  ),
  maxLine: textFlag(
    "Reading",
    "--max-line <size>",
    "skip longer lines: 65536, 64KiB, 100MB (default: 256MiB, at most 512MiB)",
    size(LARGEST_MAX_LINE_BYTES),
    setByVariable,
  ),
  cache: switchFlag("Reading", "--no-cache", "read everything anew, and remember nothing of it"),
  cacheDir: textFlag(
    "Reading",
    "--cache-dir <folder>",
    "where to remember what has been read (default: the system's place for caches)",
    parseText,
    setByVariable,
  ),
  demo: switchFlag(
    "Reading",
    "--demo",
    "scan the bundled demo transcripts instead; their figures are invented",
    onlyHere,
  ),
  orDemo: switchFlag("Reading", "--or-demo", "the same where there are no transcripts", {
    isPerRun: true,
    isHidden: true,
  }),

  strict: switchFlag("Exit code", "--strict", "exit 1 when lines were skipped as damaged or files were unreadable"),
  failOverUsd: textFlag(
    "Exit code",
    "--fail-over-usd <n>",
    "exit 1 when the total cost is above n US dollars, or not known to be at most that: 25, 0.5",
    parseDollars,
  ),
  failOverTokens: textFlag(
    "Exit code",
    "--fail-over-tokens <n>",
    "exit 1 when the total is above n: 1500000, 200k, 1.5M",
    parseTokens,
  ),
  ...TASK_FLAGS,
} as const satisfies Record<string, Flag<unknown>>;

export type FlagName = keyof typeof FLAGS;
export const FLAG_NAMES = Object.keys(FLAGS) as FlagName[];
/** Those of `scan`. */
export const SCAN_FLAG_NAMES = FLAG_NAMES.filter(
  (name) => !(name in TASK_FLAGS) || (SCAN_TASK_FLAGS as readonly FlagName[]).includes(name),
);

/** `start-of-week` for `startOfWeek`. */
export function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
