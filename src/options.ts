/** Every option of a scan: its default, unit and check. */
import { availableParallelism } from "node:os";
import { WEEKDAYS, type Weekday } from "./calendar.ts";
import { type Environment, thisEnvironment } from "./environment.ts";
import { invalidOption } from "./errors.ts";
import { COST_MODES, type CostMode } from "./cost-modes.ts";
import { checkKinds } from "./option-kinds.ts";
import { DEFAULT_TASK_PATTERN, TaskPattern } from "./sources/task-ids.ts";
import type { CountMode } from "./tally/groups.ts";
import type { TaskOf } from "./tally/tasks.ts";
import {
  DIMENSIONS,
  type Dimension,
  isSourceName,
  SORT_FIELDS,
  type SortField,
  SOURCES,
  type SourceName,
} from "./types.ts";

/** Patterns by dimension: `*` is any text, `?` one character, `[ab]` one of them, `{a,b}` either. A response needs one match in each. */
export type Filters = Partial<Record<"project" | "session" | "model" | "agent" | "team" | "task", readonly string[]>>;

export interface ScanOptions {
  /** Files and folders; default: where the agents keep their transcripts on this machine. */
  readonly paths?: readonly string[] | undefined;
  /** The agents whose transcripts are read. Default: all. */
  readonly sources?: readonly SourceName[] | undefined;
  /** Default `["source", "model"]`. */
  readonly by?: readonly Dimension[] | undefined;
  /** ISO date or instant, `7d`, `24h`, `today` or `yesterday`; a date is its whole day in the zone. Inclusive. Default: open. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** IANA name. Default: the system's. */
  readonly timezone?: string | undefined;
  /** Default `monday`. */
  readonly startOfWeek?: Weekday | undefined;
  readonly filters?: Filters | undefined;
  /** Default `responses`: every API response once. `records`: every record that carries usage. */
  readonly count?: CountMode | undefined;
  /**
   * Where costs are from. Default `auto`: what the transcript says where it is above 0, else list prices at the time of
   * use. `none`: costs are null.
   */
  readonly cost?: CostMode | undefined;
  /** A JSON file of prices of one's own (README, "Prices"). */
  readonly prices?: string | undefined;
  /** Whether each row and the result say what their cost is the sum of (`costLines`). Default false. */
  readonly explain?: boolean | undefined;
  /** A row per model below each row. Default false. */
  readonly breakdown?: boolean | undefined;
  /** A figure or `key`, with `:asc` or `:desc`. Default: time ascending, else most tokens first. */
  readonly sort?: string | undefined;
  /** Rows at most; the totals stay. Default: all. */
  readonly top?: number | undefined;
  /** Threads that scan at once; 0 is none but the caller's, 1 leaves the caller's free. Default: the cores, or 0 when there is little to read. */
  readonly threads?: number | undefined;
  /** Bytes a line may have. Default 256 MiB, at most 512 MiB. */
  readonly maxLineBytes?: number | undefined;
  /** Bytes of one read. Default 512 KiB, at least 16. */
  readonly chunkBytes?: number | undefined;
  /** Bytes of transcript that one thread takes on at once. Default: what shares the work well. */
  readonly rangeBytes?: number | undefined;
  /**
   * Without cursors: memory into which events may be merged while transcripts are still being read. What would go beyond it
   * waits in the threads' buffers until its size is known. Default 1 GiB.
   */
  readonly earlyMergeBytes?: number | undefined;
  /** Whether to read only what is new since the last scan, and to remember how far this one got. Default true. */
  readonly cache?: boolean | undefined;
  /** Where that is remembered. Default: `TOKENSIFT_CACHE_DIR`, `$OKSTRA_HOME/cache/token-usage`, or the platform's cache folder. */
  readonly cacheDirectory?: string | undefined;
  /** A regular expression, whole words in any case, that names a task in the first messages of a session. Default `task-<number>(.<number>)*`. */
  readonly taskPattern?: string | undefined;
  /** Says which task a session belongs to, for `by` and `filters`. Default: the first that its first messages name. */
  readonly taskOf?: TaskOf | undefined;
  /** Stops the scan; it then rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Default: this process's. */
  readonly environment?: Environment | undefined;
  /** What `7d` and `today` count from, in ms UTC. Default: now. */
  readonly nowMs?: number | undefined;
}

