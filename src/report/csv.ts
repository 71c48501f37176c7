/**
 * RFC 4180: a header, CRLF, quotes where needed. Exact figures, no totals. With `--breakdown` the rows are those by
 * model, so that every column still adds up to the totals.
 *
 * A key that a spreadsheet would take for a formula (`=`, `+`, `-`, `@`, tab or CR first) gets an apostrophe in front: names come
 * from transcripts, which others may have written. Control characters are �, as in a table. JSON and ndjson have the names as they are.
 */
import type { Dimension, Figures, Row, ScanResult } from "../types.ts";
import { FIGURE_NAMES } from "./figure-names.ts";
import { printableLines } from "./printable.ts";

const LINE_END = "\r\n";
const FORMULA_START = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

export function renderCsv(result: ScanResult): string {
  const isBrokenDown = result.rows.some((row) => row.models !== undefined);
  const dimensions = result.by.filter((dimension) => dimension !== "none");
  if (isBrokenDown && !dimensions.includes("model")) dimensions.push("model");
  const rows = isBrokenDown ? result.rows.flatMap((row) => row.models ?? []) : result.rows;
  const lines = [[...dimensions, ...FIGURE_NAMES], ...rows.map((row) => cellsOf(row, dimensions))];
  return lines.map((cells) => cells.map(quote).join(",") + LINE_END).join("");
}

function cellsOf(row: Row, dimensions: readonly Dimension[]): string[] {
  const keys = dimensions.map((dimension) => printableLines(row.key[dimension] ?? "").replace(FORMULA_START, "'$&"));
  return [...keys, ...FIGURE_NAMES.map((name) => String((row as Figures)[name] ?? ""))];
}

function quote(cell: string): string {
  return NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
