/**
 * What transcripts' responses came to, kept beside their cursors (`docs/decisions/0017`): a transcript in which nothing is new, and
 * which has no ids in common with one in which something is, is told by its sums, and its events are not read. It is derived
 * data of derived data: without it a scan reads more and says the same.
 */
import { join } from "node:path";
import type { CursorOptions, Cursors } from "../cursors/index.ts";
import { numbersOf } from "../cursors/narrow.ts";
import type { Transcript } from "../discover/transcript.ts";
import type { MergedTable, Merger } from "../merge.ts";
import type { CheckedOptions } from "../options.ts";
import type { Tally } from "../tally/index.ts";
import { QUARTER_MS } from "../tally/pieces.ts";
import type { TallyMemory } from "../tally/memory.ts";
import type { Summed } from "../tally/summed.ts";
import type { Window } from "../window.ts";
import { type Candidates, findCandidates } from "./candidates.ts";
import { keyOf } from "./key.ts";
import { namesOf } from "./names.ts";
import { findSharing, type Name } from "./sharing.ts";
import { StoredSums, sumsName } from "./stored.ts";
import { Told } from "./told.ts";
import { widenSums } from "./widen.ts";

export class Sums {
  readonly #stored: StoredSums | undefined;
  readonly #key: string;
  readonly #folder: string;
  readonly #name: string;
  readonly #memory: TallyMemory;
  #cursors: Cursors | undefined;
  #told: Told | undefined;
  /** By merged transcript, the first of all that it has ids in common with. */
  #together: Uint32Array | undefined;
  #candidates: Candidates | undefined;
  #summed: Summed | undefined;

  private constructor(key: string, folder: string, name: string, memory: TallyMemory) {
    this.#stored = StoredSums.open(join(folder, name), key, memory);
    this.#key = key;
    this.#folder = folder;
    this.#name = name;
    this.#memory = memory;
  }

  /** For a scan that asks for no more than figures by kind and time. Undefined: it asks for more. */
  static async open(
    checked: CheckedOptions,
    roots: readonly string[],
    folder: string,
    memory: TallyMemory,
  ): Promise<Sums | undefined> {
    if (checked.prices !== undefined || checked.explain === true) return undefined;
    return new Sums(await keyOf(checked.cost, join(folder, "prices")), folder, sumsName(roots, checked.cost), memory);
  }

  /** Of which cursors heads are enough. */
  get reading(): Pick<CursorOptions, "isHeadEnough"> {
    return { isHeadEnough: (name, version) => this.#stored?.numberOf(name, version) !== undefined };
  }

  /** With cursors that were read so. Has the events read of transcripts that the window begins or ends in. Throws `DamagedCursors`. */
  use(cursors: Cursors, { sinceMs, untilMs }: Window): void {
    this.#cursors = cursors;
    const told = (this.#told = this.#stored && new Told(this.#stored, cursors));
    // What is over before a quarter of an hour begins, or begins with it, is not inside of one.
    const cuts = [sinceMs, untilMs + 1].filter((ms) => Number.isFinite(ms) && ms % QUARTER_MS !== 0);
    if (cuts.length === 0 || !told) return;
    const { tables, firstQuarter } = told.stored.decoded;
    const quarters = new Set(cuts.map((ms) => Math.floor(ms / QUARTER_MS) - firstQuarter));
    const { kind, sum } = tables;
    const columnOf = (column: (typeof sum)[string] | undefined) =>
      column ? numbersOf(column, this.#memory.buffer) : [];
    const [quarterOf, kindOf, memberOf] = [columnOf(sum["quarter"]), columnOf(sum["kind"]), columnOf(kind["member"])];
    const cut = new Set<number>();
    for (let i = 0; i < quarterOf.length; i++) {
      if (quarters.has(quarterOf[i] as number)) cut.add(memberOf[kindOf[i] as number] as number);
    }
    if (cut.size > 0) told.open(cut, true);
  }

  /** Whether the events of a transcript are not needed. */
  tells(transcript: number): boolean {
    return this.#told?.has(transcript) === true;
  }

  /**
   * Compares what was merged with what is told by its sums, and has the events read of all that has something in
   * common with it. True: there is such, and all is to be merged again. Throws `DamagedCursors`.
   */
  openShared(table: MergedTable, transcripts: readonly Transcript[]): boolean {
    this.#together = undefined;
    if (!this.#cursors || table.length === 0) return false;
    const told = this.#told;
    // Where all is new there is nothing to compare with, and nothing to be kept.
    if (!this.#cursors.members.some(({ isUnchanged }) => isUnchanged)) return false;
    const known = told?.stored.decoded.member.row.length ?? 0;
    const names = namesOf(table, transcripts, told);
    const isTold = ({ transcript }: Name) => this.tells(transcript);
    const others = told?.idsWith(names.filter(isTold), this.#memory);
    const merged = names.filter((name) => !isTold(name));
    const { together, shared } = findSharing(table, merged, others, known);
    this.#together = together;
    if (shared.length > 0) told?.open(shared, false);
    return shared.length > 0;
  }

  /** What is to be kept. After the last merge, and before the tally takes the place of cursors in the memory. */
  findCandidates(table: MergedTable, transcripts: readonly Transcript[]): void {
    if (!this.#cursors || !this.#together) return;
    this.#candidates = findCandidates(table, this.#together, this.#cursors, this.#told, transcripts);
  }

  /** Undefined: nothing is told by its sums. */
  widen(merger: Merger): Summed | undefined {
    if (!this.#cursors || !this.#told || this.#told.isEmpty) return undefined;
    return (this.#summed = widenSums(this.#told, this.#cursors.members, merger, this.#memory));
  }

  /** Keeps the sums of what can be told by them from now on. Returns why it could not, as the system's code. */
  async save(
    merger: Merger,
    { tallied, clampedIn }: Pick<Tally, "tallied" | "clampedIn">,
  ): Promise<string | undefined> {
    if (!this.#cursors || !this.#candidates) return undefined;
    const { saveSums } = await import("./save.ts");
    return saveSums(this.#candidates, {
      folder: this.#folder,
      name: this.#name,
      key: this.#key,
      cursors: this.#cursors,
      told: this.#told,
      contextsOf: (table) => merger.contextsOf(table),
      summed: this.#summed,
      tallied,
      clampedIn,
    });
  }
}
