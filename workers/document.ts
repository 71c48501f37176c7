/** Reads a transcript that is one document: as a whole or not at all. */
import { closeSync, openSync, readSync } from "node:fs";
import { hashBytes, IDENTITY_BYTES } from "../src/cursors/hash.ts";
import type { ByteRange, ScanLimits } from "../src/plan.ts";
import type { Source } from "../src/sources/source.ts";
import { BOM, hasBom } from "./bom.ts";
import type { RowCells } from "./cells.ts";
import type { EventColumns } from "./event-columns.ts";
import type { Kernel } from "./kernel.ts";
import { BUFFER, STATUS } from "./layout.ts";

export function readDocument(
  range: ByteRange,
  kernel: Kernel,
  cells: RowCells,
  source: Source,
  events: EventColumns,
  limits: ScanLimits,
): void {
  const totals = { lines: 0, records: 0, bytesRead: 0, committed: 0 };
  try {
    if (range.content === undefined && range.size > limits.maxLineBytes) {
      events.skip("oversized", 0, 0);
    } else {
      const bytes = range.content ? Buffer.from(range.content) : readAll(range);
      if (!range.content) totals.bytesRead = bytes.length;
      const lines = bytes.length === range.size ? source.unpack?.(bytes, range.path) : undefined;
      if (lines === undefined) {
        if (range.size > 0) events.skip("pending", 0, 0);
      } else {
        // Lines that were made up are as long as they come: the document itself was measured.
        const [bytesOfLines, longest] =
          typeof lines === "string" ? [Buffer.from(lines), Infinity] : [lines, limits.maxLineBytes];
        totals.records = takeLines(bytesOfLines, longest, kernel, cells, source, events);
        totals.committed = bytes.length;
        // Whoever looks for messages again has to read all of it.
        events.endLine(bytes.length);
        if (limits.identifies) identify(bytes, events);
      }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    events.unreadable(range.transcript, code);
  } finally {
    events.endRange(totals);
  }
}

/** As far as it went when it was listed. */
function readAll({ path, size }: ByteRange): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  const file = openSync(path, "r");
  try {
    let filled = 0;
    for (let got = -1; filled < size && got !== 0; filled += got)
      got = readSync(file, bytes, filled, size - filled, filled);
    return bytes.subarray(0, filled);
  } finally {
    closeSync(file);
  }
}

/** Returns how many records there are. What is bad is said to be at the start: a document has no lines of its own. */
function takeLines(
  lines: Buffer,
  longest: number,
  kernel: Kernel,
  cells: RowCells,
  source: Source,
  events: EventColumns,
): number {
  if (lines.length > kernel.room) kernel.makeRoom(lines.length);
  kernel.bytes.set(lines, BUFFER);
  kernel.resetLines();
  const end = BUFFER + lines.length;
  let records = 0;
  let from = BUFFER + (hasBom(lines, 0) ? BOM.length : 0);
  do {
    from = kernel.scan(from, end, end, true);
    records += kernel.takeCount();
    for (let row = 0; row < kernel.rowCount; row++) {
      cells.moveTo(row);
      if (cells.lineEnd - cells.lineStart > longest) events.skip("oversized", 0, 0);
      else if (cells.status === STATUS.object && source.decode(cells, events)) records++;
      else if (cells.status !== STATUS.value) events.skip("malformed", 0, 0);
    }
  } while (kernel.rowsAreFull);
  return records;
}

function identify(bytes: Buffer, events: EventColumns): void {
  events.identify("head", hashBytes(bytes.subarray(0, IDENTITY_BYTES)));
  events.identify("anchor", hashBytes(bytes.subarray(Math.max(0, bytes.length - IDENTITY_BYTES))));
}
