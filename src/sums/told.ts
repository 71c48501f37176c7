/** Which transcripts of a scan are told by their sums, so that their events need not be read. */
import { DamagedCursors } from "../cursors/damaged.ts";
import type { Cursors } from "../cursors/index.ts";
import type { Member } from "../cursors/project.ts";
import type { CursorTable } from "../cursors/table.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { idsOf } from "./ids.ts";
import { type Name, type RowsOfIds, rowsOfNames } from "./sharing.ts";
import type { StoredSums } from "./stored.ts";

export class Told {
  readonly stored: StoredSums;
  /** By transcript, the member that tells it; -1: none. */
  readonly memberOf: Int32Array;
  /** By transcript, the member it is, whether its sums can tell it or not. */
  readonly knownAs: Int32Array;
  readonly #members: readonly Member[];
  /** By table, where it stands among the files of sums. */
  readonly #files = new Map<CursorTable, number>();

  /** With cursors of which heads were enough where `stored` has the version of their file. Throws `DamagedCursors`. */
  constructor(stored: StoredSums, { members, tables }: Pick<Cursors, "members" | "tables">) {
    this.stored = stored;
    this.#members = members;
    this.memberOf = new Int32Array(members.length).fill(-1);
    this.knownAs = new Int32Array(members.length).fill(-1);
    const byRow = new Map<CursorTable, Int32Array>();
    for (const [table, name] of tables) {
      const file = stored.numberOf(name, table.version);
      if (file === undefined) continue;
      this.#files.set(table, file);
      byRow.set(table, stored.membersOf(file, table.paths.length));
    }
    this.#match(byRow);
    this.#load(members.keys());
  }

  has(transcript: number): boolean {
    return (this.memberOf[transcript] as number) >= 0;
  }

  /** There is something that sums cannot tell, and nothing has changed since that was found. */
  isRefused(transcript: number): boolean {
    const member = this.knownAs[transcript] as number;
    return member >= 0 && this.stored.decoded.member.isTold[member] === 0;
  }

  hasReviews(transcript: number): boolean {
    const member = this.knownAs[transcript] as number;
    return member >= 0 && this.stored.decoded.member.hasReviews[member] === 1;
  }

  clusterOf(member: number): number | undefined {
    return this.stored.decoded.member.cluster[member];
  }

  idsChecksumOf(table: CursorTable): number | undefined {
    const file = this.#files.get(table);
    return file === undefined ? undefined : this.stored.decoded.file.idsChecksum[file];
  }

  get isEmpty(): boolean {
    return this.memberOf.every((member) => member < 0);
  }

  /** Transcripts of which nothing is new, as far as all that have ids in common with them are among them. */
  #match(byRow: ReadonlyMap<CursorTable, Int32Array>): void {
    const { cluster, isTold } = this.stored.decoded.member;
    let [table, members]: [CursorTable?, Int32Array?] = [];
    let found = 0;
    for (let t = 0; t < this.#members.length; t++) {
      const one = this.#members[t] as Member;
      if (!one.isUnchanged || !one.isWhole || one.row === undefined) continue;
      if (one.table !== table) {
        table = one.table;
        members = table && byRow.get(table);
      }
      const member = members?.[one.row] ?? -1;
      if (member < 0) continue;
      this.knownAs[t] = member;
      found++;
    }
    const isWhole = found === cluster.length;
    const missing = isWhole ? undefined : this.#missingIn(cluster);
    for (let t = 0; t < this.#members.length; t++) {
      const member = this.knownAs[t] as number;
      if (member < 0) continue;
      if (missing?.[cluster[member] as number] === 1) this.knownAs[t] = -1;
      else if (isTold[member] === 1) this.memberOf[t] = member;
    }
  }

  /** 1 by the number of each cluster of which not all are here. */
  #missingIn(cluster: Uint32Array): Uint8Array {
    const missing = new Uint8Array(cluster.length);
    const isHere = new Uint8Array(cluster.length);
    for (const member of this.knownAs) if (member >= 0) isHere[member] = 1;
    for (let m = 0; m < cluster.length; m++) if (isHere[m] === 0) missing[cluster[m] as number] = 1;
    return missing;
  }

  /** Has the events read of those of `transcripts` that are not told. */
  #load(transcripts: Iterable<number>): void {
    const rows = new Map<CursorTable, number[]>();
    for (const t of transcripts) {
      const { table, row } = this.#members[t] as Member;
      if (!table || row === undefined || table.isWhole || this.has(t)) continue;
      const some = rows.get(table);
      if (some) some.push(row);
      else rows.set(table, [row]);
    }
    for (const [table, some] of rows) table.load(some.sort((a, b) => a - b));
  }

  /** Has the events read of all that have ids in common with these members. Throws `DamagedCursors`. */
  open(members: Iterable<number>, isStillTrue: boolean): void {
    const { cluster } = this.stored.decoded.member;
    const clusters = new Set(Array.from(members, (member) => cluster[member]));
    const opened: number[] = [];
    for (let t = 0; t < this.memberOf.length; t++) {
      const member = this.memberOf[t] as number;
      if (member < 0 || !clusters.has(cluster[member])) continue;
      opened.push(t);
      this.memberOf[t] = -1;
      if (!isStillTrue) this.knownAs[t] = -1;
    }
    this.#load(opened);
  }

  /**
   * The ids of transcripts that are told, `named` among them: a file's until the next one's are asked for. Throws
   * `DamagedCursors` where they are not what they were.
   */
  *idsWith(named: readonly Name[], memory: TallyMemory): Generator<RowsOfIds> {
    yield rowsOfNames(named, this.memberOf, memory);
    const membersOf = new Map<CursorTable, Uint32Array>();
    for (let t = 0; t < this.#members.length; t++) {
      if (!this.has(t)) continue;
      const { table, row } = this.#members[t] as Member;
      if (!table) continue;
      let members = membersOf.get(table);
      if (!members) membersOf.set(table, (members = memory.u32(table.paths.length)));
      members[row as number] = (this.memberOf[t] as number) + 1;
    }
    for (const [table, members] of membersOf) {
      // Pages that were touched before are there ten times as fast as those that each file's ids would need.
      const next = memory.next;
      const { columns, checksum } = idsOf(table, memory);
      if (checksum !== this.idsChecksumOf(table)) throw new DamagedCursors();
      yield { columns, members };
      memory.release(next);
    }
  }
}
