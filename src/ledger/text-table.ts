/** Rows of texts as a table for a terminal, or for Markdown. */
import { padEnd, padStart, printable, widthOf } from "../report/width.ts";

export interface TextTable {
  readonly titles: readonly string[];
  /** How many columns at the left are names; the others are figures. */
  readonly names: number;
  readonly rows: ReadonlyArray<readonly string[]>;
}

export function tableText({ titles, names, rows }: TextTable): string {
  const all = [titles, ...rows].map((row) => row.map(printable));
  const widths = titles.map((_, at) => Math.max(...all.map((row) => widthOf(row[at] ?? ""))));
  const lines = all.map((row) => {
    const cells = row.map((text, at) => (at < names ? padEnd(text, widths[at] ?? 0) : padStart(text, widths[at] ?? 0)));
    return cells.join("  ").trimEnd();
  });
  return `${lines.join("\n")}\n`;
}

export function tableMarkdown({ titles, names, rows }: TextTable): string {
  const ruler = titles.map((_, at) => (at < names ? "---" : "--:"));
  const escaped = rows.map((row) => row.map((text) => markdownText(text)));
  return [titles, ruler, ...escaped].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** Names are text, whatever signs they hold. */
export function markdownText(text: string): string {
  return printable(text).replaceAll(/[\\`*_[\]<>|~#&]/g, "\\$&");
}
