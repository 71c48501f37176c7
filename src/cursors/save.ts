/** Cursors that are new or other than before, to their files. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Transcript } from "../discover/transcript.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { type Entry, keptEntry, writeCursors } from "./entries.ts";
import { makeFolder } from "../files/folder.ts";
import { type FileKind, fileName, sweep } from "./file.ts";
import type { Hash } from "./hash.ts";
import { ageOf } from "./identity.ts";
import type { Making } from "./layout.ts";
import { type Member, offsetOf, type Project, type ScannedTranscript } from "./project.ts";
import type { CursorAt, CursorTable } from "./table.ts";
import type { Bookmark } from "./wide.ts";

export interface Saving {
  /** Where cursor files are. */
  readonly folder: string;
  /** A time before the transcripts' stamps were taken. */
  readonly takenMs: number;
  readonly memory: TallyMemory;
  readonly transcripts: readonly Transcript[];
  readonly makingOf: (project: Project) => Making;
  /** By transcript. */
  readonly found: ReadonlyMap<number, ScannedTranscript>;
  readonly unreadable: ReadonlySet<number>;
}

/** A project with cursors to be written. */
export interface Changed {
  readonly project: Project;
  /** All of them, and not only those that are new. */
  readonly isWhole: boolean;
}

/**
 * Newer cursors are written to a file of their own as long as they are a sixteenth of the others at most: a project
 * of thousands of transcripts has ten megabytes of cursors, and mostly one transcript that grows.
 */
const RECENT_SHARE = 1 / 16;
/** Writing fewer than these, in events, takes less time than reading a second file does. */
const FEW = 512;

/** Returns why it could not, as the system's code. */
export function saveProjects(changed: readonly Changed[], saving: Saving): string | undefined {
  const { folder, takenMs, memory, makingOf } = saving;
  try {
    makeFolder(folder);
    for (const { project, isWhole } of changed) {
      const { main, recent } = project.stored;
      const making = makingOf(project);
      const name = (kind: FileKind) => fileName(making.source, making.folder, kind);
      const entries = entriesOf(project, saving);
      const newer = entries.filter(({ bookmark }) => !("table" in bookmark) || bookmark.table === recent);
      const weight = main ? weightOfAll(main) : 0;
      if (!isWhole && weight >= FEW && weightOf(newer) <= weight * RECENT_SHARE) {
        writeCursors(folder, name("recent.cursors"), making, newer, memory);
        continue;
      }
      writeCursors(folder, name("cursors"), making, entries, memory);
      // Not before: a run that is killed here leaves them twice, and what was newer is true as well, only older now.
      rmSync(join(folder, name("recent.cursors")), { force: true });
    }
    sweep(folder, takenMs);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return code;
  }
}

/** As events; a cursor takes as much room as some of them. */
const CURSOR_WEIGHT = 8;

function weightOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { before, ranges }) => {
    const known = before ? before.table.countsOf(before.row, before.row + 1).events : 0;
    return ranges.reduce(
      (events, { scanned, range }) => events + (scanned.columns.range.events[range] as number),
      sum + known + CURSOR_WEIGHT,
    );
  }, 0);
}

function weightOfAll(table: CursorTable): number {
  const rows = table.paths.length;
  return table.countsOf(0, rows).events + rows * CURSOR_WEIGHT;
}

/** What a project's file is about, in path order: its members, and what else it was about and is still there. */
function entriesOf(project: Project, { transcripts, found, unreadable, takenMs }: Saving): Entry[] {
  const entries: Entry[] = [];
  for (const member of project.members) {
    const t = member.transcript;
    if (unreadable.has(t)) continue;
    const transcript = transcripts[t] as Transcript;
    if (transcript.content) continue;
    const scanned = found.get(t);
    const { table, row } = member;
    const before = table && row !== undefined ? { table, row } : undefined;
    const bookmark = bookmarkOf(member, before, transcript, scanned, takenMs);
    entries.push({ path: transcript.path, bookmark, before, ranges: scanned?.ranges ?? [] });
  }
  if (project.left.length === 0) return entries;
  for (const { table, row } of project.left) entries.push(keptEntry(table, row));
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function bookmarkOf(
  member: Member,
  before: CursorAt | undefined,
  { stamp, sizeBytes }: Transcript,
  found: ScannedTranscript | undefined,
  takenMs: number,
): Bookmark | CursorAt {
  // What has settled stays so, and all else of it is as it was.
  if (member.isUnchanged && before) return before;
  const head = member.seen?.head ?? found?.head ?? hashIn(before, "headLow", "headHigh");
  const anchor = found?.anchor ?? hashIn(before, "anchorLow", "anchorHigh");
  return { stamp, sizeBytes, head, anchor, age: ageOf(stamp, takenMs), offset: offsetOf(member, found) };
}

function hashIn(cursor: CursorAt | undefined, low: "headLow" | "anchorLow", high: "headHigh" | "anchorHigh"): Hash {
  if (!cursor) return { low: 0, high: 0 };
  const { table, row } = cursor;
  return { low: table.row[low][row] as number, high: table.row[high][row] as number };
}
