/** Rows of an export as lines. */
import { csvLine, csvName, LINE_END, quote } from "../report/csv.ts";
import { FIGURE_NAMES } from "../report/figure-names.ts";
import { printableJson } from "../report/printable.ts";
import type { ExportFormat } from "./formats.ts";
import { type ResponseRow, ROW_DIMENSIONS } from "./rows.ts";

type RowFigure = Extract<keyof ResponseRow, (typeof FIGURE_NAMES)[number]>;

/** Of one response there is no first and last record, and no duration. */
const OF_SPANS: readonly string[] = ["firstAt", "lastAt", "durationMs"];
const FIGURES = FIGURE_NAMES.filter((name): name is RowFigure => !OF_SPANS.includes(name));

export class RowText {
  readonly #format: ExportFormat;
  /** The same names come again and again. */
  readonly #cells = new Map<string, string>();

  constructor(format: ExportFormat) {
    this.#format = format;
  }

  /** What stands before the first row. */
  get header(): string {
    return this.#format === "csv" ? csvLine(["time", ...ROW_DIMENSIONS, "id", ...FIGURES]) : "";
  }

  /** With its end. CSV is as that of `scan`: names that a spreadsheet would run get an apostrophe in front. */
  lineOf(row: ResponseRow): string {
    if (this.#format === "ndjson") return printableJson(`${JSON.stringify(row)}\n`);
    let line = row.time ?? "";
    for (const dimension of ROW_DIMENSIONS) line += `,${this.#cellOf(row[dimension] ?? "")}`;
    line += `,${row.id}`;
    for (const name of FIGURES) line += `,${row[name] ?? ""}`;
    return line + LINE_END;
  }

  #cellOf(name: string): string {
    let cell = this.#cells.get(name);
    if (cell === undefined) this.#cells.set(name, (cell = quote(csvName(name))));
    return cell;
  }
}
