/**
 * Cursors: how far each transcript has been read, and what had been found by then. They are derived data: without
 * them, or with ones that are no use, a scan reads more and says the same.
 */
import { sep } from "node:path";
import { mtimeMsIn } from "../discover/stamp.ts";
import type { Transcript } from "../discover/transcript.ts";
import { type Part, PartList, type ScannedBatch } from "../parts.ts";
import type { Unread } from "../plan.ts";
import { parserVersion } from "../sources/parsers.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { readCursors } from "./decode.ts";
import { areMadeAlike, type Making } from "./layout.ts";
import { fileName } from "./file.ts";
import { Project, type Member, offsetOf, type ScannedTranscript } from "./project.ts";
import { TaskPattern } from "../sources/task-ids.ts";
import type { Changed } from "./save.ts";
import type { Outdated } from "./tasks.ts";
import type { CursorTable, Version } from "./table.ts";

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
  /** Leaves what hangs on events unread until it is asked for, of files of some names and versions. */
  readonly isHeadEnough?: ((name: string, version: Version) => boolean) | undefined;
  /** And leaves these files open until `close`: what is written meanwhile does not take their place. */
  readonly keepsOpen?: boolean | undefined;
}

/**
 * Looking at a transcript that changed shortly before its cursor was taken costs a third of writing a cursor, and is
 * done again on each run. So where few of a project have settled, their cursors wait for a better reason to be written.
 */
const LOOKS_FOR_A_WRITE = 8;

