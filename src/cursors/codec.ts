/**
 * Cursors of one project folder to bytes and back (docs/decisions/0005):
 *
 *     magic | format | checksum | envelope bytes | envelope (MessagePack) | columns, each from a multiple of 8 on
 *
 * Bytes that are not exactly what `encodeCursors` writes are no cursors: there is nothing between whole and absent.
 */
import { crc32 } from "node:zlib";
import { pack, unpack } from "msgpackr";
import { allocate, type Columns } from "../events.ts";
import { isSound } from "./check.ts";
import { readBytes } from "./file.ts";
import { isWidth, type Narrow, paddedBytes, type Width, WIDTHS, widthOf } from "./narrow.ts";
import { CURSOR, CursorTable, type NarrowTables, TABLE_NAMES, type TableName, TABLES } from "./table.ts";
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
const FORMAT = 2;
/** "TSIFTCUR" as two numbers; on a machine of the other byte order it is something else, and so no cursor file. */
const MAGIC = [0x46495354, 0x52554354] as const;
const HEADER_BYTES = 32;
/** What the checksum covers begins behind it. */
const CHECKED_FROM = 16;
/** A table this long is nothing that a file could hold. */
const MOST_ELEMENTS = 2 ** 28;

interface Envelope extends Making {
  /** JSON lists of texts: read by the engine's own parser, and exact where texts are no well-formed Unicode. */
  readonly paths: string;
  readonly texts: string;
  /** Elements of each table, and bytes of each column's numbers. */
  readonly lengths: readonly number[];
  readonly widths: Uint8Array;
}

export function encodeCursors(making: Making, paths: readonly string[], texts: readonly string[], wide: WideTables) {
  const columns: Array<{ readonly values: Uint32Array | Float64Array; readonly width: Width }> = [];
  for (const table of TABLE_NAMES) {
    for (const name of Object.keys(TABLES[table])) {
      const values = (wide[table] as Record<string, Uint32Array | Float64Array>)[name] as Uint32Array;
      columns.push({ values, width: wide.absolute.has(values) ? 8 : widthOf(values) });
    }
  }
  const envelope: Envelope = {
    ...making,
    paths: JSON.stringify(paths),
    texts: JSON.stringify(texts),
    lengths: TABLE_NAMES.map((table) => Object.values(wide[table])[0]?.length ?? 0),
    widths: Uint8Array.from(columns, ({ width }) => width),
  };
  const packed = pack(envelope);
  const from = Math.ceil((HEADER_BYTES + packed.length) / 8) * 8;
  const size = columns.reduce((sum, { values, width }) => sum + paddedBytes(width, values.length), from);
  const bytes = new Uint8Array(size);
  bytes.set(packed, HEADER_BYTES);
  let at = from;
  for (const { values, width } of columns) {
    new WIDTHS[width](bytes.buffer, at, values.length).set(values);
    at += paddedBytes(width, values.length);
  }
  const header = new Uint32Array(bytes.buffer, 0, HEADER_BYTES / 4);
  header.set([...MAGIC, FORMAT, 0, packed.length]);
  header[3] = crc32(bytes.subarray(CHECKED_FROM));
  return bytes;
}

/** Undefined: absent, or no use. */
export function readCursors(path: string): DecodedCursors | undefined {
  const bytes = readBytes(path);
  return bytes && decodeCursors(bytes);
}

/** The cursors in a file's bytes, which have to begin a buffer of their own; undefined when they are none. */
function decodeCursors(bytes: Uint8Array<ArrayBuffer>): DecodedCursors | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const [low, high, format, checksum, packedBytes = 0] = new Uint32Array(bytes.buffer, 0, HEADER_BYTES / 4);
  if (low !== MAGIC[0] || high !== MAGIC[1] || format !== FORMAT) return undefined;
  if (packedBytes > bytes.length - HEADER_BYTES || checksum !== crc32(bytes.subarray(CHECKED_FROM))) return undefined;
  try {
    const envelope = checkEnvelope(unpack(bytes.subarray(HEADER_BYTES, HEADER_BYTES + packedBytes)));
    if (!envelope) return undefined;
    return openTables(envelope, bytes.buffer, Math.ceil((HEADER_BYTES + packedBytes) / 8) * 8);
  } catch {
    // Only what is no MessagePack or no JSON comes here: a forged file.
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

function openTables(envelope: Envelope, buffer: ArrayBuffer, from: number): DecodedCursors | undefined {
  const { source, parserVersion, maxLineBytes, folder, lengths, widths } = envelope;
  const tables: Partial<Record<TableName, Record<string, Narrow>>> = {};
  let at = from;
  let column = 0;
  for (const [i, table] of TABLE_NAMES.entries()) {
    const columns: Record<string, Narrow> = {};
    const length = lengths[i] as number;
    for (const name of Object.keys(TABLES[table])) {
      const width = widths[column++] as Width;
      const bytes = paddedBytes(width, length);
      // Before anything is made of it: a column has as many bytes as it says.
      if (width === undefined || at + bytes > buffer.byteLength) return undefined;
      columns[name] = new WIDTHS[width](buffer, at, length);
      at += bytes;
    }
    tables[table] = columns;
  }
  if (at !== buffer.byteLength || column !== widths.length) return undefined;
  const paths = textList(envelope.paths);
  const texts = textList(envelope.texts);
  const narrow = tables as NarrowTables;
  const row = widenRows(narrow.cursor);
  if (!row || !paths || !texts || paths.length !== row.offset.length || texts[0] !== "") return undefined;
  const table = new CursorTable(paths, texts, row, narrow);
  return isSound(table, narrow) ? { making: { source, parserVersion, maxLineBytes, folder }, table } : undefined;
}

function textList(json: string): string[] | undefined {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) && value.every((text) => typeof text === "string") ? value : undefined;
}

/** Rows are few and read one by one, so they are made wide at once. */
function widenRows(narrow: NarrowTables["cursor"]): Columns<typeof CURSOR> | undefined {
  const row = allocate(CURSOR, narrow.offset.length);
  for (const [name, column] of Object.entries(narrow) as Array<[keyof typeof CURSOR, Narrow]>) {
    if (CURSOR[name] === Uint32Array && column instanceof Float64Array) return undefined;
    row[name].set(column);
  }
  return row;
}
