/** A run as a person reads it: a line for the lead, for each worker, and for all. */
import type { Collected } from "../run/collect.ts";
import { DEFINITIONS } from "../run/definitions.ts";
import type { RunSummary } from "../run/summary.ts";
import type { TeamState } from "../run/team-state.ts";
import type { UsageBlock } from "../run/usage.ts";
import { estimateText } from "./columns.ts";
import { durationText, exact } from "./numbers.ts";
import type { Palette } from "./palette.ts";
import { usdText } from "./usd.ts";
import { printable } from "./printable.ts";
import { padEnd, padStart, widthOf } from "./width.ts";
import { wrap } from "./wrap.ts";

export interface RunLook {
  readonly palette: Palette;
  /** In columns of a terminal. */
  readonly width: number;
  /** Whether what each figure means is said below. */
  readonly withDefinitions: boolean;
}

interface RunColumn {
  readonly title: string;
  /** What it is called where it is left out. */
  readonly words: string;
  readonly text: (usage: UsageBlock) => string;
  /** Of all workers, and of the run. */
  readonly sums?: (summary: RunSummary) => readonly [workers: string, run: string];
  readonly isText?: boolean;
}

const COLUMNS = {
  total: {
    title: "Total",
    words: "total tokens",
    text: ({ totalTokens }) => exact(totalTokens),
    sums: ({ workerTotalTokens, runTotalTokens }) => [exact(workerTotalTokens), exact(runTotalTokens)],
  },
  input: { title: "Input", words: "input", text: ({ inputTokens }) => exact(inputTokens) },
  output: { title: "Output", words: "output", text: ({ outputTokens }) => exact(outputTokens) },
  cacheCreation: {
    title: "Cache creation",
    words: "cache creation",
    text: ({ cacheCreationTokens }) => exact(cacheCreationTokens),
  },
  cacheRead: { title: "Cache read", words: "cache read", text: ({ cacheReadTokens }) => exact(cacheReadTokens) },
  billable: {
    title: "Billable",
    words: "billable-equivalent tokens",
    text: ({ billableEquivalentTokens }) => billableText(billableEquivalentTokens),
    sums: ({ workerBillableTokens, runBillableTokens }) => [
      billableText(workerBillableTokens),
      billableText(runBillableTokens),
    ],
  },
  cost: {
    title: "Cost",
    words: "cost",
    text: ({ estimatedCostUsd }) => costText(estimatedCostUsd),
    sums: ({ workerEstimatedCostUsd, runEstimatedCostUsd }) => [
      costText(workerEstimatedCostUsd),
      costText(runEstimatedCostUsd),
    ],
  },
  tools: { title: "Tool uses", words: "tool uses", text: ({ toolUses }) => exact(toolUses) },
  time: { title: "Time", words: "duration", text: ({ durationMs }) => durationText(durationMs) },
  model: { title: "Model", words: "model", text: ({ model }) => model ?? "", isText: true },
} as const satisfies Record<string, RunColumn>;

type ColumnName = keyof typeof COLUMNS;

/** What few ask for goes first. */
const LEFT_OUT_FIRST: readonly ColumnName[] = ["tools", "billable", "time", "cacheCreation", "cacheRead", "model"];
const GAP = "  ";
const HEADER_LINES = 2;
/** A scan's total of the same sessions is twenty times as much. */
const TOTAL_NOTE = "Total is input + output + cache creation; the total of a scan has the cache reads in it too.";

interface RunRow {
  readonly name: string;
  /** Undefined: there is none. */
  readonly usage: UsageBlock | undefined;
}

export function renderRun(collected: Collected, state: TeamState, look: RunLook): string {
  const { usageSummary } = collected;
  const { palette, width, withDefinitions } = look;
  const { rows, notes } = rowsOf(collected, state);
  const { lines, leftOut } = fitted(rows, usageSummary, width);
  const header = lines.slice(0, HEADER_LINES);
  const body = lines.slice(HEADER_LINES);
  const rule = palette.faint("─".repeat(Math.max(...lines.map(widthOf))));
  const { teamName, window, costBasis } = usageSummary;
  const title = `Run of team ${printable(teamName ?? "(none)")}, ${window.since ?? "from the beginning"} to ${window.until ?? "now"}`;
  const remarks = [
    ...(rows.some(({ usage }) => usage) ? [TOTAL_NOTE] : []),
    ...notes,
    ...summaryNotes(usageSummary),
    ...(costBasis === null ? [] : [estimateText({ costBasis })]),
    ...(leftOut.length > 0 ? [`Left out to fit ${width} columns: ${leftOut.join(", ")}.`] : []),
  ];
  const definitions = Object.entries(DEFINITIONS).map(([name, text]) => `${name}: ${text}`);
  const all = [
    ...wrap(title, width),
    "",
    ...header.map(palette.strong),
    rule,
    ...body.slice(0, rows.length),
    rule,
    ...body.slice(rows.length).map(palette.strong),
    ...remarks.flatMap((note) => wrap(printable(note), width).map(palette.faint)),
    ...(withDefinitions ? ["", ...definitions.flatMap((line) => wrap(line, width))] : []),
  ];
  return all.map((line) => `${line}\n`).join("");
}