export class Cursors {
  readonly #transcripts: readonly Transcript[];
  readonly #options: CursorOptions;
  readonly #projects: Project[] = [];
  /** By transcript. */
  readonly #members: Member[] = [];
  /** Those of projects of which other cursors have been written since. */
  readonly outdated = new Set<CursorTable>();
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
      const making = this.#making(source, projectFolder);
      const stored = {
        main: this.#read(making, "cursors", paths),
        recent: this.#read(making, "recent.cursors"),
      };
      const project = new Project(source, projectFolder, transcripts, numbers, paths, stored, wasLookedFor);
      this.#projects.push(project);
      for (const member of project.members) this.#members[member.transcript] = member;
    }
  }

  #making(source: Transcript["source"], folder: string): Making {
    return { source, parserVersion: parserVersion(source), maxLineBytes: this.#options.maxLineBytes, folder };
  }

  #read(making: Making, kind: "cursors" | "recent.cursors", paths?: readonly string[]): CursorTable | undefined {
    const { folder, memory, isHeadEnough, keepsOpen } = this.#options;
    const name = fileName(making.source, making.folder, kind);
    // `join` goes through every character, in code that is not compiled yet: 50 microseconds a file.
    const decoded = readCursors(`${folder}${sep}${name}`, memory, {
      known: paths,
      isHeadEnough: isHeadEnough && ((version) => isHeadEnough(name, version)),
      keepsOpen,
    });
    if (!decoded || areMadeAlike(decoded.making, making)) return decoded?.table;
    decoded.table.close();
    return undefined;
  }

  /** Nothing more is asked of events that were left unread. */
  close(): void {
    for (const table of this.#projects.flatMap(tablesOf)) table.close();
  }

  /** By transcript. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** With the names of their files. */
  get tables(): ReadonlyMap<CursorTable, string> {
    const tables = new Map<CursorTable, string>();
    for (const { source, folder, stored } of this.#projects) {
      if (stored.main) tables.set(stored.main, fileName(source, folder, "cursors"));
      if (stored.recent) tables.set(stored.recent, fileName(source, folder, "recent.cursors"));
    }
    return tables;
  }

  /** What is left to read, in path order. */
  get unread(): Unread[] {
    const unread: Unread[] = [];
    const changed = this.#projects.flatMap((project) => project.changed).filter(({ isWhole }) => !isWhole);
    for (const { transcript: t, table, row, seen } of changed.sort((a, b) => a.transcript - b.transcript)) {
      const { source, path, content, sizeBytes } = this.#transcripts[t] as Transcript;
      const start = row === undefined ? 0 : (table?.row.offset[row] ?? 0);
      const more = { ...(content && { content }), ...(seen && { before: seen.before }) };
      unread.push({ transcript: t, source, path, start, sizeBytes, ...more });
    }
    return unread;
  }

  /**
   * Looks anew for tasks in first messages where they were found with another pattern: reads no more than these
   * messages, and corrects the cursors.
   */
  async findTasksAnew(pattern: string): Promise<void> {
    const { hash } = new TaskPattern(pattern);
    const outdated = this.#members.flatMap(({ transcript: t, table, row }): Outdated[] => {
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
    return this.#projects.reduce((count, project) => count - project.changed.length, this.#members.length);
  }

  /** Bytes of transcripts read to see whether they are still the same. */
  get bytesRead(): number {
    return this.#projects.reduce((sum, { bytesRead }) => sum + bytesRead, this.#tasksBytesRead);
  }

  /** Everything that is known of the transcripts, in order; of those that are `told` only what is known of them as a whole. */
  parts(scanned: readonly ScannedBatch[], isTold: (transcript: number) => boolean = () => false): Part[] {
    const list = new PartList();
    const ranges = rangesInOrder(scanned);
    let next = ranges.next();
    for (const { transcript: t, table, row } of this.#members) {
      if (row !== undefined && table) list.addCursor(table, row, t, isTold(t));
      for (; !next.done && next.value.transcript === t; next = ranges.next()) {
        list.addRange(next.value.scanned, next.value.range);
      }
    }
    return list.parts;
  }

  /** Writes what has changed. Returns why it could not, as the system's code. */
  async save(scanned: readonly ScannedBatch[]): Promise<string | undefined> {
    const found = this.#scannedTranscripts(scanned);
    const unreadable = new Set(scanned.flatMap(({ batch }) => batch.unreadable.map(({ transcript }) => transcript)));
    const changed: Changed[] = [];
    const others: Project[] = [];
    for (const project of this.#projects) {
      const change = this.#changeOf(project, found, unreadable);
      if (change === "nothing") others.push(project);
      else changed.push({ project, isWhole: change === "whole" });
    }
    if (changed.length === 0) return undefined;
    const idle = others.find(({ stored }) => stored.recent && isIdle(stored.recent, this.#options.takenMs));
    if (idle) changed.push({ project: idle, isWhole: true });
    for (const { project } of changed) for (const table of tablesOf(project)) this.outdated.add(table);
    const { saveProjects } = await import("./save.ts");
    const { folder, takenMs, memory } = this.#options;
    const makingOf = (project: Project) => this.#making(project.source, project.folder);
    return saveProjects(changed, {
      folder,
      takenMs,
      memory,
      transcripts: this.#transcripts,
      makingOf,
      found,
      unreadable,
    });
  }

  /** `whole`: cursors are to go, or to be other than they are in the file of those that are older. */
  #changeOf(
    project: Project,
    found: Map<number, ScannedTranscript>,
    unreadable: ReadonlySet<number>,
  ): "nothing" | "some" | "whole" {
    const { main, recent } = project.stored;
    if (project.hasMoved || [main, recent].some((table) => table && this.#corrected.has(table))) return "whole";
    let settled = 0;
    let others = 0;
    for (const member of project.changed) {
      const t = member.transcript;
      // What came out of a database is not remembered.
      if (this.#transcripts[t]?.content) continue;
      if (unreadable.has(t)) {
        if (member.former) return "whole";
        continue;
      }
      const offset = offsetOf(member, found.get(t));
      const change = project.changeOf(member, this.#transcripts[t] as Transcript, offset, this.#options.takenMs);
      if (change === "rewritten") return "whole";
      if (change === "other") others++;
      if (change === "settled") settled++;
    }
    // Mostly only the newer ones are written.
    const written = recent?.paths.length ?? project.members.length;
    const isReason = settled > 0 && settled * LOOKS_FOR_A_WRITE >= written;
    return others > 0 || isReason ? "some" : "nothing";
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

function tablesOf({ stored: { main, recent } }: Project): CursorTable[] {
  return [main, recent].filter((table) => table !== undefined);
}

/** A file of newer cursors costs each run a little. Where nothing has been added to it for so long, it goes; one of them a run. */
const IDLE_MS = 24 * 60 * 60 * 1000;

function isIdle({ row }: CursorTable, nowMs: number): boolean {
  return row.mtimeHigh.every((_, i) => mtimeMsIn(row, i) < nowMs - IDLE_MS);
}

/** Numbers of the transcripts of each project folder of a source, in path order. */
function projectsOf(transcripts: readonly Transcript[]): Iterable<number[]> {
  const projects = new Map<string, number[]>();
  let last: { readonly source: string; readonly folder: string; readonly numbers: number[] } | undefined;
  for (let t = 0; t < transcripts.length; t++) {
    const { source, projectFolder: folder } = transcripts[t] as Transcript;
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
