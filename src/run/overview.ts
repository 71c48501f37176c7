/**
 * What is known of each of a project's transcripts before anything of it is merged: enough to tell which of thousands
 * can be of a run. Taken from cursors as they lie in memory.
 */
import type { Transcript } from "../discover/transcript.ts";
import type { CursorRun, Part, RangeRun } from "../parts.ts";

interface Known {
  sessionId: string;
  cwd: string;
  /** Of the record that says `cwd`; Infinity: it has no time. */
  cwdTimeMs: number;
  hasTeam: boolean;
}

export class Overview {
  readonly #transcripts: readonly Transcript[];
  readonly #known: Known[];
  readonly #team: string | undefined;

  /** `team` in lower case. */
  constructor(transcripts: readonly Transcript[], parts: readonly Part[], team: string | undefined) {
    this.#transcripts = transcripts;
    this.#team = team;
    this.#known = transcripts.map(() => ({ sessionId: "", cwd: "", cwdTimeMs: Infinity, hasTeam: false }));
    for (const part of parts) {
      if ("cursors" in part) this.#addCursors(part);
      else this.#addRanges(part);
    }
  }

  #addCursors({ cursors, from, to, transcript }: CursorRun): void {
    const { row, texts } = cursors;
    const isOurs = this.#contextsOfTeam(cursors.contextTexts("team"), cursors.contextTexts("otherTeam"));
    for (let i = from; i < to; i++) {
      const known = this.#known[transcript + i - from] as Known;
      noteFacts(known, row, i, texts);
      if (isOurs.includes(true)) known.hasTeam ||= cursors.contextsOf(i).some((context) => isOurs[context]);
    }
  }

  #addRanges({ scanned, from, to, shift }: RangeRun): void {
    const { batch, columns } = scanned;
    const textsOf = (column: Uint32Array) => Array.from(column, (text) => batch.texts[text] ?? "");
    const isOurs = this.#contextsOfTeam(textsOf(columns.context.team), textsOf(columns.context.otherTeam));
    const starts = scanned.startsOf("events");
    for (let range = from; range < to; range++) {
      const known = this.#known[(columns.range.transcript[range] as number) + shift] as Known;
      noteFacts(known, columns.range, range, batch.texts);
      const contexts = columns.event.context.subarray(starts[range], starts[range + 1]);
      if (isOurs.includes(true)) known.hasTeam ||= contexts.some((context) => isOurs[context]);
    }
  }

  /** By context, whether it names the team. */
  #contextsOfTeam(teams: readonly string[], others: readonly string[]): boolean[] {
    const isOurs = (name: string | undefined) => name !== "" && name?.toLowerCase() === this.#team;
    return teams.map((name, i) => isOurs(name) || isOurs(others[i]));
  }

  /** Whether a record of the transcript names the team. */
  hasTeam(t: number): boolean {
    return this.#known[t]?.hasTeam === true;
  }

  sessionOf(t: number): string {
    const { session, stem } = this.#transcripts[t] as Transcript;
    return session ?? ((this.#known[t] as Known).sessionId || stem);
  }

  /**
   * The first working directory of some transcripts: of the main ones, else of all; the earliest, of equals and those
   * without time the first in path order. Empty: none.
   */
  firstCwd(some: readonly number[]): string {
    const mains = some.filter((t) => (this.#transcripts[t] as Transcript).isMain);
    for (const members of [mains, some]) {
      let first: Known | undefined;
      for (const t of members) {
        const known = this.#known[t] as Known;
        if (known.cwd !== "" && (!first || known.cwdTimeMs < first.cwdTimeMs)) first = known;
      }
      if (first) return first.cwd;
    }
    return "";
  }
}

type Facts = Readonly<Record<"sessionId" | "cwd", Uint32Array>> & { readonly cwdTimeMs: Float64Array };

/** As merging would: the first of each stays, of working directories the earliest. */
function noteFacts(known: Known, from: Facts, i: number, texts: readonly string[]): void {
  if (known.sessionId === "") known.sessionId = texts[from.sessionId[i] as number] ?? "";
  const cwd = texts[from.cwd[i] as number] ?? "";
  const timeMs = from.cwdTimeMs[i] as number;
  if (cwd === "" || (known.cwd !== "" && timeMs >= known.cwdTimeMs)) return;
  known.cwd = cwd;
  known.cwdTimeMs = timeMs;
}
