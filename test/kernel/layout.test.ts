import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as host from "../../workers/layout.ts";

/** The numbers of the kernel's own file, which is AssemblyScript and cannot be imported. */
const source = readFileSync(new URL("../../workers/kernel/layout.ts", import.meta.url), "utf8");
const kernel = Object.fromEntries(
  [...source.matchAll(/^export const (\w+): \w+ = (\w+);/gm)].map(([, name, value]) => [name, Number(value)]),
);

test("the kernel's file is read whole", () => {
  expect(Object.keys(kernel)).toHaveLength(source.match(/^export /gm)?.length ?? 0);
  expect(Object.values(kernel).every(Number.isInteger)).toBe(true);
});

test("memory lies where the host thinks", () => {
  const { SCRATCH, SCRATCH_BYTES, ROWS, BUFFER, CELL_BYTES, MAX_KEY_BYTES } = host;
  expect(kernel).toMatchObject({ SCRATCH, SCRATCH_BYTES, ROWS, BUFFER, CELL_BYTES, MAX_KEY_BYTES });
  expect(host.TABLES_END).toBeLessThanOrEqual(host.SCRATCH);
  expect(host.SCRATCH + host.SCRATCH_BYTES).toBeLessThanOrEqual(host.ROWS);
});

test("64 rows of 64 slots fit before the buffer", () => {
  const rowBytes = host.ROW.cells + 64 * host.CELL_BYTES;
  expect(host.ROWS + (kernel["ROW_LIMIT"] ?? Infinity) * rowBytes).toBeLessThanOrEqual(host.BUFFER);
});

test("a row has its parts where the host reads them", () => {
  expect(kernel).toMatchObject({
    ROW_LINE_START: host.ROW.lineStart,
    ROW_LINE_END: host.ROW.lineEnd,
    ROW_STATUS: host.ROW.status,
    ROW_LINE_INDEX: host.ROW.lineIndex,
    ROW_PRESENT: host.ROW.present,
    ROW_ODD: host.ROW.odd,
    ROW_CELLS: host.ROW.cells,
  });
});

test("an entry of a table has its parts where the host writes them", () => {
  expect(kernel).toMatchObject({
    TABLE_ENTRIES: host.ENTRY.tableHeader,
    ENTRY_BYTES: host.ENTRY.bytes,
    ENTRY_FIRST: host.ENTRY.first,
    ENTRY_LAST: host.ENTRY.last,
    ENTRY_SECOND: host.ENTRY.second,
    ENTRY_THIRD: host.ENTRY.third,
    ENTRY_LENGTH: host.ENTRY.length,
    ENTRY_KIND: host.ENTRY.kind,
    ENTRY_SLOT: host.ENTRY.slot,
    ENTRY_CHILD: host.ENTRY.child,
    ENTRY_SUBTREE: host.ENTRY.subtree,
  });
});

test("a status and a kind mean the same on both sides", () => {
  expect(kernel).toMatchObject({
    STATUS_OBJECT: host.STATUS.object,
    STATUS_MALFORMED: host.STATUS.malformed,
    STATUS_VALUE: host.STATUS.value,
    KIND_OBJECT: host.KIND.object,
    KIND_EACH: host.KIND.each,
    KIND_COUNT: host.KIND.count,
    KIND_TIME: host.KIND.time,
    KIND_HASH: host.KIND.hash,
    KIND_TEXT: host.KIND.text,
    KIND_BOOL: host.KIND.flag,
    KIND_ENUM: host.KIND.oneOf,
    KIND_TAG: host.KIND.tag,
    KIND_JSON: host.KIND.json,
  });
});
