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

export const LINE_END = "\r\n";
const FORMULA_START = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

export function renderCsv(result: ScanResult): string {
  const isBrokenDown = result.rows.some((row) => row.models !== undefined);
  const dimensions = result.by.filter((dimension) => dimension !== "none");
  if (isBrokenDown && !dimensions.includes("model")) dimensions.push("model");
  const rows = isBrokenDown ? result.rows.flatMap((row) => row.models ?? []) : result.rows;
  const lines = [[...dimensions, ...FIGURE_NAMES], ...rows.map((row) => cellsOf(row, dimensions))];
  return lines.map(csvLine).join("");
}

/** With its end. */
export function csvLine(cells: readonly string[]): string {
  return cells.map(quote).join(",") + LINE_END;
}

/** A name that comes from a transcript, as nothing that a spreadsheet would run. */
export function csvName(name: string | null | undefined): string {
  return printableLines(name ?? "").replace(FORMULA_START, "'$&");
}

function cellsOf(row: Row, dimensions: readonly Dimension[]): string[] {
  const keys = dimensions.map((dimension) => csvName(row.key[dimension]));
  return [...keys, ...FIGURE_NAMES.map((name) => String((row as Figures)[name] ?? ""))];
}

export function quote(cell: string): string {
  return NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
