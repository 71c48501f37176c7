/** All cursor files of a cache folder: what is there, and what of it can go. */
import { readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isCodeFile, isStale } from "../code-cache/file.ts";
import { parserVersion } from "../sources/parsers.ts";
import { borrowMemory, returnMemory, type TallyMemory } from "../tally/memory.ts";
import { type DecodedCursors, readCursors } from "./decode.ts";
import { keptEntry, writeCursors } from "./entries.ts";
import { isCursorFile, isGone, isSumsFile, isTemporary, recentBeside } from "./file.ts";
import { areMadeAlike } from "./layout.ts";
import { aboutRows, isRowFile } from "./row-files.ts";
import type { CursorTable } from "./table.ts";
import { isOfUse, sumsFiles } from "../sums/kept.ts";
import { isSourceName } from "../types.ts";

export interface StoreInfo {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  /** Of which there are cursors. */
  readonly transcripts: number;
  /** Bytes of transcripts that need not be read again. */
  readonly transcriptBytes: number;
  /** Files that are damaged or of another version: as good as absent. */
  readonly unusable: number;
  /** When the file that was not written for longest was written; null: there is none. */
  readonly oldestAt: string | null;
  /** Bytes of what V8 compiled of tokensift itself; not among `files` and `bytes`. */
  readonly codeBytes: number;
}

export interface StoredFile {
  readonly name: string;
  readonly path: string;
  /** Undefined: no use. */
  readonly cursors: DecodedCursors | undefined;
  /** Rows in whose place others stand in the file with the newer cursors. */
  readonly superseded: ReadonlySet<number>;
  /** Where they lie until the next file is asked for. */
  readonly memory: TallyMemory;
}

/** The cursor files of a folder, one after the other; none where there is no folder. */
export function* storedFiles(folder: string): Generator<StoredFile> {
  const memory = borrowMemory();
  try {
    for (const name of namesIn(folder)) {
      if (!isCursorFile(name)) continue;
      const path = join(folder, name);
      const cursors = readCursors(path, memory);
      const recent = recentBeside(name);
      const newer = cursors && recent !== undefined ? readCursors(join(folder, recent), memory) : undefined;
      // Those made otherwise are not used together.
      const isUsed = cursors && newer && areMadeAlike(cursors.making, newer.making);
      const superseded = new Set(isUsed ? rowsAlsoIn(cursors.table, newer.table) : []);
      yield { name, path, cursors, superseded, memory };
      memory.clear();
    }
  } finally {
    returnMemory(memory);
  }
}

/** Whether this version made them, so that a scan may use them. */
export function isCurrent({ making }: DecodedCursors): boolean {
  return isSourceName(making.source) && making.parserVersion === parserVersion(making.source);
}

function rowsAlsoIn({ paths }: CursorTable, newer: CursorTable): number[] {
  const also = new Set(newer.paths);
  return [...paths.keys()].filter((row) => also.has(paths[row] as string));
}

export function describeStore(folder: string): StoreInfo {
  const info = { folder, files: 0, bytes: 0, transcripts: 0, transcriptBytes: 0, unusable: 0 };
  let oldestMs = Infinity;
  for (const { path, cursors, superseded } of storedFiles(folder)) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) continue;
    info.files++;
    info.bytes += stat.size;
    oldestMs = Math.min(oldestMs, stat.mtimeMs);
    if (!cursors || !isCurrent(cursors)) {
      info.unusable++;
      continue;
    }
    const rows = [...cursors.table.row.offset].filter((_, row) => !superseded.has(row));
    info.transcripts += rows.length;
    info.transcriptBytes += rows.reduce((sum, offset) => sum + offset, 0);
  }
  for (const path of rowFiles(folder)) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) continue;
    info.files++;
    info.bytes += stat.size;
    oldestMs = Math.min(oldestMs, stat.mtimeMs);
    const about = aboutRows(path);
    if (!about) {
      info.unusable++;
      continue;
    }
    info.transcripts++;
    info.transcriptBytes += about.bytes;
  }
  for (const name of sumsFiles(folder)) {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    if (!stat) continue;
    info.files++;
    info.bytes += stat.size;
    oldestMs = Math.min(oldestMs, stat.mtimeMs);
    if (!isOfUse(folder, name)) info.unusable++;
  }
  const code = codeFiles(folder).map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0);
  const codeBytes = code.reduce((sum, bytes) => sum + bytes, 0);
  return { ...info, oldestAt: oldestMs === Infinity ? null : new Date(oldestMs).toISOString(), codeBytes };
}

export interface Pruned {
  /** Cursors removed: their transcripts are gone. */
  readonly transcripts: number;
  /** Files removed: damaged, of another version, or with nothing left in them. */
  readonly files: number;
}

/** Removes the cursors of transcripts that are gone. Throws what the system says. */
export function pruneStore(folder: string): Pruned {
  const pruned = { transcripts: 0, files: 0 };
  for (const { name, path, cursors, superseded, memory } of storedFiles(folder)) {
    const rows = cursors ? [...cursors.table.paths.keys()] : [];
    const gone = new Set(rows.filter((row) => isGone(cursors?.table.paths[row] as string)));
    const kept = rows.filter((row) => !gone.has(row));
    pruned.transcripts += [...gone].filter((row) => !superseded.has(row)).length;
    if (!cursors || !isCurrent(cursors) || kept.length === 0) {
      rmSync(path, { force: true });
      pruned.files++;
    } else if (kept.length < rows.length) {
      const entries = kept.map((row) => keptEntry(cursors.table, row));
      writeCursors(folder, name, cursors.making, entries, memory);
    }
  }
  for (const path of rowFiles(folder)) {
    const about = aboutRows(path);
    if (about && !isGone(about.database)) continue;
    rmSync(path, { force: true });
    pruned.files++;
    if (about) pruned.transcripts++;
  }
  // After the cursors: those of what was removed go with it.
  for (const name of sumsFiles(folder)) {
    if (isOfUse(folder, name)) continue;
    rmSync(join(folder, name), { force: true });
    pruned.files++;
  }
  for (const name of codeFiles(folder)) {
    if (!isStale(folder, name)) continue;
    rmSync(join(folder, name), { force: true });
    pruned.files++;
  }
  return pruned;
}

/** The files that hold the rows of databases. */
export function rowFiles(folder: string): string[] {
  return namesIn(folder)
    .filter(isRowFile)
    .map((name) => join(folder, name));
}

function codeFiles(folder: string): string[] {
  return namesIn(folder).filter(isCodeFile);
}

/** Removes every file that is ours, and the folder if nothing else is in it. Returns how many. Throws what the system says. */
export function clearStore(folder: string): number {
  const isOurs = (name: string) =>
    [isCursorFile, isSumsFile, isRowFile, isCodeFile, isTemporary].some((is) => is(name));
  const ours = namesIn(folder).filter(isOurs);
  for (const name of ours) rmSync(join(folder, name), { force: true });
  if (ours.length > 0 && namesIn(folder).length === 0) rmdirSync(folder);
  return ours.length;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}
