/**
 * Cursors: how far each transcript has been read, and what had been found by then. They are derived data: without
 * them, or with ones that are no use, a scan reads more and says the same.
 */
import { join, sep } from "node:path";
import type { Transcript } from "../discover/transcript.ts";
import { type Part, PartList, type ScannedBatch } from "../parts.ts";
import type { Unread } from "../plan.ts";
import { sourceNamed } from "../sources/index.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { listPaths, type Making, readCursors } from "./codec.ts";
import { type Entry, keptEntry, type ScannedRange, writeCursors } from "./entries.ts";
import { fileName, makeFolder, sweep } from "./file.ts";
import { ageOf } from "./identity.ts";
import { Project, type Member } from "./project.ts";
import { TaskPattern } from "../sources/task-ids.ts";
import type { Outdated } from "./tasks.ts";
import type { CursorTable } from "./table.ts";
import { type Bookmark, bookmarkAt } from "./wide.ts";
import { IDENTITY_BYTES, type Hash } from "./hash.ts";

export interface CursorOptions {
  /** Where cursor files are. */
  readonly folder: string;
  readonly maxLineBytes: number;
  /** What was looked at. */
  readonly roots: readonly string[];
  /** A time before the transcripts' stamps were taken. */
  readonly takenMs: number;
  /** Where cursors are read into. */
  readonly memory: TallyMemory;
}

/** What was scanned of a transcript. */
interface ScannedTranscript {
  readonly ranges: ScannedRange[];
  offset: number;
  head: Hash | undefined;
  anchor: Hash | undefined;
}

export class Cursors {
  readonly #transcripts: readonly Transcript[];
  readonly #options: CursorOptions;
  readonly #projects: Project[] = [];
  /** By transcript. */
  readonly #members: Member[] = [];
  readonly #tables: Array<CursorTable | undefined> = [];
  readonly #corrected = new Set<CursorTable>();
  #tasksBytesRead = 0;

  /** Reads the cursors of these transcripts and compares the two. */
  constructor(transcripts: readonly Transcript[], options: CursorOptions) {
    this.#transcripts = transcripts;
    this.#options = options;
    const roots = options.roots.map((root) => (root.endsWith(sep) ? root : root + sep));
    const wasLookedFor = (path: string) => roots.some((root) => `${path}${sep}`.startsWith(root));
    for (const numbers of projectsOf(transcripts)) {
      const { source, projectFolder } = transcripts[numbers[0] as number] as Transcript;
      const paths = numbers.map((t) => (transcripts[t] as Transcript).path);
      const table = this.#read(this.#making(source, projectFolder), paths);
      const project = new Project(projectFolder, transcripts, numbers, table, wasLookedFor);
      this.#projects.push(project);
      for (const member of project.members) {
        this.#members[member.transcript] = member;
        this.#tables[member.transcript] = table;
      }
    }
  }

  #making(source: Transcript["source"], folder: string): Making {
    return { source, parserVersion: sourceNamed(source).version, maxLineBytes: this.#options.maxLineBytes, folder };
  }

