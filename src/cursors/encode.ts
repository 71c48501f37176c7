/** Cursors to the bytes of a file; `layout.ts` says how they lie there. */
import { pack } from "msgpackr/pack";
import { paddedTo8 } from "../events.ts";
import type { TallyMemory } from "../tally/memory.ts";
import {
  checksumOf,
  type Envelope,
  FORMAT,
  headChecksumOf,
  HEADER_BYTES,
  listPaths,
  MAGIC,
  type Making,
} from "./layout.ts";
import { isDense, type Narrow, paddedBytes, putNumbers, type Width, widthFor } from "./narrow.ts";
import { checksumsOf, lengthsOf } from "./rows.ts";
import { type NarrowTables, TABLE_NAMES, type TableName, TABLES, TABLES_OF_EVENTS } from "./columns.ts";
import type { WideTables } from "./wide.ts";

interface Column {
  readonly table: TableName;
  readonly name: string;
  readonly values: Uint32Array | Float64Array;
  readonly width: Width;
}

/** The bytes of a file, in `memory`. */
export function encodeCursors(
  making: Making,
  paths: readonly string[],
  wide: WideTables,
  memory: TallyMemory,
): Uint8Array {
  const columns = TABLE_NAMES.flatMap((table) => columnsOf(table, wide, memory));
  const envelope: Envelope = {
    ...making,
    paths: listPaths(paths, making.folder),
    texts: JSON.stringify(wide.texts),
    lengths: TABLE_NAMES.map((table) => Object.values(wide[table])[0]?.length ?? 0),
    widths: Uint8Array.from(columns, ({ width }) => width),
  };
  const packed = pack(envelope);
  const bytesOf = ({ width, values }: Column) => paddedBytes(width, values.length);
  const from = paddedTo8(HEADER_BYTES + packed.length);
  const bytes = memory.u8(columns.reduce((sum, column) => sum + bytesOf(column), from));
  bytes.set(packed, HEADER_BYTES);
  const tables: Record<string, Record<string, Narrow>> = {};
  let at = from;
  let headBytes = from;
  for (const column of columns) {
    const { table, name, values, width } = column;
    putNumbers(values, width, bytes, at);
    (tables[table] ??= {})[name] = { address: bytes.byteOffset + at, width, length: values.length };
    at += bytesOf(column);
    if (!(table in TABLES_OF_EVENTS)) headBytes = at;
  }
  const { address, length } = (tables as unknown as NarrowTables).cursor.checksum;
  const sums = new Uint32Array(bytes.buffer, address, length);
  sums.set(checksumsOf(tables as unknown as NarrowTables, lengthsOf(wide.cursor, 0, length), memory));
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_BYTES / 4);
  header.set([...MAGIC, FORMAT, 0, 0, packed.length, headBytes]);
  header[4] = headChecksumOf(bytes, headBytes, memory);
  header[3] = checksumOf(bytes, memory);
  return bytes;
}

function columnsOf(table: TableName, wide: WideTables, memory: TallyMemory): Column[] {
  const columns = Object.keys(TABLES[table]).map((name): Column => {
    const values = (wide[table] as Record<string, Uint32Array | Float64Array>)[name] as Uint32Array;
    if (wide.absolute.has(values)) return { table, name, values, width: 8 };
    // What is in it is not known yet.
    if (values === wide.cursor.checksum) return { table, name, values, width: 4 };
    return { table, name, values, width: widthIn(values, memory) };
  });
  const hasZeros = isDense(
    columns.reduce((sum, { width }) => sum + width, 0),
    columns.length,
  );
  return hasZeros ? columns : columns.map((column) => ({ ...column, width: column.width === 0 ? 1 : column.width }));
}

function widthIn(values: Uint32Array | Float64Array, { native }: TallyMemory): Width {
  const { byteOffset, length } = values;
  if (values instanceof Uint32Array) return widthFor(native.largest(byteOffset, 4, length) >>> 0);
  const most = native.largestWhole(byteOffset, length);
  return most < 0 ? 8 : widthFor(most);
}
