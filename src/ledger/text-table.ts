/** Rows of texts as a table for a terminal, or for Markdown. */
import { printable } from "../report/printable.ts";
import { keepEnds, padEnd, padStart, widthOf } from "../report/width.ts";

export interface TextTable {
  readonly titles: readonly string[];
  /** How many columns at the left are names; the others are figures. */
  readonly names: number;
  readonly rows: ReadonlyArray<readonly string[]>;
  /** Titles of columns that may go where there is no room, the first one first. */
  readonly spare?: readonly string[];
}

/** Names have at least so many columns. */
const LEAST_NAME = 12;
const GAP = 2;

/** A table that fits `width` columns as far as it can, and what was left out for that. */
export function tableText({ titles, names, rows, spare = [] }: TextTable, width = Infinity): string {
  const texts = [titles, ...rows].map((row) => row.map(printable));
  let columns = titles.map((title, at) => {
    return { title, at, isName: at < names, width: Math.max(...texts.map((row) => widthOf(row[at] ?? ""))) };
  });
  const missing = () => columns.reduce((sum, column) => sum + column.width + GAP, -GAP) - width;
  const leftOut: string[] = [];
  for (const title of spare) {
    if (missing() <= 0) break;
    if (!titles.includes(title)) continue;
    columns = columns.filter((column) => column.title !== title);
    leftOut.push(title.toLowerCase());
  }
  for (const column of columns) {
    if (column.isName && missing() > 0)
      column.width = Math.max(Math.min(column.width, LEAST_NAME), column.width - missing());
  }
  const lines = texts.map((row) => {
    const cells = columns.map(({ at, isName, width: room }) => {
      return isName ? padEnd(keepEnds(row[at] ?? "", room), room) : padStart(row[at] ?? "", room);
    });
    return cells.join(" ".repeat(GAP)).trimEnd();
  });
  if (leftOut.length > 0) lines.push("", `Left out to fit ${width} columns: ${leftOut.join(", ")}.`);
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
