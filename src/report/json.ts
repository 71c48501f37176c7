/** A result itself. One row or block a line, so that two results can be compared line by line. */
import { printableJson } from "./printable.ts";

/** Of what is listed line by line. */
const LISTS: readonly string[] = ["rows", "blocks", "gaps"];

export function renderJson(result: object): string {
  const lines = Object.entries(result).map(([name, value]) => {
    const text = LISTS.includes(name) ? listText(value as readonly unknown[]) : JSON.stringify(value);
    return `  ${JSON.stringify(name)}: ${text}`;
  });
  return printableJson(`{\n${lines.join(",\n")}\n}\n`);
}

function listText(rows: readonly unknown[]): string {
  if (rows.length === 0) return "[]";
  return `[\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(",\n")}\n  ]`;
}
