/**
 * What is known of each of a project's transcripts before anything of it is merged: enough to tell which of thousands
 * can be of a run. Taken from cursors as they lie in memory.
 */
import type { Transcript } from "../discover/transcript.ts";
import type { CursorRun, Part, RangeRun } from "../parts.ts";

interface Known {
  sessionId: string;
  agentName: string;
  cwd: string;
  /** Of the record that says `cwd`; Infinity: it has no time. */
  cwdTimeMs: number;
  hasTeam: boolean;
}

export class Overview {
  readonly #transcripts: readonly Transcript[];
  readonly #known: Known[];
  readonly #team: string | undefined;
  /** By table, for each of its contexts 1 where it names the team. */
  readonly #isOurs = new Map<object, Uint8Array>();

  /** `team` in lower case. */
  constructor(transcripts: readonly Transcript[], parts: readonly Part[], team: string | undefined) {
    this.#transcripts = transcripts;
    this.#team = team;
    this.#known = transcripts.map(() => ({
      sessionId: "",
      agentName: "",
      cwd: "",
      cwdTimeMs: Infinity,
      hasTeam: false,
    }));
    for (const part of parts) {
      if ("cursors" in part) this.#addCursors(part);
      else this.#addRanges(part);
    }
  }

  #addCursors({ cursors, from, to, transcript }: CursorRun): void {
    const { row, texts } = cursors;
    const isOurs = this.#once(cursors, () =>
      this.#contextsOfTeam(texts, cursors.contextTexts("team"), cursors.contextTexts("otherTeam")),
    );
    const contexts = cursors.eventContexts;
    const starts = cursors.start.events;
    for (let i = from; i < to; i++) {
      const known = this.#known[transcript + i - from] as Known;
      noteFacts(known, row, i, texts);
      if (isOurs.length > 0) known.hasTeam ||= hasAny(isOurs, contexts, starts[i] as number, starts[i + 1] as number);
    }
  }

  #addRanges({ scanned, from, to, shift }: RangeRun): void {
    const { batch, columns } = scanned;
    const isOurs = this.#once(scanned, () =>
      this.#contextsOfTeam(batch.texts, columns.context.team, columns.context.otherTeam),
    );
    const starts = scanned.startsOf("events");
    for (let range = from; range < to; range++) {
      const known = this.#known[(columns.range.transcript[range] as number) + shift] as Known;
      noteFacts(known, columns.range, range, batch.texts);
      if (isOurs.length > 0) {
        known.hasTeam ||= hasAny(isOurs, columns.event.context, starts[range] as number, starts[range + 1] as number);
      }
    }
  }

  /** A table is met in as many parts as there are changed transcripts in it. */
  #once(table: object, contextsOfTeam: () => Uint8Array): Uint8Array {
    const known = this.#isOurs.get(table) ?? contextsOfTeam();
    this.#isOurs.set(table, known);
    return known;
  }

  /** By context, whether it names the team; of none that does, nothing. */
  #contextsOfTeam(texts: readonly string[], teams: Numbers, others: Numbers): Uint8Array {
    const isOurs = new Map<number, boolean>([[0, false]]);
    const isTeam = (text: number) => {
      let is = isOurs.get(text);
      if (is === undefined) isOurs.set(text, (is = texts[text] !== "" && texts[text]?.toLowerCase() === this.#team));
      return is;
    };
    const ofTeam = new Uint8Array(this.#team === undefined ? 0 : teams.length);
    for (let i = 0; i < ofTeam.length; i++) {
      if (isTeam(teams[i] as number) || isTeam(others[i] as number)) ofTeam[i] = 1;
    }
    return ofTeam.includes(1) ? ofTeam : new Uint8Array(0);
  }

  /** Whether a record of the transcript names the team. */
  hasTeam(t: number): boolean {
    return this.#known[t]?.hasTeam === true;
  }

  sessionOf(t: number): string {
    const { session, stem } = this.#transcripts[t] as Transcript;
    return session ?? ((this.#known[t] as Known).sessionId || stem);
  }

  /** The first in the transcript; empty: none. */
  agentName(t: number): string {
    return this.#known[t]?.agentName ?? "";
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

type Numbers = Readonly<ArrayLike<number>>;

/** Whether one of some events is in a context that is marked. */
function hasAny(isMarked: Uint8Array, contexts: Numbers, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (isMarked[contexts[i] as number] === 1) return true;
  return false;
}

type Facts = Readonly<Record<"sessionId" | "agentName" | "cwd", Uint32Array>> & { readonly cwdTimeMs: Float64Array };

/** As merging would: the first of each stays, of working directories the earliest. */
function noteFacts(known: Known, from: Facts, i: number, texts: readonly string[]): void {
  if (known.sessionId === "") known.sessionId = texts[from.sessionId[i] as number] ?? "";
  if (known.agentName === "") known.agentName = texts[from.agentName[i] as number] ?? "";
  const cwd = texts[from.cwd[i] as number] ?? "";
  const timeMs = from.cwdTimeMs[i] as number;
  if (cwd === "" || (known.cwd !== "" && timeMs >= known.cwdTimeMs)) return;
  known.cwd = cwd;
  known.cwdTimeMs = timeMs;
}
