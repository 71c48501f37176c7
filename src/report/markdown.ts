/** A table for GitHub: every column, exact figures. */
import type { Dimension, Figures, Row, ScanResult } from "../types.ts";
import { COLUMNS, estimateText, showsCosts } from "./columns.ts";
import { keyText, keyTitle } from "./keys.ts";
import { omittedText, shownRows } from "./shown.ts";
import type { Look } from "./look.ts";
import { exact } from "./numbers.ts";

const PART_INDENT = "&nbsp;&nbsp;";

export function renderMarkdown(result: ScanResult, look: Look): string {
  const { dimensions, rows } = shownRows(result);
  const columns = COLUMNS.filter(
    ({ id, isShown }) => !["cache", "duration", "last"].includes(id) && (isShown?.(result.totals) ?? true),
  );
  const figures = (row: Figures) => columns.map(({ text }) => text(row, exact, (instant) => instant));
  const titles = [...dimensions.map(keyTitle), ...columns.map(({ title }) => title.join(" "))];
  const ruler = titles.map((_, at) => (at < dimensions.length ? "---" : "--:"));
  const total = dimensions.map((_, at) => (at === 0 ? "**Total**" : ""));
  const table = [
    titles,
    ruler,
    ...rows.flatMap((row) => [
      [...keyCells(row, dimensions), ...figures(row)],
      ...partsOf(row, dimensions).map((part) => [...partCells(part, dimensions), ...figures(part)]),
    ]),
    [...total, ...figures(result.totals).map((text) => `**${text}**`)],
  ]
    .map((cells) => `| ${cells.join(" | ")} |\n`)
    .join("");
  const notes = [
    ...(result.rowsOmitted > 0 ? [omittedText(result)] : []),
    ...(showsCosts(result.totals) ? [estimateText(result)] : []),
  ];
  return [table, ...notes.map((note) => `${note}\n`)].join("\n");

  function keyCells(row: Row, names: readonly Dimension[]): string[] {
    return names.map((dimension) => escape(keyText(row, dimension, look.home)));
  }

  function partCells(part: Row, names: readonly Dimension[]): string[] {
    const name = PART_INDENT + escape(keyText(part, "model", look.home));
    return names.map((_, at) => (at === names.length - 1 ? name : ""));
  }
}

/** The rows by model below a row that is not itself by model. */
function partsOf(row: Row, dimensions: readonly Dimension[]): readonly Row[] {
  return dimensions.includes("model") || dimensions.length === 0 ? [] : (row.models ?? []);
}

/** Names are text, whatever signs they hold. */
function escape(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|~&]/g, "\\$&");
}
