/** The transcripts of one project folder beside the cursors that are kept of them. */
import { inodeKey, isSameCtime, isSameFile, isSameMtime } from "../discover/stamp.ts";
import type { Transcript } from "../discover/transcript.ts";
import type { ScannedBatch } from "../parts.ts";
import { isGone } from "./file.ts";
import type { Hash } from "./hash.ts";
import { isDocument } from "../sources/parsers.ts";
import { ageOf, isUntouched, trust } from "./identity.ts";
import { AGE, type CursorAt, type CursorTable } from "./table.ts";

/** A transcript that was looked for. */
export class Member {
  /** Its number. */
  readonly transcript: number;
  /** Where its cursor is, as far as it is good for anything. */
  readonly table: CursorTable | undefined;
  readonly row: number | undefined;
  /** The cursor of its path, whether it is good for anything or not. */
  readonly former: CursorAt | undefined;
  /** Nothing has to be read of it. */
  readonly isWhole: boolean;
  /** Was not opened. */
  readonly isUnchanged: boolean;
  /** What was seen where it was looked at: the hash of its first bytes, and those before its cursor's offset. */
  readonly seen: { readonly head: Hash; readonly before: Uint8Array } | undefined;

  constructor(
    transcript: number,
    cursor: CursorAt | undefined,
    former: CursorAt | undefined,
    isWhole: boolean,
    isUnchanged: boolean,
    seen?: Member["seen"],
  ) {
    this.transcript = transcript;
    this.table = cursor?.table;
    this.row = cursor?.row;
    this.former = former;
    this.isWhole = isWhole;
    this.isUnchanged = isUnchanged;
    this.seen = seen;
  }
}

/** What was scanned of a transcript. */
export interface ScannedTranscript {
  readonly ranges: Array<{ readonly scanned: ScannedBatch; readonly range: number }>;
  offset: number;
  head: Hash | undefined;
  anchor: Hash | undefined;
}

/** Up to where a transcript is taken in then. */
export function offsetOf({ table, row }: Member, found: ScannedTranscript | undefined): number {
  return Math.max(found?.offset ?? 0, row === undefined ? 0 : (table?.row.offset[row] ?? 0));
}

/** The cursors of a project. Those that are newer than the others stand in a file of their own, and go before them. */
export interface Stored {
  readonly main: CursorTable | undefined;
  readonly recent: CursorTable | undefined;
}

export class Project {
  readonly folder: string;
  readonly stored: Stored;
  readonly members: readonly Member[];
  /** Those that had to be opened, or have to. */
  readonly changed: Member[] = [];
  /** Cursors whose transcripts are still there, though nobody asked for them now. */
  readonly left: readonly CursorAt[];
  /** Whether a transcript has another name than its cursor, or none any more. */
  readonly hasMoved: boolean;
  bytesRead = 0;

  /** `numbers` of transcripts in path order, and their paths; `wasLookedFor` says whether a path would have been found. */
  constructor(
    folder: string,
    transcripts: readonly Transcript[],
    numbers: readonly number[],
    paths: readonly string[],
    stored: Stored,
    wasLookedFor: (path: string) => boolean,
  ) {
    this.folder = folder;
    this.stored = stored;
    const { cursors, left } = matchStored(paths, stored);
    const gone = new Set(left.filter((one) => wasLookedFor(pathOf(one)) && isGone(pathOf(one))));
    const missing = numbers.filter((_, at) => cursors[at] === undefined);
    const renamed = gone.size > 0 ? matchInodes(transcripts, missing, gone) : undefined;
    this.members = numbers.map((t, at) => {
      const cursor = cursors[at];
      const transcript = transcripts[t] as Transcript;
      if (cursor && isUntouched(transcript, cursor.table.row, cursor.row))
        return new Member(t, cursor, cursor, true, true);
      const former = cursor ? undefined : renamed?.get(t);
      const member = this.#memberOf(t, transcript, former ?? cursor, former !== undefined);
      if (!member.isUnchanged) this.changed.push(member);
      return member;
    });
    this.left = left.filter((one) => !gone.has(one));
    this.hasMoved = gone.size > 0;
  }