export interface Progress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export const DEFAULT_BY = ["source", "model"] as const;
const DEFAULT_MAX_LINE_BYTES = 256 << 20;
export const LARGEST_MAX_LINE_BYTES = 512 << 20;
export const DEFAULT_CHUNK_BYTES = 512 << 10;
const LARGEST_CHUNK_BYTES = 64 << 20;
/** A quarter of what WebAssembly can address. */
const DEFAULT_EARLY_MERGE_BYTES = 2 ** 30;
const LARGEST_EARLY_MERGE_BYTES = 2 ** 32;
export const MOST_THREADS = 256;

/** Checks what a caller gave and fills in the defaults. Throws `INVALID_OPTION`. */
export function checkOptions(options: ScanOptions) {
  checkKinds(options);
  const by = [...new Set(options.by ?? DEFAULT_BY)];
  for (const dimension of by) {
    if (!DIMENSIONS.includes(dimension))
      throw invalidOption("--by", dimension, `is no dimension (one or more of ${DIMENSIONS.join(", ")})`);
  }
  const sources = [...new Set(options.sources ?? SOURCES)];
  for (const source of sources) {
    if (!isSourceName(source))
      throw invalidOption("--source", source, `is no known agent (one or more of ${SOURCES.join(", ")})`);
  }
  const startOfWeek = options.startOfWeek ?? "monday";
  if (!WEEKDAYS.includes(startOfWeek))
    throw invalidOption("--start-of-week", startOfWeek, `is no day (one of ${WEEKDAYS.join(", ")})`);
  const count = options.count ?? "responses";
  if (count !== "responses" && count !== "records")
    throw invalidOption("--count", count, "is neither responses nor records");
  const cost = options.cost ?? "auto";
  if (!COST_MODES.includes(cost))
    throw invalidOption("--cost", cost, `is no source of costs (one of ${COST_MODES.join(", ")})`);
  // A pattern that is none throws here, not in a thread.
  if (options.taskPattern !== undefined) void new TaskPattern(options.taskPattern);
  return {
    ...options,
    cost,
    by: by.length > 1 ? by.filter((dimension) => dimension !== "none") : by,
    sources,
    startOfWeek,
    count,
    threads: options.threads === undefined ? undefined : whole("--threads", options.threads, 0, MOST_THREADS),
    sort: options.sort === undefined ? undefined : parseSort(options.sort),
    top: options.top === undefined ? undefined : whole("--top", options.top, 0, Number.MAX_SAFE_INTEGER),
    maxLineBytes: whole("--max-line", options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES, 1, LARGEST_MAX_LINE_BYTES),
    chunkBytes: whole("chunkBytes", options.chunkBytes ?? DEFAULT_CHUNK_BYTES, 16, LARGEST_CHUNK_BYTES),
    rangeBytes:
      options.rangeBytes === undefined
        ? undefined
        : whole("rangeBytes", options.rangeBytes, 1, Number.MAX_SAFE_INTEGER),
    earlyMergeBytes: whole(
      "earlyMergeBytes",
      options.earlyMergeBytes ?? DEFAULT_EARLY_MERGE_BYTES,
      0,
      LARGEST_EARLY_MERGE_BYTES,
    ),
    taskPattern: options.taskPattern ?? DEFAULT_TASK_PATTERN,
    cache: options.cache ?? true,
    environment: options.environment ?? thisEnvironment(),
    nowMs: options.nowMs ?? Date.now(),
  };
}

/** What rows are sorted by; most first unless said otherwise, keys from A on. */
export interface Sort {
  readonly field: SortField;
  readonly isAscending: boolean;
}

function parseSort(text: string): Sort {
  const [field = "", direction, ...rest] = text.split(":");
  if (!isSortField(field)) throw invalidOption("--sort", text, `is no field (one of ${SORT_FIELDS.join(", ")})`);
  if (rest.length > 0 || (direction !== undefined && direction !== "asc" && direction !== "desc")) {
    throw invalidOption("--sort", text, "has no such direction (:asc or :desc)");
  }
  return { field, isAscending: direction === undefined ? field === "key" : direction === "asc" };
}

function isSortField(field: string): field is SortField {
  return (SORT_FIELDS as readonly string[]).includes(field);
}

export type CheckedOptions = ReturnType<typeof checkOptions>;

function whole(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalidOption(name, String(value), `is not a whole number from ${least} to ${most}`);
}

/** Below this one thread is done before a second one has started (measured: docs/performance.md). */
const SMALLEST_BYTES_FOR_THREADS = 48 << 20;

/** Threads for so much work when the caller does not say. */
export function defaultThreads(bytes: number, files: number): number {
  const weight = bytes + files * (48 << 10);
  return weight < SMALLEST_BYTES_FOR_THREADS ? 0 : availableParallelism();
}