/** And what has to be said of them below. */
function rowsOf({ leadUsage, workerUsages, usageSummary }: Collected, { workers }: TeamState) {
  const rows: RunRow[] = [];
  const notes: string[] = [];
  const add = (name: string, usage: Collected["workerUsages"][number]) => {
    const isKnown = usage.source !== "unavailable";
    if (!isKnown) notes.push(`${name}: ${usage.note}`);
    rows.push({ name: printable(name), usage: isKnown ? usage : undefined });
    if (usage.cliTotalTokens !== undefined) {
      const { cliEstimatedCostUsd: usd = null } = usage;
      const cost = usd === null ? "" : ` (${usdText(usd)})`;
      notes.push(
        `${name}: its CLI session used ${exact(usage.cliTotalTokens)} tokens${cost}, which are not in the totals`,
      );
    }
    if (usage.cliNote !== undefined) notes.push(`${name}: ${usage.cliNote}`);
  };
  add("lead", leadUsage);
  for (const [i, usage] of workerUsages.entries()) add(workers[i]?.workerId ?? "", usage);
  const { unattributedWorkerUsage: nobody } = usageSummary;
  if (nobody) add(`unattributed (${nobody.sessionIds.length})`, nobody);
  return { rows, notes };
}

function summaryNotes({ unmatchedModels, diagnostics }: RunSummary): string[] {
  return [
    ...(unmatchedModels.length > 0 ? [`no price is known for ${unmatchedModels.join(", ")}`] : []),
    ...diagnostics.unassignedCliSessions.map(
      ({ agent, sessionId, workerIds: [first, ...others] }) =>
        `${agent} session ${sessionId} could be of ${[first, ...(others.length > 0 ? others : ["another run"])].join(" or of ")}, so it is of none`,
    ),
  ];
}

/** The table with as many columns as there is room for; what none of the rows has anything to say of is not shown. */
function fitted(rows: readonly RunRow[], summary: RunSummary, width: number) {
  const cells = (name: ColumnName) => cellsOf(COLUMNS[name], rows, summary);
  const used = (Object.keys(COLUMNS) as ColumnName[]).filter((name) => cells(name).some((cell) => cell !== ""));
  let shown = used;
  for (const next of LEFT_OUT_FIRST) {
    if (Math.max(...linesOf(rows, summary, shown).map(widthOf)) <= width) break;
    shown = shown.filter((name) => name !== next);
  }
  const leftOut = used.filter((name) => !shown.includes(name)).map((name) => COLUMNS[name].words);
  return { lines: linesOf(rows, summary, shown), leftOut };
}

function cellsOf({ text, sums }: RunColumn, rows: readonly RunRow[], summary: RunSummary): string[] {
  return [...rows.map(({ usage }) => (usage ? printable(text(usage)) : "")), ...(sums?.(summary) ?? ["", ""])];
}

function linesOf(rows: readonly RunRow[], summary: RunSummary, shown: readonly ColumnName[]): string[] {
  const names = [...titleLines(""), ...rows.map(({ name }) => name), "Workers", "Run"];
  const columns = shown.map((name) => {
    const column: RunColumn = COLUMNS[name];
    const cells = cellsOf(column, rows, summary);
    // There is nothing of somebody without a session.
    const said = name === shown[0] ? cells.map((cell, at) => (at < rows.length && cell === "" ? "none" : cell)) : cells;
    return { cells: [...titleLines(column.title), ...said], pad: column.isText ? padEnd : padStart };
  });
  const all = [{ cells: names, pad: padEnd }, ...columns];
  const widths = all.map(({ cells }) => Math.max(...cells.map(widthOf)));
  return names.map((_, line) =>
    all
      .map(({ cells, pad }, at) => pad(cells[line] ?? "", widths[at] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

/** A title's words, one below the other, on the lines above the rows. */
function titleLines(title: string): string[] {
  const words = title.split(" ");
  return [...Array<string>(HEADER_LINES - words.length).fill(""), ...words];
}

function billableText(tokens: number): string {
  return exact(Math.round(tokens));
}

/** Nothing where it is not known. */
function costText(usd: number | null): string {
  return usd === null ? "" : usdText(usd);
}
