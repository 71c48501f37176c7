/** Cursors that are to be kept, and how they get into a file. */
import { merge } from "../merge.ts";
import { PartList, type ScannedBatch } from "../parts.ts";
import { encodeCursors } from "./encode.ts";
import type { Making } from "./layout.ts";
import { replaceFile } from "./file.ts";
import type { TallyMemory } from "../tally/memory.ts";
import type { CursorAt, CursorTable } from "./table.ts";
import { type Bookmark, tablesOf } from "./wide.ts";

export interface ScannedRange {
  readonly scanned: ScannedBatch;
  readonly range: number;
}

/** One transcript's cursor: what the one before had, then what was scanned. */
export interface Entry {
  readonly path: string;
  /** A cursor: as that one has it. */
  readonly bookmark: Bookmark | CursorAt;
  /** What comes before the ranges. */
  readonly before: CursorAt | undefined;
  readonly ranges: readonly ScannedRange[];
}

/** A cursor as it stands. */
export function keptEntry(table: CursorTable, row: number): Entry {
  const before = { table, row };
  return { path: table.paths[row] as string, bookmark: before, before, ranges: [] };
}

/** Writes cursors, in path order, to the file of this name; `memory` has the tables they come from. Throws what the system says. */
export function writeCursors(
  folder: string,
  name: string,
  making: Making,
  entries: readonly Entry[],
  memory: TallyMemory,
): void {
  const start = memory.next;
  try {
    const list = new PartList();
    const rowsOf = new Map<CursorTable, number[]>();
    for (const [i, { before, ranges }] of entries.entries()) {
      if (before) {
        list.addCursor(before.table, before.row, i);
        const rows = rowsOf.get(before.table);
        if (rows) rows.push(before.row);
        else rowsOf.set(before.table, [before.row]);
      }
      for (const { scanned, range } of ranges) {
        list.addRange(scanned, range, i - (scanned.columns.range.transcript[range] as number));
      }
    }
    for (const [table, rows] of rowsOf) table.load(rows);
    const merging = { memory, listsSkipped: "of each transcript", hasSpareEvents: false } as const;
    const merged = withTextsOf([...rowsOf], () => merge(list.parts, entries.length, merging));
    const tables = tablesOf(
      merged,
      entries.map(({ bookmark }) => bookmark),
    );
    const bytes = encodeCursors(
      making,
      entries.map(({ path }) => path),
      tables,
      memory,
    );
    replaceFile(folder, name, bytes);
  } finally {
    memory.release(start);
  }
}

/** Calls `use` while tables have no texts but those of the rows that are taken from them. */
function withTextsOf<T>(taken: ReadonlyArray<readonly [CursorTable, readonly number[]]>, use: () => T): T {
  const [first, ...others] = taken;
  if (!first) return use();
  const [table, rows] = first;
  return table.withTextsOf(rows, () => withTextsOf(others, use));
}
