/** The table a person reads: exact figures as long as they fit. */
import type { Dimension, ScanResult } from "../../types.ts";
import { estimateText, showsCosts } from "../columns.ts";
import { keyTitle } from "../keys.ts";
import type { Look } from "../look.ts";
import { omittedText, shownRows } from "../shown.ts";
import { padEnd, padStart } from "../width.ts";
import { localIso, minuteText, windowText } from "../window.ts";
import { type FittedColumn, type FittedTable, fitTable, GAP } from "./fit.ts";
import { tableRows } from "./rows.ts";

export function renderTable(result: ScanResult, look: Look): string {
  const { palette } = look;
  const shown = shownRows(result);
  const { dimensions } = shown;
  const rows = tableRows(shown.rows, dimensions, look.home);
  const clock = (instant: string) => minuteText(localIso(Date.parse(instant), look.offsetMs));
  const { totals, rowsOmitted } = result;
  const data = { dimensions, rows, totals, rowsOmitted, totalLabel: "Total", clock };
  const table = fitTable(data, look.width);
  const rule = palette.faint("─".repeat(tableWidth(table)));
  return [
    ...titleLines(result, table, dimensions, look),
    "",
    ...headerLines(table.columns).map(palette.strong),
    rule,
    ...rows.map(({ isPart }, at) => {
      const line = setLine(
        table.columns.map(({ cells }) => cells[at] as string),
        table.columns,
      );
      return isPart ? palette.faint(line) : line;
    }),
    ...(result.rowsOmitted > 0 ? [palette.faint(omittedText(result))] : []),
    ...(rows.length > 0 ? [rule] : []),
    palette.strong(
      setLine(
        table.columns.map(({ total }) => total),
        table.columns,
      ),
    ),
    ...notes(table, look, result).map(palette.faint),
  ]
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

function titleLines(result: ScanResult, table: FittedTable, dimensions: readonly Dimension[], look: Look): string[] {
  const { palette } = look;
  const by = dimensions.join(", ").replace(/, (\w+)$/, " and $1");
  const shared = table.inTitle.map(({ dimension, value }) => `${keyTitle(dimension).toLowerCase()} ${value}`);
  const title = [`Tokens${by === "" ? "" : ` by ${by}`}`, ...shared, windowText(result.window, look.offsetMs)];
  return [...(look.demoLabel === undefined ? [] : [palette.alert(look.demoLabel)]), title.join(", ")];
}

function headerLines(columns: readonly FittedColumn[]): string[] {
  const height = Math.max(...columns.map(({ title }) => title.length));
  return Array.from({ length: height }, (_, at) =>
    setLine(
      columns.map(({ title }) => title[at - height + title.length] ?? ""),
      columns,
    ),
  );
}

function setLine(cells: readonly string[], columns: readonly FittedColumn[]): string {
  const padded = columns.map(({ isNumber, width }, at) => (isNumber ? padStart : padEnd)(cells[at] ?? "", width));
  return padded.join(" ".repeat(GAP));
}

function tableWidth({ columns }: FittedTable): number {
  return columns.reduce((sum, { width }) => sum + width + GAP, -GAP);
}

function notes({ leftOut, isCacheMerged, isRounded }: FittedTable, { width }: Look, result: ScanResult): string[] {
  const lines: string[] = [];
  if (showsCosts(result.totals) && leftOut.every(({ id }) => id !== "cost")) lines.push(estimateText(result));
  if (isCacheMerged) lines.push("Cache: cache creation + cache read.");
  if (isRounded) lines.push(`Numbers are rounded to fit ${width} columns; --format json has them exact.`);
  if (leftOut.length > 0) {
    const words = leftOut.map((column) => column.words).join(", ");
    lines.push(`Left out to fit ${width} columns: ${words}.`);
  }
  return lines.length > 0 ? ["", ...lines] : [];
}
