/** Sentences on a terminal: broken between words, so that their indent stays. */
import { widthOf } from "./width.ts";

/** The line as it is where it fits; else several, those after the first two columns further in. Words stay whole. */
export function wrap(line: string, width: number): string[] {
  if (widthOf(line) <= width) return [line];
  const indent = /^ */.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let current = indent;
  for (const word of line.slice(indent.length).split(" ")) {
    const isFirst = current.trim() === "";
    const longer = isFirst ? `${current}${word}` : `${current} ${word}`;
    if (isFirst || widthOf(longer) <= width) {
      current = longer;
    } else {
      lines.push(current);
      current = `${indent}  ${word}`;
    }
  }
  return [...lines, current];
}
