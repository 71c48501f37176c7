/** Blocks of five hours as a table, and the one that is running in words. */
import type { Block, BlockFigures, BlocksReport, Gap } from "../blocks/types.ts";
import { estimateText, showsCosts } from "./columns.ts";
import type { Look } from "./look.ts";
import { counted, dollarsText, durationText, exact } from "./numbers.ts";
import { printable } from "./printable.ts";
import { centsText } from "./usd.ts";
import { keepStart, padEnd, padStart, widthOf } from "./width.ts";
import { localIso, minuteText, windowText } from "./window.ts";

interface Line {
  readonly kind: "block" | "gap" | "part" | "total";
  readonly isActive?: boolean;
  readonly cells: Readonly<Record<string, string>>;
}

interface Column {
  readonly id: string;
  readonly title: string;
  readonly isNumber: boolean;
}

const NUMBERS: ReadonlyArray<Column & { readonly text: (figures: BlockFigures) => string }> = [
  number("input", "Input", (f) => exact(f.inputTokens)),
  number("output", "Output", (f) => exact(f.outputTokens)),
  number("creation", "Cache creation", (f) => exact(f.cacheCreationTokens)),
  number("read", "Cache read", (f) => exact(f.cacheReadTokens)),
  number("total", "Total tokens", (f) => exact(f.totalTokens)),
  number("cost", "Cost (USD)", (f) => (f.costUsd === null ? NOTHING : dollarsText(f.costUsd, f.costIsPartial))),
];
const NAMES: readonly Column[] = [
  { id: "start", title: "Block", isNumber: false },
  { id: "source", title: "Source", isNumber: false },
  { id: "state", title: "State", isNumber: false },
  { id: "models", title: "Models", isNumber: false },
];
const LIMIT: Column = { id: "limit", title: "Limit", isNumber: true };
/** What goes where there is no room, the first one first. */
const SPARE = ["creation", "read", "input", "output", "models", "source", "state", "cost"] as const;
const LEAST_MODELS = 14;
const GAP = 2;
const NOTHING = "–";
const WARNING_PERCENT = 80;

export function renderBlocks(report: BlocksReport, look: Look, isActiveAsked: boolean): string {
  const { palette } = look;
  const title = [
    ...(look.demoLabel === undefined ? [] : [palette.alert(look.demoLabel)]),
    `Blocks of five hours, ${windowText(report.window, look.offsetMs)}`,
    "",
  ];
  const active = report.blocks.filter(({ isActive }) => isActive);
  if (isActiveAsked && active.length === 0) return linesText([...title, "No block is running."]);
  const told = active.flatMap((block) => ["", ...activeLines(block, report, look)]);
  if (isActiveAsked) return linesText([...title, ...told.slice(1), ...notes(report, [], look)]);
  const { lines, leftOut } = tableLines(report, look);
  return linesText([...title, ...lines, ...told, ...notes(report, leftOut, look)]);
}

function tableLines(report: BlocksReport, { width, palette, offsetMs }: Look) {
  const clock = (instant: string) => minuteText(localIso(Date.parse(instant), offsetMs));
  const lines: Line[] = [...report.blocks, ...report.gaps]
    .sort((a, b) => compareStarts(a.startAt, b.startAt))
    .flatMap((row) => ("models" in row ? blockLines(row, clock) : [gapLine(row, clock)]));
  const total: Line = { kind: "total", cells: { start: "Total", ...numberCells(report.totals) } };
  const { columns, leftOut } = fit(report, [...lines, total], width);
  const isGapTold = columns.some(({ id }) => id === "state");
  const hasModels = columns.some(({ id }) => id === "models");
  const header = setLine(Object.fromEntries(columns.map(({ id, title }) => [id, title])), columns);
  const rule = palette.faint("─".repeat(columns.reduce((sum, column) => sum + column.width + GAP, -GAP)));
  const told = lines.filter(({ kind }) => kind !== "gap" || isGapTold);
  const body = told.map(({ kind, isActive, cells }) => {
    // A part has a name, however little room there is.
    const line = setLine(
      kind === "part" && !hasModels ? { ...cells, start: cells["models"] as string } : cells,
      columns,
    );
    return isActive ? palette.strong(line) : kind === "block" ? line : palette.faint(line);
  });
  const omitted = report.blocksOmitted;
  return {
    lines: [
      palette.strong(header),
      rule,
      ...body,
      ...(omitted > 0 ? [palette.faint(`… ${counted(omitted, "other block")}, in the total`)] : []),
      ...(body.length > 0 ? [rule] : []),
      palette.strong(setLine(total.cells, columns)),
    ],
    leftOut,
  };
}

function blockLines(block: Block, clock: (instant: string) => string): Line[] {
  const { startAt, source, models, limitPercent, isActive } = block;
  const cells = {
    start: startAt === null ? "no time" : clock(startAt),
    source,
    state: stateOf(block),
    models: models.map(shortModel).join(", "),
    ...numberCells(block),
    limit: limitPercent === null ? "" : percentText(limitPercent),
  };
  const parts = (block.breakdown ?? []).map(({ model, ...figures }): Line => {
    return { kind: "part", cells: { start: "", models: `  ${shortModel(model)}`, ...numberCells(figures) } };
  });
  return [{ kind: "block", isActive, cells }, ...parts];
}

