/**
 * The nouns of tokensift's public API. Token counts are exact integers (at most 2^53 - 1), times are
 * ISO 8601 instants in UTC with milliseconds when they leave the tool and integer milliseconds inside.
 */

import type { CostMode } from "./cost-modes.ts";

/** What a row can be grouped by. Time dimensions are cut in the chosen time zone. */
export const DIMENSIONS = [
  "day",
  "week",
  "month",
  "hour",
  "source",
  "model",
  "project",
  "session",
  "agent",
  "team",
  "task",
  "branch",
  "none",
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** The dimensions whose key is a piece of time; their rows ascend, all others descend by tokens. */
export const TIME_DIMENSIONS = ["day", "week", "month", "hour"] as const;
export type TimeDimension = (typeof TIME_DIMENSIONS)[number];

export function isTimeDimension(dimension: Dimension): dimension is TimeDimension {
  return (TIME_DIMENSIONS as readonly Dimension[]).includes(dimension);
}

/** The agents whose transcripts are read. */
export const SOURCES = ["amp", "claude", "codex", "copilot", "gemini", "opencode", "pi", "qwen"] as const;
export type SourceName = (typeof SOURCES)[number];

export function isSourceName(name: string): name is SourceName {
  return (SOURCES as readonly string[]).includes(name);
}

/** The value of one dimension in a row's key; null where the transcripts name none (a session without a team, or of no task). */
export type RowKey = Readonly<Partial<Record<Dimension, string | null>>>;

/** What was consumed. Every field is a sum over responses unless it says otherwise. */
export interface Figures {
  /** Input that was neither read from nor written to the prompt cache. */
  readonly inputTokens: number;
  /** Output, reasoning included. */
  readonly outputTokens: number;
  /** Part of `outputTokens`, where the transcript tells. */
  readonly reasoningTokens: number;
  /** Input written to the prompt cache: the 5 minute and the 1 hour part together. */
  readonly cacheCreationTokens: number;
  readonly cacheCreation5mTokens: number;
  readonly cacheCreation1hTokens: number;
  readonly cacheReadTokens: number;
  /** Input + output + cache creation + cache read. */
  readonly totalTokens: number;
  /** Answers of a model's API, each counted once. */
  readonly responses: number;
  /** Tool use blocks in assistant records, each counted once. */
  readonly toolUses: number;
  readonly webSearches: number;
  /**
   * US dollars, summed as whole nano-dollars: an estimate from list prices at the time of use, not a bill. Null where
   * nothing could be priced, and where costs are not asked for.
   */
  readonly costUsd: number | null;
  /** Earliest and latest record with this key; null when none of them has a time. */
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  /** Last minus first record, per session, summed over sessions; milliseconds. */
  readonly durationMs: number;
  /**
   * Tokens weighted as they are usually billed, in tokens of input: output x 5, cache creation x 1.25 (5 minutes) and
   * x 2 (1 hour), cache read x 0.1. To a twentieth.
   */
  readonly billableEquivalentTokens: number;
  /** Whether something in it has no known price, and is missing from `costUsd`. */
  readonly costIsPartial: boolean;
}

export interface Row extends Figures {
  readonly key: RowKey;
  /** With `breakdown`: the same row by model, most tokens first. */
  readonly models?: readonly Row[];
  /** With `explain`: what the row's cost is the sum of. */
  readonly costLines?: readonly CostLine[];
}

/** Why a line is not in the figures. `pending` is a last line still being written: no damage. */
export type SkipReason = "malformed" | "oversized" | "pending";

export interface SkippedLine {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** Byte offset of the line's start, from 0. */
  readonly offset: number;
  readonly reason: SkipReason;
}

export interface UnreadableFile {
  readonly path: string;
  /** The system's code, such as `EACCES`. */
  readonly code: string;
}

export interface Stats {
  /** Transcripts found and read (unreadable ones included). */
  readonly transcripts: number;
  /** Transcripts taken from the cache without opening them. */
  readonly transcriptsUnchanged: number;
  /** Bytes of all transcripts when they were listed. */
  readonly bytesTotal: number;
  /** Bytes of transcripts read, those that show that a transcript is still the same included. */
  readonly bytesRead: number;
  /** JSON objects read, one a line. */
  readonly records: number;
  readonly responses: number;
  /** Records that carry usage, minus responses. */
  readonly duplicateRecords: number;
  /** Complete counts; `diagnostics.skippedLines` lists at most 100. */
  readonly skipped: Readonly<Record<SkipReason, number>>;
  /** Threads that scanned at once; 0 when everything ran in the main thread. */
  readonly threads: number;
  readonly elapsedMs: number;
  /** Where the time went: wall milliseconds of each stage. */
  readonly stagesMs: Readonly<Record<"discover" | "load" | "scan" | "merge" | "save" | "tally", number>>;
}

export interface Diagnostics {
  /** Why the cache could not be written: the system's code, such as `ENOSPC`; the next run will read more. */
  readonly cache: string | null;
  /** The folders and files looked at, whether they exist or not. */
  readonly roots: readonly string[];
  readonly unreadable: readonly UnreadableFile[];
  /** The first 100, in path and line order. */
  readonly skippedLines: readonly SkippedLine[];
  /** Records without a readable time: they are in every window and on the day `unknown`. Responses only. */
  readonly responsesWithoutTime: number;
  /** Responses that told more cached input than input: counted with all their input as cached. */
  readonly clampedResponses: number;
  /** Responses of sessions without an end that told no more than their output: their input is in no figure. Copilot CLI. */
  readonly outputOnlyResponses: number;
  /** Tokens that sessions' own totals (OpenCode 2, Qwen Code), or telemetry (Qwen Code), hold beyond what is told of requests, of all time: they are in no figure. */
  readonly untoldTokens: number;
  /** Responses whose output number is a placeholder the agent never replaced, by agent version. */
  readonly lowOutputResponses: Readonly<Record<string, number>>;
  /** Models without a known price that are in the totals, sorted; their tokens count, their cost does not. */
  readonly unpricedModels: readonly string[];
  /** Tokens in the totals that are missing from `costUsd`. */
  readonly unpricedTokens: number;
}

/** What a cost is the sum of: responses of one model, served on the same terms at the same rates. */
export interface CostLine {
  readonly model: string;
  /** Beyond the ordinary: `fast`, `batch`, `flex`, `priority`, `us`; they are in the rates. */
  readonly terms: readonly string[];
  readonly responses: number;
  /** Where the rates are from; null: none are known. */
  readonly from: string | null;
  /** When the rates began to hold; null: always. */
  readonly since: string | null;
  /** The rates are for requests with more input than this, cached or not; null: for all, or up to such a border. */
  readonly aboveTokens: number | null;
  /** Classes of which there is any. */
  readonly classes: readonly CostClass[];
  /** What rounding its responses, each by itself, added to the sum of the classes, or took from it. */
  readonly roundingUsd: number;
  /** Its responses, each rounded once to nano-dollars; null: no price is known. */
  readonly costUsd: number | null;
}

export interface CostClass {
  readonly name: "input" | "output" | "cacheCreation5m" | "cacheCreation1h" | "cacheRead" | "webSearches";
  /** Tokens, or searches. */
  readonly amount: number;
  /** US dollars per million tokens, or per thousand searches; null: not known, or the transcript says a cost itself. */
  readonly usdPerUnit: number | null;
  /** The product, not rounded but as a double is. */
  readonly costUsd: number | null;
}

/** Where costs are from. */
export interface CostBasis {
  readonly mode: CostMode;
  /** Costs are estimates from list prices at the time of use, not a bill. */
  readonly isEstimate: true;
  /** The price list and its version. */
  readonly list: string;
  /** When it was fetched; null: it came with tokensift. */
  readonly fetchedAt: string | null;
  /** Of fast mode, service tiers and data residency: when they were last compared with what providers publish. */
  readonly surchargesCheckedAt: string;
  /** The file of one's own prices. */
  readonly overrides: string | null;
}

export interface ScanResult {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: "tokensift"; readonly version: string };
  /** Bounds as ISO instants; inclusive; null is open. */
  readonly window: { readonly since: string | null; readonly until: string | null; readonly timezone: string };
  readonly by: readonly Dimension[];
  readonly rows: readonly Row[];
  /** Rows cut by `top`; the totals include them. */
  readonly rowsOmitted: number;
  readonly totals: Figures;
  /** Null with `cost: "none"`. */
  readonly costBasis: CostBasis | null;
  /** With `explain`: what the totals' cost is the sum of. */
  readonly costLines?: readonly CostLine[];
  readonly stats: Stats;
  readonly diagnostics: Diagnostics;
}

/** What rows can be sorted by. */
export const SORT_FIELDS = [
  "key",
  "inputTokens",
  "outputTokens",
  "reasoningTokens",
  "cacheCreationTokens",
  "cacheCreation5mTokens",
  "cacheCreation1hTokens",
  "cacheReadTokens",
  "totalTokens",
  "responses",
  "toolUses",
  "webSearches",
  "costUsd",
  "firstAt",
  "lastAt",
  "durationMs",
  "billableEquivalentTokens",
] as const;
export type SortField = (typeof SORT_FIELDS)[number];

/** Order by UTF-16 code units: the same on every machine, whatever its language. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