  #read(making: Making, paths: readonly string[]): CursorTable | undefined {
    const { folder, memory } = this.#options;
    const known = { list: listPaths(paths, making.folder), paths };
    const decoded = readCursors(join(folder, fileName(making.source, making.folder)), memory, known);
    if (!decoded) return undefined;
    const names = ["source", "parserVersion", "maxLineBytes", "folder"] as const;
    return names.every((name) => decoded.making[name] === making[name]) ? decoded.table : undefined;
  }

  /** What is left to read, in path order. */
  get unread(): Unread[] {
    return this.#members.flatMap(({ transcript: t, row, isWhole, before }) => {
      if (isWhole) return [];
      const { source, path, content, sizeBytes } = this.#transcripts[t] as Transcript;
      const start = row === undefined ? 0 : (this.#tables[t]?.row.offset[row] ?? 0);
      return { transcript: t, source, path, ...(content && { content }), start, ...(before && { before }), sizeBytes };
    });
  }

  /**
   * Looks anew for tasks in first messages where they were found with another pattern: reads no more than these
   * messages, and corrects the cursors.
   */
  async findTasksAnew(pattern: string): Promise<void> {
    const { hash } = new TaskPattern(pattern);
    const outdated = this.#members.flatMap(({ transcript: t, row }): Outdated[] => {
      const table = this.#tables[t];
      if (row === undefined || !table || table.row.messages[row] === 0) return [];
      if (table.texts[table.row.taskPattern[row] as number] === hash) return [];
      return [{ transcript: this.#transcripts[t] as Transcript, table, row }];
    });
    if (outdated.length === 0) return;
    const { findTasks } = await import("./tasks.ts");
    this.#tasksBytesRead += await findTasks(outdated, pattern, this.#options.maxLineBytes);
    for (const { table } of outdated) this.#corrected.add(table);
  }

  /** Transcripts that need not be opened. */
  get unchanged(): number {
    return this.#members.reduce((count, { isUnchanged }) => count + (isUnchanged ? 1 : 0), 0);
  }

  /** Bytes of transcripts read to see whether they are still the same. */
  get bytesRead(): number {
    return this.#projects.reduce((sum, { bytesRead }) => sum + bytesRead, this.#tasksBytesRead);
  }

  /** Everything that is known of the transcripts, in order. */
  parts(scanned: readonly ScannedBatch[]): Part[] {
    const list = new PartList();
    const ranges = rangesInOrder(scanned);
    let next = ranges.next();
    for (const [t, { row }] of this.#members.entries()) {
      const table = this.#tables[t];
      if (row !== undefined && table) list.addCursor(table, row, t);
      for (; !next.done && next.value.transcript === t; next = ranges.next()) {
        list.addRange(next.value.scanned, next.value.range);
      }
    }
    return list.parts;
  }

  /** Writes what has changed. Returns why it could not, as the system's code. */
  save(scanned: readonly ScannedBatch[]): string | undefined {
    const found = this.#scannedTranscripts(scanned);
    const unreadable = new Set(scanned.flatMap(({ batch }) => batch.unreadable.map(({ transcript }) => transcript)));
    const changed = this.#projects.filter((project) => this.#hasChanged(project, found, unreadable));
    if (changed.length === 0) return undefined;
    const { folder, takenMs } = this.#options;
    try {
      makeFolder(folder);
      for (const project of changed) this.#write(project, found, unreadable);
      sweep(folder, takenMs);
      return undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      return code;
    }
  }

  #hasChanged(project: Project, found: Map<number, ScannedTranscript>, unreadable: ReadonlySet<number>): boolean {
    return (
      project.hasMoved ||
      (project.table !== undefined && this.#corrected.has(project.table)) ||
      project.members.some((member) => {
        if (member.isUnchanged) return false;
        const t = member.transcript;
        // What came out of a database is not remembered.
        if (this.#transcripts[t]?.content) return false;
        if (unreadable.has(t)) return member.formerRow !== undefined;
        const offset = this.#offsetOf(member, found);
        return project.hasChanged(member, this.#transcripts[t] as Transcript, offset, this.#options.takenMs);
      })
    );
  }

  #offsetOf({ transcript: t, row }: Member, found: ReadonlyMap<number, ScannedTranscript>): number {
    return Math.max(found.get(t)?.offset ?? 0, row === undefined ? 0 : (this.#tables[t]?.row.offset[row] ?? 0));
  }

  #write(project: Project, found: ReadonlyMap<number, ScannedTranscript>, unreadable: ReadonlySet<number>): void {
    const { source } = this.#transcripts[(project.members[0] as Member).transcript] as Transcript;
    const entries = this.#entriesOf(project, found, unreadable);
    writeCursors(
      this.#options.folder,
      this.#making(source, project.folder),
      project.table,
      entries,
      this.#options.memory,
    );
  }

  /** What a project's file is about, in path order: its members, and what else it was about and is still there. */
  #entriesOf(
    project: Project,
    found: ReadonlyMap<number, ScannedTranscript>,
    unreadable: ReadonlySet<number>,
  ): Entry[] {
    const entries: Entry[] = [];
    for (const member of project.members) {
      const t = member.transcript;
      if (unreadable.has(t)) continue;
      const { path } = this.#transcripts[t] as Transcript;
      const scanned = found.get(t);
      entries.push({
        path,
        bookmark: this.#bookmarkOf(member, scanned),
        row: member.row,
        ranges: scanned?.ranges ?? [],
      });
    }
    if (project.leftRows.length === 0 || !project.table) return entries;
    for (const row of project.leftRows) entries.push(keptEntry(project.table, row));
    return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  #bookmarkOf(member: Member, found: ScannedTranscript | undefined): Bookmark {
    const { transcript: t, row } = member;
    const { stamp, sizeBytes } = this.#transcripts[t] as Transcript;
    const old = row === undefined ? undefined : bookmarkAt((this.#tables[t] as CursorTable).row, row);
    const head = member.head ?? found?.head ?? { low: old?.headLow ?? 0, high: old?.headHigh ?? 0 };
    const anchor = found?.anchor ?? { low: old?.anchorLow ?? 0, high: old?.anchorHigh ?? 0 };
    const isSame = old !== undefined && old.age === 0;
    return {
      ...stamp,
      sizeBytes,
      headBytes: Math.min(IDENTITY_BYTES, sizeBytes),
      headLow: head.low,
      headHigh: head.high,
      anchorLow: anchor.low,
      anchorHigh: anchor.high,
      age: isSame && member.isUnchanged ? old.age : ageOf(stamp, this.#options.takenMs),
      offset: this.#offsetOf(member, new Map(found && [[t, found]])),
    };
  }

  #scannedTranscripts(scanned: readonly ScannedBatch[]): Map<number, ScannedTranscript> {
    const found = new Map<number, ScannedTranscript>();
    for (const { scanned: batch, range, transcript } of rangesInOrder(scanned)) {
      const { isTail, start, committed, headLow, headHigh, anchorLow, anchorHigh } = batch.columns.range;
      if (isTail[range] === 1) continue;
      let one = found.get(transcript);
      if (!one) found.set(transcript, (one = { ranges: [], offset: 0, head: undefined, anchor: undefined }));
      one.ranges.push({ scanned: batch, range });
      if (start[range] === 0) one.head = { low: headLow[range] as number, high: headHigh[range] as number };
      if ((committed[range] as number) <= one.offset) continue;
      one.offset = committed[range] as number;
      one.anchor = { low: anchorLow[range] as number, high: anchorHigh[range] as number };
    }
    return found;
  }
}

/** Numbers of the transcripts of each project folder of a source, in path order. */
function projectsOf(transcripts: readonly Transcript[]): Iterable<number[]> {
  const projects = new Map<string, number[]>();
  let last: { readonly source: string; readonly folder: string; readonly numbers: number[] } | undefined;
  for (const [t, { source, projectFolder: folder }] of transcripts.entries()) {
    // Neighbours mostly share their folder.
    if (last?.source !== source || last.folder !== folder) {
      const key = `${source}\0${folder}`;
      const numbers = projects.get(key) ?? [];
      projects.set(key, numbers);
      last = { source, folder, numbers };
    }
    last.numbers.push(t);
  }
  return projects.values();
}

function* rangesInOrder(scanned: readonly ScannedBatch[]) {
  for (const batch of scanned) {
    const { transcript } = batch.columns.range;
    for (let range = 0; range < transcript.length; range++) {
      yield { scanned: batch, range, transcript: transcript[range] as number };
    }
  }
}
