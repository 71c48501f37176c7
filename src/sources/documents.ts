/** What sources share that keep a session as one JSON document. */

/** The lines that stand for a document; undefined when the bytes are no JSON object. Numbers stay as exact as they were. */
export function documentLines(
  bytes: Buffer,
  linesOf: (document: Readonly<Record<string, unknown>>) => readonly object[],
): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) return undefined;
  // JSON has no infinity: written as text it stays the bad number it is.
  const spell = (_: string, value: unknown) =>
    value === Infinity ? "Infinity" : value === -Infinity ? "-Infinity" : value;
  return linesOf(document as Readonly<Record<string, unknown>>)
    .map((line) => `${JSON.stringify(line, spell)}\n`)
    .join("");
}

/** Text, or "" for anything else. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A count as the kernel reads one. Throws when it is none. */
export function readCount(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value + 0;
  throw new RangeError("no count");
}