function gapLine({ startAt, endAt, source }: Gap, clock: (instant: string) => string): Line {
  const state = `gap ${durationText(Date.parse(endAt) - Date.parse(startAt))}`;
  return { kind: "gap", cells: { start: clock(startAt), source, state } };
}

function stateOf({ isActive, isCut, firstAt, lastAt }: Block): string {
  if (isActive) return "active";
  const span = firstAt === null || lastAt === null ? "" : durationText(Date.parse(lastAt) - Date.parse(firstAt));
  return isCut ? `${span} (cut)` : span;
}

/** `opus-4-6` for `claude-opus-4-6`: nearly all are of Claude, and there is little room. */
function shortModel(model: string): string {
  return printable(model.replace(/^claude-/, "").replace(/-20\d{6}$/, ""));
}

function numberCells(figures: BlockFigures): Record<string, string> {
  return Object.fromEntries(NUMBERS.map(({ id, text }) => [id, text(figures)]));
}

function compareStarts(a: string | null, b: string | null): number {
  return (a === null ? Infinity : Date.parse(a)) - (b === null ? Infinity : Date.parse(b)) || 0;
}

interface Fitted extends Column {
  width: number;
}

/** Columns go until the rest fits; models are shortened before they go. */
function fit(report: BlocksReport, lines: readonly Line[], width: number) {
  const isOneSource = new Set(report.blocks.map(({ source }) => source)).size <= 1;
  const isOff: Readonly<Record<string, boolean>> = { source: isOneSource, cost: !showsCosts(report.totals) };
  let columns = [...NAMES, ...NUMBERS, ...(report.tokenLimit ? [LIMIT] : [])]
    .filter(({ id }) => isOff[id] !== true)
    .map(({ id, title, isNumber }): Fitted => {
      const most = Math.max(widthOf(title), ...lines.map(({ cells }) => widthOf(cells[id] ?? "")));
      return { id, title, isNumber, width: most };
    });
  const missing = () => columns.reduce((sum, column) => sum + column.width + GAP, -GAP) - width;
  const leftOut: string[] = [];
  for (const id of SPARE) {
    const models = columns.find((column) => column.id === "models");
    const spare = models ? Math.max(0, models.width - LEAST_MODELS) : 0;
    if (missing() <= spare) {
      if (models && missing() > 0) models.width -= missing();
      break;
    }
    const column = columns.find((one) => one.id === id);
    if (!column) continue;
    leftOut.push(column.title.toLowerCase());
    columns = columns.filter((one) => one !== column);
  }
  return { columns, leftOut };
}

function setLine(cells: Readonly<Record<string, string>>, columns: readonly Fitted[]): string {
  const padded = columns.map(({ id, isNumber, width }) => {
    return (isNumber ? padStart : padEnd)(keepStart(cells[id] ?? "", width), width);
  });
  return padded.join(" ".repeat(GAP));
}

/** What the block that is running holds, how long it still runs, and where that leads. */
function activeLines(block: Block, report: BlocksReport, { palette, offsetMs }: Look): string[] {
  const clock = (instant: string | null) => minuteText(localIso(Date.parse(instant as string), offsetMs));
  const leftMs = Date.parse(block.endAt as string) - Date.parse(report.asOf);
  const { burnRate, projection, limitPercent } = block;
  const limit = report.tokenLimit;
  const share = (percent: number | null) => {
    if (percent === null || !limit) return "";
    const text = `, ${percentText(percent)} of ${exact(limit.tokens)}`;
    return percent >= WARNING_PERCENT ? palette.alert(text) : text;
  };
  return [
    palette.strong(
      `Active block of ${block.source}: ${clock(block.startAt)} to ${clock(block.endAt).slice(-"HH:MM".length)}, ${durationText(leftMs)} left`,
    ),
    `  so far      ${amountText(block.totalTokens, block.costUsd, block.costIsPartial)}${share(limitPercent)}`,
    ...(burnRate
      ? [
          `  burn rate   ${exact(burnRate.tokensPerMinute)} tokens/min${burnRate.costUsdPerHour === null ? "" : `, ${centsText(burnRate.costUsdPerHour, block.costIsPartial)}/hour`}`,
        ]
      : ["  burn rate   not known yet: less than a minute of work"]),
    ...(projection
      ? [
          `  at the end  ${amountText(projection.totalTokens, projection.costUsd, block.costIsPartial)}${share(projection.limitPercent)}, if it goes on so`,
        ]
      : []),
  ];
}

function amountText(tokens: number, costUsd: number | null, isPartial: boolean): string {
  const cost = costUsd === null ? "" : `, ${centsText(costUsd, isPartial)}`;
  return `${counted(tokens, "token")}${cost}`;
}

function percentText(percent: number): string {
  return `${percent.toFixed(1)} %`;
}

function notes(report: BlocksReport, leftOut: readonly string[], { width, palette }: Look): string[] {
  const { tokenLimit } = report;
  const lines = [
    ...(showsCosts(report.totals) ? [estimateText(report)] : []),
    ...(tokenLimit?.from === "max"
      ? [`Limit: the ${exact(tokenLimit.tokens)} tokens of the largest block that is over.`]
      : []),
    ...(leftOut.length > 0 ? [`Left out to fit ${width} columns: ${leftOut.join(", ")}.`] : []),
  ];
  return lines.length > 0 ? ["", ...lines.map(palette.faint)] : [];
}

function linesText(lines: readonly string[]): string {
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function number(id: string, title: string, text: (figures: BlockFigures) => string) {
  return { id, title, isNumber: true, text };
}
