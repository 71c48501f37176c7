/**
 * Cursors of one project folder in a file (docs/decisions/0005):
 *
 *     magic | format | checksum | checksum of the head | envelope bytes | head bytes | envelope (MessagePack) | columns,
 *     each from a multiple of 8 on
 *
 * The head is all but the columns of events and of what hangs on them, of which each row has a checksum of its own. Bytes that are
 * not exactly what `encodeCursors` writes are no cursors: there is nothing between whole and absent.
 */
import { sep } from "node:path";
import type { TallyMemory } from "../tally/memory.ts";

/** Whose cursors, and made how: those made otherwise are not used. */
export interface Making {
  readonly source: string;
  /** Of the source. */
  readonly parserVersion: number;
  /** Longer lines were skipped. */
  readonly maxLineBytes: number;
  /** The project folder. */
  readonly folder: string;
}

/** Whether cursors are of the same transcripts, and made alike. */
export function areMadeAlike(a: Making, b: Making): boolean {
  return (["source", "parserVersion", "maxLineBytes", "folder"] as const).every((name) => a[name] === b[name]);
}

/** Goes up with every change to what stands in the file or to what the engine makes of bytes, whatever the source. */
export const FORMAT = 7;
/** "TSIFTCUR" as two numbers; on a machine of the other byte order it is something else, and so no cursor file. */
export const MAGIC = [0x46495354, 0x52554354] as const;
export const HEADER_BYTES = 32;
/** What the checksums cover begins behind each of them. */
const CHECKED_FROM = 16;
const HEAD_CHECKED_FROM = 20;

export interface Envelope extends Making {
  // JSON lists of texts: read by the engine's own parser, and exact where texts are no well-formed Unicode.
  /** Relative to the project folder where they lie in it. */
  readonly paths: string;
  readonly texts: string;
  /** Elements of each table, and bytes of each column's numbers. */
  readonly lengths: readonly number[];
  readonly widths: Uint8Array;
}

export function checksumOf({ byteOffset, length }: Uint8Array, { native }: TallyMemory): number {
  return native.checksum(byteOffset + CHECKED_FROM, length - CHECKED_FROM) >>> 0;
}

/** Of the head alone. */
export function headChecksumOf({ byteOffset }: Uint8Array, headBytes: number, { native }: TallyMemory): number {
  return native.checksum(byteOffset + HEAD_CHECKED_FROM, headBytes - HEAD_CHECKED_FROM) >>> 0;
}

/** Paths as they stand in a file. */
export function listPaths(paths: readonly string[], folder: string): string {
  return JSON.stringify(relativePaths(paths, folder));
}

/**
 * Whether `json` is what `listPaths` makes of these paths, if it lists as many. False too where something in it is
 * escaped.
 */
export function areListed(json: string, paths: readonly string[], folder: string): boolean {
  // Without a backslash quotes only stand around texts. So what has as many texts and the same letters is the same.
  if (json.includes("\\")) return false;
  return json === (paths.length === 0 ? "[]" : `["${relativePaths(paths, folder).join('","')}"]`);
}

function relativePaths(paths: readonly string[], folder: string): string[] {
  const start = startOfPaths(folder);
  return paths.map((path) => (path.startsWith(start) ? path.slice(start.length) : path));
}

export function startOfPaths(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep;
}

/** What a JSON list of texts says; undefined: it is none. Throws what is no JSON. */
export function textList(json: unknown): string[] | undefined {
  if (typeof json !== "string") return undefined;
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) && value.every((text) => typeof text === "string") ? value : undefined;
}
