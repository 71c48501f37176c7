/** How many columns of a terminal a text takes, and texts that fit. */
import measure from "fast-string-width";

/** Every character of such a text takes one column. */
const PLAIN_TEXT = /^[ -~\u2013\u2026]*$/;

export function widthOf(text: string): number {
  return PLAIN_TEXT.test(text) ? text.length : measure(text);
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

const ELLIPSIS = "…";

/** `7964f6ff…`: an id is known by its beginning. */
export function keepStart(text: string, width: number): string {
  return widthOf(text) <= width ? text : startOf(text, width - 1) + ELLIPSIS;
}

/** `claude-…0929`: a name by both its ends. */
export function keepEnds(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const end = Math.floor((width - 1) / 3);
  return startOf(text, width - 1 - end) + ELLIPSIS + endOf(text, end);
}

/** `…/notes/app1`: a path by its last folders, whole ones where any fit. */
export function keepPathEnd(path: string, width: number): string {
  if (widthOf(path) <= width) return path;
  const end = endOf(path, width - 1);
  const slash = end.search(/[/\\]/);
  return ELLIPSIS + (slash >= 0 && slash < end.length - 1 ? end.slice(slash) : end);
}

function startOf(text: string, width: number): string {
  if (PLAIN_TEXT.test(text)) return text.slice(0, Math.max(0, width));
  let start = "";
  for (const letter of lettersOf(text)) {
    if (widthOf(start + letter) > width) break;
    start += letter;
  }
  return start;
}

function endOf(text: string, width: number): string {
  if (PLAIN_TEXT.test(text)) return text.slice(Math.max(0, text.length - width));
  let end = "";
  for (const letter of lettersOf(text).toReversed()) {
    if (widthOf(letter + end) > width) break;
    end = letter + end;
  }
  return end;
}

/** What a reader takes for one letter, accents and joined signs included. */
function lettersOf(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}
