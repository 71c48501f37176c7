/** The transcripts that a file of sums is about. */
import type { Cursors } from "../cursors/index.ts";
import type { Member } from "../cursors/project.ts";
import type { CursorTable } from "../cursors/table.ts";
import type { Candidates } from "./candidates.ts";
import type { FILE, MEMBER, RowOf } from "./columns.ts";
import type { Told } from "./told.ts";

/** Candidates, and those that the file was about and that are as they were. */
export class Members {
  readonly names: string[] = [];
  readonly files: Array<RowOf<typeof FILE>> = [];
  readonly rows: Array<RowOf<typeof MEMBER>> = [];
  /** By transcript. */
  readonly #numbers = new Map<number, number>();
  readonly #members: readonly Member[];

  /** `refused`: the first transcripts of clusters with something that sums cannot tell. */
  constructor(
    { has, together, idsChecksums, reviewing }: Candidates,
    refused: ReadonlySet<number>,
    { members, tables }: Pick<Cursors, "members" | "tables">,
    told: Told | undefined,
  ) {
    this.#members = members;
    const ofTable = new Map<CursorTable, number[]>();
    for (const { transcript: t, table } of members) {
      const isKept = told !== undefined && (told.has(t) || told.isRefused(t));
      if (!table || (has[t] === 0 && !isKept)) continue;
      const some = ofTable.get(table);
      if (some) some.push(t);
      else ofTable.set(table, [t]);
    }
    const clusters = new Map<string, number>();
    for (const [table, name] of tables) {
      const some = ofTable.get(table);
      if (!some) continue;
      some.sort((a, b) => (members[a]?.row ?? 0) - (members[b]?.row ?? 0));
      this.names.push(name);
      this.files.push({
        versionLow: table.version.low,
        versionHigh: table.version.high,
        idsChecksum: idsChecksums.get(table) ?? told?.idsChecksumOf(table) ?? 0,
        members: some.length,
      });
      for (const t of some) {
        const number = this.rows.length;
        const known = told?.knownAs[t] ?? -1;
        const key = has[t] === 1 ? `new ${together[t]}` : `kept ${told?.clusterOf(known)}`;
        const cluster = clusters.get(key) ?? number;
        clusters.set(key, cluster);
        const isTold = has[t] === 1 ? !refused.has(together[t] as number) : told?.has(t) === true;
        const hasReviews = has[t] === 1 ? reviewing.has(t) : told?.hasReviews(t) === true;
        const row = members[t]?.row ?? 0;
        this.rows.push({ row, cluster, isTold: isTold ? 1 : 0, hasReviews: hasReviews ? 1 : 0 });
        this.#numbers.set(t, number);
      }
    }
  }

  /** The number of a transcript. */
  numberOf(transcript: number): number {
    const number = this.#numbers.get(transcript);
    if (number === undefined) throw new Error(`transcript ${transcript} is no member`);
    return number;
  }

  tableOf(transcript: number): CursorTable {
    return this.#members[transcript]?.table as CursorTable;
  }
}
