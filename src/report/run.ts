/** A run as a person reads it: a line for the lead, for each worker, and for all. */
import type { Collected } from "../run/collect.ts";
import { DEFINITIONS } from "../run/definitions.ts";
import type { TeamState } from "../run/team-state.ts";
import type { UsageBlock } from "../run/usage.ts";
import { durationText, exact } from "./numbers.ts";
import type { Palette } from "./palette.ts";
import { usdText } from "./usd.ts";
import { padEnd, padStart, printable, widthOf } from "./width.ts";

export interface RunLook {
  readonly palette: Palette;
  /** Whether what each figure means is said below. */
  readonly withDefinitions: boolean;
}

const TITLES = [
  "",
  "Total",
  "Input",
  "Output",
  "Cache write",
  "Cache read",
  "Billable",
  "Cost",
  "Tools",
  "Time",
  "Model",
];
const GAP = "  ";

export function renderRun(
  { leadUsage, workerUsages, usageSummary }: Collected,
  state: TeamState,
  look: RunLook,
): string {
  const { palette, withDefinitions } = look;
  const { unattributedWorkerUsage: nobody, window, diagnostics } = usageSummary;
  const rows: string[][] = [];
  const notes: string[] = [];
  const add = (name: string, usage: Collected["workerUsages"][number]) => {
    if (usage.source === "unavailable") notes.push(`${name}: ${usage.note}`);
    rows.push(usage.source === "unavailable" ? [name, "none"] : usageCells(name, usage));
    if (usage.cliTotalTokens !== undefined)
      notes.push(`${name}: its CLI session used ${exact(usage.cliTotalTokens)} tokens, which are not in the totals`);
    if (usage.cliNote !== undefined) notes.push(`${name}: ${usage.cliNote}`);
  };
  add("lead", leadUsage);
  for (const [i, usage] of workerUsages.entries()) add(state.workers[i]?.workerId ?? "", usage);
  if (nobody) add(`unattributed (${nobody.sessionIds.length})`, nobody);
  const { workerTotalTokens, runTotalTokens, workerBillableTokens, runBillableTokens } = usageSummary;
  const totals = [
    [
      "Workers",
      exact(workerTotalTokens),
      "",
      "",
      "",
      "",
      billableText(workerBillableTokens),
      costText(usageSummary.workerEstimatedCostUsd),
    ],
    [
      "Run",
      exact(runTotalTokens),
      "",
      "",
      "",
      "",
      billableText(runBillableTokens),
      costText(usageSummary.runEstimatedCostUsd),
    ],
  ];
  const all = [TITLES, ...rows, ...totals].map((cells) => TITLES.map((_, at) => printable(cells[at] ?? "")));
  const isNumber = (at: number) => at > 0 && at < TITLES.length - 1;
  const widths = TITLES.map((_, at) => Math.max(...all.map((cells) => widthOf(cells[at] as string))));
  const isUsed = widths.map((width, at) => at === 0 || all.slice(1).some((cells) => cells[at] !== "") || width === 0);
  const [header = "", ...body] = all.map((cells) =>
    cells
      .map((cell, at) => (isNumber(at) ? padStart : padEnd)(cell, widths[at] as number))
      .filter((_, at) => isUsed[at])
      .join(GAP)
      .trimEnd(),
  );
  const rule = palette.faint("─".repeat(Math.max(...[header, ...body].map(widthOf))));
  const unpriced = usageSummary.unmatchedModels;
  const lines = [
    `Run of team ${printable(usageSummary.teamName ?? "(none)")}, ${window.since ?? "from the beginning"} to ${window.until ?? "now"}`,
    "",
    palette.strong(header),
    rule,
    ...body.slice(0, rows.length),
    rule,
    ...body.slice(rows.length).map(palette.strong),
    ...notes.map((note) => palette.faint(printable(note))),
    ...(unpriced.length > 0 ? [palette.faint(`no price is known for ${printable(unpriced.join(", "))}`)] : []),
    ...diagnostics.unassignedCliSessions.map(({ agent, sessionId, workerIds }) =>
      palette.faint(printable(`${agent} session ${sessionId} could be of ${workerIds.join(" or ")}, so it is of none`)),
    ),
    ...(withDefinitions ? ["", ...Object.entries(DEFINITIONS).map(([name, text]) => `${name}: ${text}`)] : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function usageCells(name: string, usage: UsageBlock): string[] {
  return [
    name,
    exact(usage.totalTokens),
    exact(usage.inputTokens),
    exact(usage.outputTokens),
    exact(usage.cacheCreationTokens),
    exact(usage.cacheReadTokens),
    billableText(usage.billableEquivalentTokens),
    costText(usage.estimatedCostUsd),
    exact(usage.toolUses),
    durationText(usage.durationMs),
    usage.model ?? "",
  ];
}

function billableText(tokens: number): string {
  return exact(Math.round(tokens));
}

/** Nothing where it is not known. */
function costText(usd: number | null): string {
  return usd === null ? "" : usdText(usd);
}
