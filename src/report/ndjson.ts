/** One row a line, as in JSON. No totals: they would be one row too many for whoever adds them up. */
import type { ScanResult } from "../types.ts";
import { printableJson } from "./printable.ts";

export function renderNdjson({ rows }: ScanResult): string {
  return printableJson(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}
