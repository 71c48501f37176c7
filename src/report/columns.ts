/** The figures as columns, left to right. */
import type { Dimension, Figures, ScanResult } from "../types.ts";
import { dollarsText, durationText } from "./numbers.ts";
import { printable } from "./printable.ts";

/** How a number is written: `exact` or `compact`. */
export type NumberForm = (value: number) => string;

export interface Column {
  readonly id: ColumnId;
  /** One or two lines. */
  readonly title: readonly string[];
  /** What a column without an exact figure stands for, in words. */
  readonly words: string;
  readonly text: (figures: Figures, form: NumberForm, clock: Clock) => string;
  /** Numbers of it are never all that is asked for: shown where it is not zero, and where there is room. */
  readonly isShown?: (totals: Figures) => boolean;
}

/** An instant to a local date and time, to the minute. */
export type Clock = (instant: string) => string;

export type ColumnId =
  | "input"
  | "output"
  | "reasoning"
  | "cacheCreation"
  | "cacheRead"
  | "cache"
  | "total"
  | "cost"
  | "responses"
  | "toolUses"
  | "webSearches"
  | "duration"
  | "last";

const NOTHING = "–";

export const COLUMNS: readonly Column[] = [
  number("input", ["Input"], "input", (f) => f.inputTokens),
  number("output", ["Output"], "output", (f) => f.outputTokens),
  {
    ...number("reasoning", ["of it", "reasoning"], "reasoning", (f) => f.reasoningTokens),
    isShown: (totals) => totals.reasoningTokens > 0,
  },
  number("cacheCreation", ["Cache", "creation"], "cache creation", (f) => f.cacheCreationTokens),
  number("cacheRead", ["Cache", "read"], "cache read", (f) => f.cacheReadTokens),
  number("cache", ["Cache"], "cache", (f) => f.cacheCreationTokens + f.cacheReadTokens),
  number("total", ["Total", "tokens"], "total tokens", (f) => f.totalTokens),
  {
    id: "cost",
    title: ["Cost", "(USD)"],
    words: "cost",
    text: (f) => (f.costUsd === null ? NOTHING : dollarsText(f.costUsd, f.costIsPartial)),
    isShown: showsCosts,
  },
  number("responses", ["Responses"], "responses", (f) => f.responses),
  number("toolUses", ["Tool", "uses"], "tool uses", (f) => f.toolUses),
  {
    ...number("webSearches", ["Web", "searches"], "web searches", (f) => f.webSearches),
    isShown: (totals) => totals.webSearches > 0,
  },
  {
    id: "duration",
    title: ["Duration"],
    words: "duration",
    text: (f) => (f.firstAt === null ? NOTHING : durationText(f.durationMs)),
  },
  {
    id: "last",
    title: ["Last record"],
    words: "last record",
    text: (f, _, clock) => (f.lastAt === null ? NOTHING : clock(f.lastAt)),
  },
];

/** Said wherever costs are shown, and whose prices they are: a config file may have named some. */
export function estimateText({ costBasis }: Pick<ScanResult, "costBasis">): string {
  if (costBasis?.mode === "recorded") return RECORDED;
  const own = costBasis?.overrides ?? null;
  return own === null ? ESTIMATE : `${ESTIMATE} Prices of ${printable(own)} go first.`;
}

const RECORDED = "Cost is an estimate that transcripts say themselves, not a bill.";
const ESTIMATE = "Cost is an estimate from list prices at the time of use, not a bill.";

/** Not where costs were not asked for. */
export function showsCosts({ costUsd, costIsPartial }: Figures): boolean {
  return costUsd !== null || costIsPartial;
}

/** When somebody was last at work is asked of sessions and projects. */
export function showsLastRecord(dimensions: readonly Dimension[]): boolean {
  return dimensions.includes("session") || dimensions.includes("project");
}

function number(id: ColumnId, title: readonly string[], words: string, value: (figures: Figures) => number): Column {
  return { id, title, words, text: (figures, form) => form(value(figures)) };
}
