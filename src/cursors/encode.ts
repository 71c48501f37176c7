/** Cursors to the bytes of a file; `layout.ts` says how they lie there. */
import { pack } from "msgpackr/pack";
import { paddedTo8 } from "../events.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { checksumOf, type Envelope, FORMAT, HEADER_BYTES, listPaths, MAGIC, type Making } from "./layout.ts";
import { isDense, paddedBytes, putNumbers, type Width, widthFor, widthOf } from "./narrow.ts";
import { TABLE_NAMES, TABLES } from "./table.ts";
import type { WideTables } from "./wide.ts";

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
    const all = Object.keys(TABLES[table]).map((name) => {
      const values = (wide[table] as Record<string, Uint32Array | Float64Array>)[name] as Uint32Array;
      return { values, width: wide.absolute.has(values) ? 8 : widthIn(values, memory) };
    });
    const hasZeros = isDense(all.map(({ width }) => width));
    for (const { values, width } of all) columns.push({ values, width: hasZeros || width > 0 ? width : 1 });
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
    putNumbers(values, width, bytes, at);
    at += paddedBytes(width, values.length);
  }
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_BYTES / 4);
  header.set([...MAGIC, FORMAT, 0, packed.length]);
  header[3] = checksumOf(bytes, memory);
  return bytes;
}

function widthIn(values: Uint32Array | Float64Array, { buffer, native }: TallyMemory): Width {
  const isThere = values instanceof Uint32Array && values.buffer === buffer;
  return isThere ? widthFor(native.largest(values.byteOffset, 4, values.length) >>> 0) : widthOf(values);
}
