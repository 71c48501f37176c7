/** Sums to the bytes of a file; `layout.ts` says how they lie there. */
import { pack } from "msgpackr/pack";
import { checksumOf } from "../cursors/layout.ts";
import { paddedBytes, putNumbers, widthOf } from "../cursors/narrow.ts";
import { paddedTo8 } from "../events.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { SUM_TABLES, type SumTables } from "./columns.ts";
import { type Envelope, FORMAT, HEADER_BYTES, MAGIC, TABLE_NAMES } from "./layout.ts";

/** The bytes of a file, in `memory`. Takes the columns over and changes them. */
export function encodeSums(
  key: string,
  files: readonly string[],
  models: readonly string[],
  tables: SumTables,
  memory: TallyMemory,
): Uint8Array {
  const firstQuarter = tables.sum.quarter.reduce((least, quarter) => Math.min(least, quarter), 2 ** 32 - 1);
  tables.sum.quarter.forEach((quarter, i) => (tables.sum.quarter[i] = quarter - firstQuarter));
  const columns = TABLE_NAMES.flatMap((table) => columnsOf(Object.keys(SUM_TABLES[table]), tables[table]));
  const envelope: Envelope = {
    key,
    files: JSON.stringify(files),
    models: JSON.stringify(models),
    firstQuarter,
    lengths: TABLE_NAMES.map((table) => Object.values(tables[table])[0]?.length ?? 0),
    widths: Uint8Array.from(columns, ({ width }) => width),
  };
  const packed = pack(envelope);
  const from = paddedTo8(HEADER_BYTES + packed.length);
  const bytes = memory.u8(columns.reduce((sum, { values, width }) => sum + paddedBytes(width, values.length), from));
  bytes.set(packed, HEADER_BYTES);
  let at = from;
  for (const { values, width } of columns) {
    putNumbers(values, width, bytes, at);
    at += paddedBytes(width, values.length);
  }
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_BYTES / 4);
  header.set([...MAGIC, FORMAT, 0, packed.length]);
  header[3] = checksumOf(bytes, memory);
  return bytes;
}

/**
 * As narrow as their numbers let them be, but a byte an element at least: what is made of a file is not to be far
 * larger than it is.
 */
function columnsOf(names: readonly string[], table: Readonly<Record<string, Uint32Array | Float64Array>>) {
  const columns = names.map((name) => {
    const values = table[name] as Uint32Array;
    return { values, width: widthOf(values) };
  });
  const [first] = columns;
  if (first && columns.every(({ width }) => width === 0)) first.width = 1;
  return columns;
}
