/** What sources share that keep a session as one JSON document, or once did. */
import { isObject, type Json } from "../json.ts";
import type { Source } from "./source.ts";

/** Reads sessions in `.json` files: `linesOf` tells the lines that stand for one, from it and its messages. */
export function unpackJson(
  linesOf: (session: Json, messages: readonly Json[]) => readonly object[],
): NonNullable<Source["unpack"]> {
  return (bytes) =>
    documentLines(bytes, (session) => {
      const { messages } = session;
      return linesOf(session, Array.isArray(messages) ? messages.filter(isObject) : []);
    });
}

/** The lines that stand for a document; undefined when the bytes are no JSON object. Numbers stay as exact as they were. */
export function documentLines(bytes: Buffer, linesOf: (document: Json) => readonly object[]): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (!isObject(document)) return undefined;
  // JSON has no infinity: written as text it stays the bad number it is.
  const spell = (_: string, value: unknown) =>
    value === Infinity ? "Infinity" : value === -Infinity ? "-Infinity" : value;
  try {
    return linesOf(document)
      .map((line) => `${JSON.stringify(line, spell)}\n`)
      .join("");
  } catch (error) {
    // It nests deeper than can be written.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
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
