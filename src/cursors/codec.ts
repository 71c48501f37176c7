/**
 * Cursors of one project folder to bytes and back (docs/decisions/0005):
 *
 *     magic | format | checksum | envelope bytes | envelope (MessagePack) | columns, each from a multiple of 8 on
 *
 * Bytes that are not exactly what `encodeCursors` writes are no cursors: there is nothing between whole and absent.
 */
import { isAbsolute, sep } from "node:path";
import { pack, unpack } from "msgpackr";
import { paddedTo8 } from "../events.ts";
import { ScanError } from "../errors.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { areWidthsSound, isSound } from "./check.ts";
import { readInto } from "./file.ts";
import { isWidth, type Narrow, paddedBytes, type Width, WIDTHS, widthOf } from "./narrow.ts";
import { CursorTable, type NarrowTables, TABLE_NAMES, type TableName, TABLES } from "./table.ts";
import type { WideTables } from "./wide.ts";

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

export interface DecodedCursors {
  readonly making: Making;
  readonly table: CursorTable;
}

/** Goes up with every change to what stands in the file or to what the engine makes of bytes, whatever the source. */
const FORMAT = 3;
/** "TSIFTCUR" as two numbers; on a machine of the other byte order it is something else, and so no cursor file. */
const MAGIC = [0x46495354, 0x52554354] as const;
const HEADER_BYTES = 32;
/** What the checksum covers begins behind it. */
const CHECKED_FROM = 16;
/** A table this long is nothing that a file could hold. */
const MOST_ELEMENTS = 2 ** 28;

interface Envelope extends Making {
  // JSON lists of texts: read by the engine's own parser, and exact where texts are no well-formed Unicode.
  /** Relative to the project folder where they lie in it. */
  readonly paths: string;
  readonly texts: string;
  /** Elements of each table, and bytes of each column's numbers. */
  readonly lengths: readonly number[];
  readonly widths: Uint8Array;
}

/** The bytes of a file, in `memory`. */
export function encodeCursors(
  making: Making,
  paths: readonly string[],
  texts: readonly string[],
  wide: WideTables,
  memory: TallyMemory,
): Uint8Array {
  const columns: Array<{ readonly values: Uint32Array | Float64Array; readonly width: Width }> = [];
  for (const table of TABLE_NAMES) {
    for (const name of Object.keys(TABLES[table])) {
      const values = (wide[table] as Record<string, Uint32Array | Float64Array>)[name] as Uint32Array;
      columns.push({ values, width: wide.absolute.has(values) ? 8 : widthOf(values) });
    }
  }
  const envelope: Envelope = {
    ...making,
    paths: listPaths(paths, making.folder),
    texts: JSON.stringify(texts),
    lengths: TABLE_NAMES.map((table) => Object.values(wide[table])[0]?.length ?? 0),
    widths: Uint8Array.from(columns, ({ width }) => width),
  };
  const packed = pack(envelope);
  const from = paddedTo8(HEADER_BYTES + packed.length);
  const size = columns.reduce((sum, { values, width }) => sum + paddedBytes(width, values.length), from);
  const bytes = memory.u8(size);
  bytes.set(packed, HEADER_BYTES);
  let at = from;
  for (const { values, width } of columns) {
    new WIDTHS[width](bytes.buffer, bytes.byteOffset + at, values.length).set(values);
    at += paddedBytes(width, values.length);
  }
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_BYTES / 4);
  header.set([...MAGIC, FORMAT, 0, packed.length]);
  header[3] = checksumOf(bytes, memory);
  return bytes;
}

function checksumOf({ byteOffset, length }: Uint8Array, { native }: TallyMemory): number {
  return native.checksum(byteOffset + CHECKED_FROM, length - CHECKED_FROM) >>> 0;
}

/** Paths as they stand in a file. */
export function listPaths(paths: readonly string[], folder: string): string {
  const start = startOfPaths(folder);
  return JSON.stringify(paths.map((path) => (path.startsWith(start) ? path.slice(start.length) : path)));
}

function startOfPaths(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep;
}

/** Paths as `listPaths` wrote them, where they are known already: then they need not be taken apart. */
export interface KnownPaths {
  readonly list: string;
  readonly paths: readonly string[];
}

/** The cursors in a file, their columns in `memory`. Undefined: absent, or no use. */
export function readCursors(path: string, memory: TallyMemory, known?: KnownPaths): DecodedCursors | undefined {
  const start = memory.next;
  const bytes = readInto(memory, path);
  const decoded = bytes && decodeCursors(bytes, memory, known);
  if (!decoded) memory.release(start);
  return decoded;
}

function decodeCursors(
  bytes: Uint8Array<ArrayBuffer>,
  memory: TallyMemory,
  known: KnownPaths | undefined,
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
    const paths = envelope.paths === known?.list ? known.paths : pathList(envelope);
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
    for (const name of Object.keys(TABLES[table])) {
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
