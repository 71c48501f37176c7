/** The transcripts of one project folder beside the cursors that are kept of them. */
import { inodeKey, isSameCtime, isSameFile, isSameMtime } from "../discover/stamp.ts";
import type { Transcript } from "../discover/transcript.ts";
import type { ScannedBatch } from "../parts.ts";
import { isGone } from "./file.ts";
import type { Hash } from "./hash.ts";
import { isDocument } from "../sources/parsers.ts";
import { ageOf, isUntouched, trust } from "./identity.ts";
import { AGE, type CursorTable } from "./table.ts";

/** A transcript that was looked for. */
export class Member {
  /** Its number. */
  readonly transcript: number;
  /** The row of its cursor, as far as it is good for anything. */
  readonly row: number | undefined;
  /** The row of its path, whether it is good for anything or not. */
  readonly formerRow: number | undefined;
  /** Nothing has to be read of it. */
  readonly isWhole: boolean;
  /** Was not opened. */
  readonly isUnchanged: boolean;
  /** What was seen where it was looked at: the hash of its first bytes, and those before its cursor's offset. */
  readonly seen: { readonly head: Hash; readonly before: Uint8Array } | undefined;

  constructor(
    transcript: number,
    row: number | undefined,
    formerRow: number | undefined,
    isWhole: boolean,
    isUnchanged: boolean,
    seen?: Member["seen"],
  ) {
    this.transcript = transcript;
    this.row = row;
    this.formerRow = formerRow;
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
export function offsetOf(
  table: CursorTable | undefined,
  { row }: Member,
  found: ScannedTranscript | undefined,
): number {
  return Math.max(found?.offset ?? 0, row === undefined ? 0 : (table?.row.offset[row] ?? 0));
}

export class Project {
  readonly folder: string;
  readonly members: readonly Member[];
  /** Those that had to be opened, or have to. */
  readonly changed: Member[] = [];
  readonly table: CursorTable | undefined;
  /** Rows whose transcripts are still there, though nobody asked for them now. */
  readonly leftRows: readonly number[];
  /** Whether a transcript has another name than its cursor, or none any more. */
  readonly hasMoved: boolean;
  bytesRead = 0;

  /** `numbers` of transcripts in path order, and their paths; `wasLookedFor` says whether a path would have been found. */
  constructor(
    folder: string,
    transcripts: readonly Transcript[],
    numbers: readonly number[],
    paths: readonly string[],
    table: CursorTable | undefined,
    wasLookedFor: (path: string) => boolean,
  ) {
    this.folder = folder;
    this.table = table;
    const { rows, left } = matchPaths(paths, table?.paths ?? []);
    const gone = new Set(left.filter((row) => wasLookedFor(pathOf(table, row)) && isGone(pathOf(table, row))));
    const renamed = new Map<number, number>();
    if (table && gone.size > 0) matchInodes(transcripts, numbers, rows, table, gone, renamed);
    this.members = numbers.map((t, at) => {
      const row = rows[at] as number;
      const transcript = transcripts[t] as Transcript;
      if (table && row >= 0 && isUntouched(transcript, table.row, row)) return new Member(t, row, row, true, true);
      const member = this.#memberOf(t, transcript, row < 0 ? renamed.get(t) : row, renamed.has(t));
      if (!member.isUnchanged) this.changed.push(member);
      return member;
    });
    this.leftRows = left.filter((row) => !gone.has(row));
    this.hasMoved = gone.size > 0;
  }

  #memberOf(t: number, transcript: Transcript, row: number | undefined, isRenamed: boolean): Member {
    const formerRow = isRenamed ? undefined : row;
    const nothing = () => new Member(t, undefined, formerRow, false, false);
    if (row === undefined || !this.table) return nothing();
    // A document has no part that could be believed.
    const isGrown = this.table.row.sizeBytes[row] !== transcript.sizeBytes;
    if (isGrown && isDocument(transcript.source, transcript.path)) return nothing();
    const trusted = trust(transcript, this.table, row, isRenamed);
    this.bytesRead += trusted.bytesRead;
    if (trusted.kind === "none") return nothing();
    const isWhole = this.table.row.offset[row] === transcript.sizeBytes;
    if (trusted.kind === "unchanged") return new Member(t, row, formerRow, isWhole, isWhole);
    return new Member(t, row, formerRow, isWhole, false, trusted);
  }

  /** What a new cursor of a member would say other than the one there is. */
  changeOf(member: Member, transcript: Transcript, offset: number, takenMs: number): Change {
    const { formerRow: row } = member;
    if (row === undefined || !this.table) return "other";
    const old = this.table.row;
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

function pathOf(table: CursorTable | undefined, row: number): string {
  return table?.paths[row] ?? "";
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

/** Finds transcripts without a row by the rows of those that are gone: they were renamed. */
function matchInodes(
  transcripts: readonly Transcript[],
  numbers: readonly number[],
  rows: readonly number[],
  { row }: CursorTable,
  gone: ReadonlySet<number>,
  renamed: Map<number, number>,
): void {
  const byInode = new Map<string, number>();
  for (const i of gone) byInode.set(`${row.inodeHigh[i]} ${row.inodeLow[i]}`, i);
  for (const [at, t] of numbers.entries()) {
    if (rows[at] !== -1) continue;
    const key = inodeKey((transcripts[t] as Transcript).stamp);
    const former = byInode.get(key);
    if (former === undefined) continue;
    renamed.set(t, former);
    byInode.delete(key);
  }
}
