/** The transcripts of one project folder beside the cursors that are kept of them. */
import { inodeKey, isSameStampIn } from "../discover/stamp.ts";
import type { Transcript } from "../discover/transcript.ts";
import type { ScannedBatch } from "../parts.ts";
import { AGE } from "./columns.ts";
import { isGone } from "./file.ts";
import type { Hash } from "./hash.ts";
import { isDocument } from "../sources/parsers.ts";
import type { SourceName } from "../types.ts";
import { ageOf, isUntouchedIn, trust } from "./identity.ts";
import type { CursorAt, CursorTable } from "./table.ts";

/** A transcript that was looked for. */
export class Member {
  /** Its number. */
  readonly transcript: number;
  /** Where its cursor is, as far as it is good for anything. */
  readonly table: CursorTable | undefined;
  readonly row: number | undefined;
  /** Nothing has to be read of it. */
  readonly isWhole: boolean;
  /** Was not opened. */
  readonly isUnchanged: boolean;
  /** Of one that was opened: the cursor of its path, whether it is good for anything or not. */
  readonly former: CursorAt | undefined;
  /** What was seen where it was looked at: the hash of its first bytes, and those before its cursor's offset. */
  readonly seen: { readonly head: Hash; readonly before: Uint8Array } | undefined;

  constructor(
    transcript: number,
    table: CursorTable | undefined,
    row: number | undefined,
    isWhole: boolean,
    isUnchanged: boolean,
    former?: CursorAt,
    seen?: Member["seen"],
  ) {
    this.transcript = transcript;
    this.table = table;
    this.row = row;
    this.isWhole = isWhole;
    this.isUnchanged = isUnchanged;
    this.former = former;
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
  readonly source: SourceName;
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
    source: SourceName,
    folder: string,
    transcripts: readonly Transcript[],
    numbers: readonly number[],
    paths: readonly string[],
    stored: Stored,
    wasLookedFor: (path: string) => boolean,
  ) {
    this.source = source;
    this.folder = folder;
    this.stored = stored;
    const { tables, rows, left } = matchStored(paths, stored);
    const gone = new Set(left.filter((one) => wasLookedFor(pathOf(one)) && isGone(pathOf(one))));
    const missing = gone.size > 0 ? numbers.filter((_, at) => (rows[at] as number) < 0) : [];
    const renamed = matchInodes(transcripts, missing, gone);
    const { main, recent } = stored;
    const isUntouchedInMain = main && isUntouchedIn(main);
    const isUntouchedInRecent = recent && isUntouchedIn(recent);
    this.members = numbers.map((t, at) => {
      const row = rows[at] as number;
      const table = row < 0 ? undefined : tables[at];
      const transcript = transcripts[t] as Transcript;
      const isUntouched = table === main ? isUntouchedInMain : isUntouchedInRecent;
      if (table && isUntouched?.(transcript, row)) return new Member(t, table, row, true, true);
      const member = this.#memberOf(t, transcript, table && { table, row }, renamed.get(t));
      if (!member.isUnchanged) this.changed.push(member);
      return member;
    });
    this.left = left.filter((one) => !gone.has(one));
    this.hasMoved = gone.size > 0;
  }

  #memberOf(t: number, transcript: Transcript, former: CursorAt | undefined, renamed: CursorAt | undefined): Member {
    const cursor = former ?? renamed;
    const nothing = () => new Member(t, undefined, undefined, false, false, former);
    if (!cursor) return nothing();
    const { table, row } = cursor;
    const isOne = isDocument(transcript.source, transcript.path);
    // By its former name it may have been read otherwise.
    if (isOne !== isDocument(transcript.source, pathOf(cursor))) return nothing();
    // A document has no part that could be believed.
    const isGrown = table.row.sizeBytes[row] !== transcript.sizeBytes;
    if (isGrown && isOne) return nothing();
    const trusted = trust(transcript, table, row);
    this.bytesRead += trusted.bytesRead;
    if (trusted.kind === "none") return nothing();
    const isWhole = table.row.offset[row] === transcript.sizeBytes;
    if (trusted.kind === "unchanged") return new Member(t, table, row, isWhole, isWhole, former);
    return new Member(t, table, row, isWhole, false, former, trusted);
  }

  /** What a new cursor of a member would say other than the one there is. */
  changeOf(member: Member, transcript: Transcript, offset: number, takenMs: number): Change {
    const { former } = member;
    if (!former) return "other";
    const { row } = former;
    const old = former.table.row;
    const { stamp, sizeBytes } = transcript;
    const isSameStamp = isSameStampIn(old);
    if (old.offset[row] !== offset || old.sizeBytes[row] !== sizeBytes || !isSameStamp(stamp, row)) {
      return this.#keepsUntrue(member, transcript) ? "rewritten" : "other";
    }
    const age = old.age[row];
    if (age === AGE.settled || age === ageOf(stamp, takenMs)) return "nothing";
    return age === AGE.fresh ? "settled" : "other";
  }

  /**
   * Whether the file of older cursors has one of a member of which nothing could be believed. It could be believed
   * again where the newer one is lost and the transcript grows; that of a document only with the same stamp.
   */
  #keepsUntrue({ former, row }: Member, { source, path }: Transcript): boolean {
    if (row !== undefined || isDocument(source, path)) return false;
    const { main } = this.stored;
    return former?.table === main || main?.paths.includes(path) === true;
  }
}

/**
 * `settled`: that it need not be looked at any more, and nothing else. `rewritten`: the file of older cursors has one
 * that is not true any more.
 */
export type Change = "nothing" | "settled" | "other" | "rewritten";

function pathOf({ table, row }: CursorAt): string {
  return table.paths[row] as string;
}

/** Where the cursor of each path is, a row of -1 where there is none, and the cursors of no path. */
function matchStored(paths: readonly string[], { main, recent }: Stored) {
  const known = matchPaths(paths, main?.paths ?? []);
  const { rows } = known;
  const tables = new Array<CursorTable | undefined>(paths.length).fill(main);
  const left = main ? known.left.map((row): CursorAt => ({ table: main, row })) : [];
  if (!recent) return { tables, rows, left };
  const newer = new Set(recent.paths);
  const leftInMain = left.filter((one) => !newer.has(pathOf(one)));
  const leftInRecent: CursorAt[] = [];
  for (const [row, path] of recent.paths.entries()) {
    const at = placeIn(paths, path);
    if (at < 0) {
      leftInRecent.push({ table: recent, row });
    } else {
      rows[at] = row;
      tables[at] = recent;
    }
  }
  return { tables, rows, left: [...leftInMain, ...leftInRecent] };
}

/** Where a text stands in a sorted list; -1: nowhere. */
function placeIn(sorted: readonly string[], text: string): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] as string) < text) from = middle + 1;
    else to = middle;
  }
  return sorted[from] === text ? from : -1;
}

/** The row of each path, -1 where there is none, and the rows of no path. Both lists are sorted. */
function matchPaths(paths: readonly string[], known: readonly string[]) {
  // One and the same list where nothing was added or taken away.
  if (paths === known) return { rows: paths.map((_, at) => at), left: [] };
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