  #memberOf(t: number, transcript: Transcript, cursor: CursorAt | undefined, isRenamed: boolean): Member {
    const former = isRenamed ? undefined : cursor;
    const nothing = () => new Member(t, undefined, former, false, false);
    if (!cursor) return nothing();
    const { table, row } = cursor;
    // A document has no part that could be believed.
    const isGrown = table.row.sizeBytes[row] !== transcript.sizeBytes;
    if (isGrown && isDocument(transcript.source, transcript.path)) return nothing();
    const trusted = trust(transcript, table, row, isRenamed);
    this.bytesRead += trusted.bytesRead;
    if (trusted.kind === "none") return nothing();
    const isWhole = table.row.offset[row] === transcript.sizeBytes;
    if (trusted.kind === "unchanged") return new Member(t, cursor, former, isWhole, isWhole);
    return new Member(t, cursor, former, isWhole, false, trusted);
  }

  /** What a new cursor of a member would say other than the one there is. */
  changeOf({ former }: Member, transcript: Transcript, offset: number, takenMs: number): Change {
    if (!former) return "other";
    const { row } = former;
    const old = former.table.row;
    if (old.offset[row] !== offset || old.sizeBytes[row] !== transcript.sizeBytes) return "other";
    const { stamp } = transcript;
    if (!isSameFile(stamp, old, row) || !isSameMtime(stamp, old, row) || !isSameCtime(stamp, old, row)) return "other";
    const age = old.age[row];
    if (age === AGE.settled || age === ageOf(stamp, takenMs)) return "nothing";
    return age === AGE.fresh ? "settled" : "other";
  }
}

/** `settled`: that it need not be looked at any more, and nothing else. */
export type Change = "nothing" | "settled" | "other";

function pathOf({ table, row }: CursorAt): string {
  return table.paths[row] as string;
}

/** The cursor of each path, and the cursors of no path. */
function matchStored(paths: readonly string[], { main, recent }: Stored) {
  const known = main ? matchPaths(paths, main.paths) : undefined;
  const cursors = paths.map((_, at) => cursorIn(main, known?.rows[at]));
  const left = known?.left.map((row): CursorAt => ({ table: main as CursorTable, row })) ?? [];
  if (!recent) return { cursors, left };
  const newer = matchPaths(paths, recent.paths);
  for (const [at, row] of newer.rows.entries()) cursors[at] = cursorIn(recent, row) ?? cursors[at];
  const superseded = new Set(recent.paths);
  const newerLeft = newer.left.map((row): CursorAt => ({ table: recent, row }));
  return { cursors, left: [...left.filter((one) => !superseded.has(pathOf(one))), ...newerLeft] };
}

function cursorIn(table: CursorTable | undefined, row = -1): CursorAt | undefined {
  return table && row >= 0 ? { table, row } : undefined;
}

/** The row of each path, -1 where there is none, and the rows of no path. Both lists are sorted. */
function matchPaths(paths: readonly string[], known: readonly string[]) {
  // One and the same list where nothing was added or taken away.
  if (paths === known) return { rows: Array.from(paths.keys()), left: [] };
  const left: number[] = [];
  let row = 0;
  const rows = paths.map((path) => {
    while (row < known.length && (known[row] as string) < path) left.push(row++);
    return known[row] === path ? row++ : -1;
  });
  while (row < known.length) left.push(row++);
  return { rows, left };
}

/** Finds transcripts without a cursor by the cursors of those that are gone: they were renamed. */
function matchInodes(
  transcripts: readonly Transcript[],
  missing: readonly number[],
  gone: ReadonlySet<CursorAt>,
): Map<number, CursorAt> {
  const renamed = new Map<number, CursorAt>();
  const byInode = new Map<string, CursorAt>();
  for (const one of gone) {
    const { inodeHigh, inodeLow } = one.table.row;
    byInode.set(`${inodeHigh[one.row]} ${inodeLow[one.row]}`, one);
  }
  for (const t of missing) {
    const key = inodeKey((transcripts[t] as Transcript).stamp);
    const former = byInode.get(key);
    if (!former) continue;
    renamed.set(t, former);
    byInode.delete(key);
  }
  return renamed;
}
