/** What people are shown of a result. */
import type { Dimension, Row, ScanResult } from "../types.ts";
import { counted } from "./numbers.ts";

/** Everything together is its total and no row; broken down it is its models. */
export function shownRows({ by, rows }: ScanResult): { dimensions: readonly Dimension[]; rows: readonly Row[] } {
  const dimensions = by.filter((dimension) => dimension !== "none");
  if (dimensions.length > 0) return { dimensions, rows };
  const models = rows[0]?.models;
  return models === undefined ? { dimensions, rows: [] } : { dimensions: ["model"], rows: models };
}

/** Of rows that `--top` cut. */
export function omittedText({ rowsOmitted }: ScanResult): string {
  return `… ${counted(rowsOmitted, "more row")}, part of the total`;
}
