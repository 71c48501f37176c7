/** Cursors that are to be kept, and how they get into a file. */
import { merge } from "../merge.ts";
import { PartList, type ScannedBatch } from "../parts.ts";
import { encodeCursors } from "./encode.ts";
import type { Making } from "./layout.ts";
import { fileName, replaceFile } from "./file.ts";
import type { TallyMemory } from "../tally/memory.ts";
import type { CursorTable } from "./table.ts";
import { type Bookmark, tablesOf } from "./wide.ts";

export interface ScannedRange {
  readonly scanned: ScannedBatch;
  readonly range: number;
}

/** One transcript's cursor: what the one before had, then what was scanned. */
export interface Entry {
  readonly path: string;
  /** A number: as that row of the table before has it. */
  readonly bookmark: Bookmark | number;
  /** Of the table before; undefined: nothing of it. */
  readonly row: number | undefined;
  readonly ranges: readonly ScannedRange[];
}

/** A cursor as it stands. */
export function keptEntry(table: CursorTable, row: number): Entry {
  return { path: table.paths[row] as string, bookmark: row, row, ranges: [] };
}

/** Writes the cursors of a project, in path order; `memory` has what `before` has. Throws what the system says. */
export function writeCursors(
  folder: string,
  making: Making,
  before: CursorTable | undefined,
  entries: readonly Entry[],
  memory: TallyMemory,
): void {
  const start = memory.next;
  try {
    const list = new PartList();
    for (const [i, { row, ranges }] of entries.entries()) {
      if (row !== undefined && before) list.addCursor(before, row, i);
      for (const { scanned, range } of ranges) {
        list.addRange(scanned, range, i - (scanned.columns.range.transcript[range] as number));
      }
    }
    const merged = merge(list.parts, entries.length, {
      memory,
      listsSkipped: "of each transcript",
      hasSpareEvents: false,
    });
    const tables = tablesOf(
      merged,
      entries.map(({ bookmark }) => bookmark),
      before?.row,
    );
    const bytes = encodeCursors(
      making,
      entries.map(({ path }) => path),
      merged.texts,
      tables,
      memory,
    );
    replaceFile(folder, fileName(making.source, making.folder), bytes);
  } finally {
    memory.release(start);
  }
}
