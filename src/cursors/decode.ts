/** The bytes of a file to cursors, or to nothing where they are no use; `layout.ts` says how they lie there. */
import { isAbsolute } from "node:path";
import { unpack } from "msgpackr/unpack";
import { paddedTo8 } from "../events.ts";
import { ScanError } from "../errors.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { areEventsSound, isHeadSound } from "./check.ts";
import { type NarrowTables, TABLE_NAMES, type TableName, TABLES, TABLES_OF_EVENTS } from "./columns.ts";
import { CursorFile } from "./file.ts";
import {
  areListed,
  checksumOf,
  type Envelope,
  FORMAT,
  headChecksumOf,
  HEADER_BYTES,
  MAGIC,
  type Making,
  startOfPaths,
  textList,
} from "./layout.ts";
import { isDense, isWidth, MOST_ELEMENTS, type Narrow, paddedBytes, type Width } from "./narrow.ts";
import { CursorTable, type Version } from "./table.ts";
import { UnreadColumns } from "./unread-columns.ts";

export interface DecodedCursors {
  readonly making: Making;
  readonly table: CursorTable;
}

export interface Reading {
  /** Paths that may be all of the file's: then they are not taken apart. */
  readonly known?: readonly string[] | undefined;
  /** Leaves what hangs on events of some cursors unread until rows are asked for (`CursorTable.load`). */
  readonly isHeadEnough?: ((version: Version) => boolean) | undefined;
  /** And leaves their files open, so that these are read then whatever has taken their place. */
  readonly keepsOpen?: boolean | undefined;
}

/** The cursors in a file, their columns in `memory`. Undefined: absent, or no use. */
export function readCursors(
  path: string,
  memory: TallyMemory,
  { known, isHeadEnough, keepsOpen = false }: Reading = {},
): DecodedCursors | undefined {
  const start = memory.next;
  const file = CursorFile.open(path, memory);
  let decoded: DecodedCursors | undefined;
  try {
    const head = file && readHeader(file);
    decoded = head && decodeCursors(file, head, isHeadEnough?.(versionOf(head)) === true, memory, known);
  } finally {
    if (!keepsOpen || decoded?.table.isWhole !== false) file?.close();
    if (!decoded) memory.release(start);
  }
  return decoded;
}

interface Header {
  readonly checksum: number;
  readonly headChecksum: number;
  readonly packedBytes: number;
  readonly headBytes: number;
}

function versionOf({ checksum, headChecksum }: Header): Version {
  return { low: checksum, high: headChecksum };
}

/** Undefined: what the file has there is none. */
function readHeader(file: CursorFile): Header | undefined {
  const { bytes } = file;
  if (bytes.length < HEADER_BYTES || !file.read(0, HEADER_BYTES)) return undefined;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_BYTES / 4);
  const [low, high, format, checksum = 0, headChecksum = 0, packedBytes = 0, headBytes = 0] = words;
  if (low !== MAGIC[0] || high !== MAGIC[1] || format !== FORMAT) return undefined;
  if (headBytes > bytes.length || packedBytes > headBytes - HEADER_BYTES) return undefined;
  return { checksum, headChecksum, packedBytes, headBytes };
}

function decodeCursors(
  file: CursorFile,
  header: Header,
  isHeadEnough: boolean,
  memory: TallyMemory,
  known: readonly string[] | undefined,
): DecodedCursors | undefined {
  const { bytes } = file;
  const { checksum, headChecksum, packedBytes, headBytes } = header;
  if (!file.read(HEADER_BYTES, isHeadEnough ? headBytes : bytes.length)) return undefined;
  const isWhole = isHeadEnough
    ? headChecksum === headChecksumOf(bytes, headBytes, memory)
    : checksum === checksumOf(bytes, memory);
  if (!isWhole) return undefined;
  try {
    // Copied: texts are not decoded from memory that threads could share.
    const packed = bytes.slice(HEADER_BYTES, HEADER_BYTES + packedBytes);
    const envelope = checkEnvelope(unpack(packed));
    const tables = envelope && openTables(envelope, bytes, paddedTo8(HEADER_BYTES + packedBytes), headBytes);
    if (!tables) return undefined;
    const { source, parserVersion, maxLineBytes, folder } = envelope;
    const paths = known && areListed(envelope.paths, known, folder) ? known : pathList(envelope);
    const texts = textList(envelope.texts);
    if (!paths || !texts || paths.length !== tables.cursor.offset.length || texts[0] !== "") return undefined;
    const unread = isHeadEnough ? new UnreadColumns(file, headBytes, memory) : undefined;
    const about = { source, version: versionOf(header) };
    const table = new CursorTable(paths, texts, tables, memory, about, unread);
    const isSound =
      isHeadSound(table, tables, memory) && (isHeadEnough || areEventsSound(table, tables, 0, paths.length, memory));
    return isSound ? { making: { source, parserVersion, maxLineBytes, folder }, table } : undefined;
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

/** The columns of each table in their order; of dozens of files, so nothing of this is worked out for each. */
const LAYOUT = TABLE_NAMES.map((table) => ({
  table,
  isOfEvents: table in TABLES_OF_EVENTS,
  names: Object.keys(TABLES[table]),
  mostBytes: Object.values(TABLES[table]).map((type) => (type === Float64Array ? 8 : 4)),
}));

/** Where the columns of a file lie; undefined when they are not all the rest of its bytes, or the head ends elsewhere. */
function openTables(
  { lengths, widths }: Envelope,
  { byteOffset, length: end }: Uint8Array,
  from: number,
  headBytes: number,
): NarrowTables | undefined {
  const tables: Partial<Record<TableName, Record<string, Narrow>>> = {};
  let at = from;
  let column = 0;
  let headEnd = from;
  for (let i = 0; i < LAYOUT.length; i++) {
    const { table, isOfEvents, names, mostBytes } = LAYOUT[i] as (typeof LAYOUT)[number];
    const length = lengths[i] as number;
    const columns: Record<string, Narrow> = {};
    let bytes = 0;
    for (let c = 0; c < names.length; c++, column++) {
      const width = widths[column] as Width;
      // Before anything is made of it: a column has as many bytes as it says, and whole numbers are such.
      if (width === undefined || width > (mostBytes[c] as number) || at + paddedBytes(width, length) > end)
        return undefined;
      columns[names[c] as string] = { address: byteOffset + at, width, length };
      at += paddedBytes(width, length);
      bytes += width;
    }
    if (!isDense(bytes, names.length)) return undefined;
    tables[table] = columns;
    if (!isOfEvents) headEnd = at;
  }
  return headEnd === headBytes && at === end && column === widths.length ? (tables as NarrowTables) : undefined;
}

function pathList({ paths, folder }: Envelope): string[] | undefined {
  const start = startOfPaths(folder);
  return textList(paths)?.map((path) => (isAbsolute(path) ? path : start + path));
}
