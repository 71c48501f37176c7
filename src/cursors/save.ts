/** Cursors that are new or other than before, to their files. */
import { stampFields } from "../discover/stamp.ts";
import type { Transcript } from "../discover/transcript.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { type Entry, keptEntry, writeCursors } from "./entries.ts";
import { makeFolder, sweep } from "./file.ts";
import { IDENTITY_BYTES } from "./hash.ts";
import { ageOf } from "./identity.ts";
import type { Making } from "./layout.ts";
import { type Member, offsetOf, type Project, type ScannedTranscript } from "./project.ts";
import { type Bookmark, bookmarkAt } from "./wide.ts";

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

/** Returns why it could not, as the system's code. */
export function saveProjects(projects: readonly Project[], saving: Saving): string | undefined {
  const { folder, takenMs, memory, makingOf } = saving;
  try {
    makeFolder(folder);
    for (const project of projects) {
      writeCursors(folder, makingOf(project), project.table, entriesOf(project, saving), memory);
    }
    sweep(folder, takenMs);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return code;
  }
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
    const bookmark = bookmarkOf(project, member, transcript, scanned, takenMs);
    entries.push({ path: transcript.path, bookmark, row: member.row, ranges: scanned?.ranges ?? [] });
  }
  const { table, leftRows } = project;
  if (leftRows.length === 0 || !table) return entries;
  for (const row of leftRows) entries.push(keptEntry(table, row));
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function bookmarkOf(
  { table }: Project,
  member: Member,
  { stamp, sizeBytes }: Transcript,
  found: ScannedTranscript | undefined,
  takenMs: number,
): Bookmark | number {
  const { row, isUnchanged } = member;
  // What has settled stays so, and all else of it is as it was.
  if (isUnchanged && row !== undefined) return row;
  const old = row === undefined || !table ? undefined : bookmarkAt(table.row, row);
  const head = member.seen?.head ?? found?.head ?? { low: old?.headLow ?? 0, high: old?.headHigh ?? 0 };
  const anchor = found?.anchor ?? { low: old?.anchorLow ?? 0, high: old?.anchorHigh ?? 0 };
  return {
    ...stampFields(stamp),
    sizeBytes,
    headBytes: Math.min(IDENTITY_BYTES, sizeBytes),
    headLow: head.low,
    headHigh: head.high,
    anchorLow: anchor.low,
    anchorHigh: anchor.high,
    age: ageOf(stamp, takenMs),
    offset: offsetOf(table, member, found),
  };
}
