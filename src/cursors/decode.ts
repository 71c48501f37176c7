/** The bytes of a file to cursors, or to nothing where they are no use; `layout.ts` says how they lie there. */
import { isAbsolute } from "node:path";
import { unpack } from "msgpackr/unpack";
import { paddedTo8 } from "../events.ts";
import { ScanError } from "../errors.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { areWidthsSound, isSound } from "./check.ts";
import { readInto } from "./file.ts";
import {
  areListed,
  checksumOf,
  type Envelope,
  FORMAT,
  HEADER_BYTES,
  MAGIC,
  type Making,
  startOfPaths,
} from "./layout.ts";
import { isDense, isWidth, type Narrow, paddedBytes, type Width } from "./narrow.ts";
import { CursorTable, type NarrowTables, TABLE_NAMES, type TableName, TABLES } from "./table.ts";

export interface DecodedCursors {
  readonly making: Making;
  readonly table: CursorTable;
}

/** A table this long is nothing that a file could hold. */
const MOST_ELEMENTS = 2 ** 28;

/**
 * The cursors in a file, their columns in `memory`. Undefined: absent, or no use. Where its paths are those known
 * already they are not taken apart.
 */
export function readCursors(path: string, memory: TallyMemory, known?: readonly string[]): DecodedCursors | undefined {
  const start = memory.next;
  const bytes = readInto(memory, path);
  const decoded = bytes && decodeCursors(bytes, memory, known);
  if (!decoded) memory.release(start);
  return decoded;
}

function decodeCursors(
  bytes: Uint8Array<ArrayBuffer>,
  memory: TallyMemory,
  known: readonly string[] | undefined,
): DecodedCursors | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const [low, high, format, checksum, packedBytes = 0] = new Uint32Array(
    bytes.buffer,
    bytes.byteOffset,
    HEADER_BYTES / 4,
  );
  if (low !== MAGIC[0] || high !== MAGIC[1] || format !== FORMAT) return undefined;
  if (packedBytes > bytes.length - HEADER_BYTES || checksum !== checksumOf(bytes, memory)) return undefined;
  try {
    // Copied: texts are not decoded from memory that threads could share.
    const packed = bytes.slice(HEADER_BYTES, HEADER_BYTES + packedBytes);
    const envelope = checkEnvelope(unpack(packed));
    const tables = envelope && openTables(envelope, bytes, paddedTo8(HEADER_BYTES + packedBytes));
    if (!tables) return undefined;
    const { source, parserVersion, maxLineBytes, folder } = envelope;
    const paths = known && areListed(envelope.paths, known, folder) ? known : pathList(envelope);
    const texts = textList(envelope.texts);
    if (!paths || !texts || paths.length !== tables.cursor.offset.length || texts[0] !== "") return undefined;
    const table = new CursorTable(paths, texts, tables, memory);
    return isSound(table, tables, memory)
      ? { making: { source, parserVersion, maxLineBytes, folder }, table }
      : undefined;
  } catch (error) {
    // Else only what is no MessagePack or no JSON comes here: a forged file.
    if (error instanceof ScanError) throw error;
    return undefined;
  }
}

function checkEnvelope(value: unknown): Envelope | undefined {
  const envelope = value as Partial<Envelope> | null;
  if (typeof envelope !== "object" || envelope === null) return undefined;
  const { source, parserVersion, maxLineBytes, folder, paths, texts, lengths, widths } = envelope;
  const isWhole =
    typeof source === "string" &&
    typeof folder === "string" &&
    typeof paths === "string" &&
    typeof texts === "string" &&
    Number.isSafeInteger(parserVersion) &&
    Number.isSafeInteger(maxLineBytes) &&
    Array.isArray(lengths) &&
    lengths.length === TABLE_NAMES.length &&
    lengths.every((length) => Number.isInteger(length) && length >= 0 && length <= MOST_ELEMENTS) &&
    widths instanceof Uint8Array &&
    widths.every(isWidth);
  return isWhole ? (envelope as Envelope) : undefined;
}

/** Where the columns of a file lie; undefined when they are not all the rest of its bytes. */
function openTables(
  { lengths, widths }: Envelope,
  { byteOffset, length: end }: Uint8Array,
  from: number,
): NarrowTables | undefined {
  const tables: Partial<Record<TableName, Record<string, Narrow>>> = {};
  let at = from;
  let column = 0;
  for (const [i, table] of TABLE_NAMES.entries()) {
    const columns: Record<string, Narrow> = {};
    const length = lengths[i] as number;
    const names = Object.keys(TABLES[table]);
    if (!isDense([...widths.subarray(column, column + names.length)] as Width[])) return undefined;
    for (const name of names) {
      const width = widths[column++] as Width;
      // Before anything is made of it: a column has as many bytes as it says.
      if (width === undefined || at + paddedBytes(width, length) > end) return undefined;
      columns[name] = { address: byteOffset + at, width, length };
      at += paddedBytes(width, length);
    }
    tables[table] = columns;
  }
  if (at !== end || column !== widths.length) return undefined;
  const narrow = tables as NarrowTables;
  return areWidthsSound(narrow) ? narrow : undefined;
}

function pathList({ paths, folder }: Envelope): string[] | undefined {
  const start = startOfPaths(folder);
  return textList(paths)?.map((path) => (isAbsolute(path) ? path : start + path));
}

function textList(json: string): string[] | undefined {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) && value.every((text) => typeof text === "string") ? value : undefined;
}
