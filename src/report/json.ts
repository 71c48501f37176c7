/** The result itself. One row a line, so that two results can be compared line by line. */
import type { ScanResult } from "../types.ts";
import { printableJson } from "./printable.ts";

export function renderJson(result: ScanResult): string {
  const lines = Object.entries(result).map(([name, value]) => {
    const text = name === "rows" ? listText(value as ScanResult["rows"]) : JSON.stringify(value);
    return `  ${JSON.stringify(name)}: ${text}`;
  });
  return printableJson(`{\n${lines.join(",\n")}\n}\n`);
}

function listText(rows: readonly unknown[]): string {
  if (rows.length === 0) return "[]";
  return `[\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(",\n")}\n  ]`;
}
