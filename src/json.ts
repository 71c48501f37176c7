/** JSON as it comes: nothing is known of what an object holds. */
export type Json = Readonly<Record<string, unknown>>;

/** Without the byte order mark that some programs begin a file with (RFC 8259 §8.1: a parser may ignore it). */
export function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
