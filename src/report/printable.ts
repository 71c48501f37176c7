/** Names from transcripts and paths, which others may have written, without what a terminal obeys. */

/** Control characters, which could move the cursor or colour what follows, and those that turn the direction of writing. */
// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g;
const WHITE_SPACE = "\t\r\n";
const REPLACED = "�";

/** On one line, for people. */
export function printable(text: string): string {
  return text.replaceAll(OBEYED, REPLACED);
}

/** Lines and tabs stay. */
export function printableLines(text: string): string {
  return text.replaceAll(OBEYED, (sign) => (WHITE_SPACE.includes(sign) ? sign : REPLACED));
}

/** JSON of the same value: of these signs it writes some as they are. */
export function printableJson(json: string): string {
  // What is white space stands between values.
  const escaped = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return json.replaceAll(OBEYED, (sign) => (WHITE_SPACE.includes(sign) ? sign : escaped(sign)));
}
