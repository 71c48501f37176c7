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
}

export class Overview {
  readonly #transcripts: readonly Transcript[];
  readonly #parts: readonly Part[];
  readonly #team: string | undefined;
  /** By table, for each of its contexts 1 where it names the team. */
  readonly #isOurs = new Map<object, Uint8Array>();
  /** By transcript, 1 where a record names the team. */
  readonly #hasTeam: Uint8Array;
  /** By transcript; only where somebody asks, for what most of them say is told by their places too. */
  #known: readonly Known[] | undefined;

  /** `team` in lower case. */
  constructor(transcripts: readonly Transcript[], parts: readonly Part[], team: string | undefined) {
    this.#transcripts = transcripts;
    this.#parts = parts;
    this.#team = team;
    this.#hasTeam = new Uint8Array(transcripts.length);
    if (team === undefined) return;
    for (const part of parts) {
      if ("cursors" in part) this.#markCursors(part);
      else this.#markRanges(part);
    }
  }

  #markCursors({ cursors, from, to, transcript }: CursorRun): void {
    const isOurs = this.#once(cursors, () =>
      this.#contextsOfTeam(cursors.texts, cursors.contextTexts("team"), cursors.contextTexts("otherTeam")),
    );
    if (isOurs.length === 0) return;
    const contexts = cursors.listedContexts;
    const starts = cursors.start.listedContexts;
    for (let i = from; i < to; i++) {
      const t = transcript + i - from;
      if (hasAny(isOurs, contexts, starts[i] as number, starts[i + 1] as number)) this.#hasTeam[t] = 1;
    }
  }

  #markRanges({ scanned, from, to, shift }: RangeRun): void {
    const { batch, columns } = scanned;
    const isOurs = this.#once(scanned, () =>
      this.#contextsOfTeam(batch.texts, columns.context.team, columns.context.otherTeam),
    );
    if (isOurs.length === 0) return;
    const starts = scanned.startsOf("events");
    for (let range = from; range < to; range++) {
      const t = (columns.range.transcript[range] as number) + shift;
      if (hasAny(isOurs, columns.event.context, starts[range] as number, starts[range + 1] as number))
        this.#hasTeam[t] = 1;
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
    const ofTeam = new Uint8Array(teams.length);
    for (let i = 0; i < ofTeam.length; i++) {
      if (teams[i] === 0 && others[i] === 0) continue;
      if (isTeam(teams[i] as number) || isTeam(others[i] as number)) ofTeam[i] = 1;
    }
    return ofTeam.includes(1) ? ofTeam : new Uint8Array(0);
  }

  /** Whether a record of the transcript names the team. */
  hasTeam(t: number): boolean {
    return this.#hasTeam[t] === 1;
  }

  #knownOf(t: number): Known {
    this.#known ??= factsOf(this.#transcripts.length, this.#parts);
    return this.#known[t] as Known;
  }

  sessionOf(t: number): string {
    const { session, stem } = this.#transcripts[t] as Transcript;
    return session ?? (this.#knownOf(t).sessionId || stem);
  }

  /** The first in the transcript; empty: none. */
  agentName(t: number): string {
    return this.#knownOf(t).agentName;
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
        const known = this.#knownOf(t);
        if (known.cwd !== "" && (!first || known.cwdTimeMs < first.cwdTimeMs)) first = known;
      }
      if (first) return first.cwd;
    }
    return "";
  }
}

type Numbers = Readonly<ArrayLike<number>>;

/** Whether one of some contexts is marked. */
function hasAny(isMarked: Uint8Array, contexts: Numbers, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (isMarked[contexts[i] as number] === 1) return true;
  return false;
}

type Facts = Readonly<Record<"sessionId" | "agentName" | "cwd", Uint32Array>> & { readonly cwdTimeMs: Float64Array };

function factsOf(transcripts: number, parts: readonly Part[]): readonly Known[] {
  const facts = Array.from({ length: transcripts }, (): Known => ({
    sessionId: "",
    agentName: "",
    cwd: "",
    cwdTimeMs: Infinity,
  }));
  for (const part of parts) {
    if ("cursors" in part) {
      const { cursors, transcript } = part;
      for (let row = part.from; row < part.to; row++)
        noteFacts(facts[transcript + row - part.from] as Known, cursors.row, row, cursors.texts);
    } else {
      const { batch, columns } = part.scanned;
      for (let range = part.from; range < part.to; range++) {
        const t = (columns.range.transcript[range] as number) + part.shift;
        noteFacts(facts[t] as Known, columns.range, range, batch.texts);
      }
    }
  }
  return facts;
}

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
