/** What the records of a transcript say of where it belongs. */
import type { Transcript } from "../discover/transcript.ts";
import { FLAG } from "../events.ts";
import { merge, type MergedTable } from "../merge.ts";
import { type Dispatch, readDispatches } from "../sources/dispatches.ts";
import { findPlaces } from "../tally/places.ts";
import type { Window } from "../window.ts";
import type { ChosenTranscripts } from "./read.ts";

/** The facts of every transcript of a table, by number. */
export class Facts {
  readonly transcripts: readonly Transcript[];
  readonly #table: MergedTable;
  readonly #places: ReturnType<typeof findPlaces>;
  /** By context, the teams it names, in lower case; of those that were asked for. */
  readonly #teamsOfContext = new Map<number, readonly string[]>();

  constructor({ transcripts, parts, memory }: ChosenTranscripts) {
    const merging = { memory, listsSkipped: "of each transcript", hasSpareEvents: false } as const;
    const table = merge(parts, transcripts.length, merging);
    this.transcripts = transcripts;
    this.#table = table;
    this.#places = findPlaces(transcripts, table);
  }

  #teamsIn(context: number): readonly string[] {
    let teams = this.#teamsOfContext.get(context);
    if (!teams) {
      const { team, otherTeam } = this.#table.context;
      const named = [team[context], otherTeam[context]].filter((text) => text !== 0);
      this.#teamsOfContext.set(context, (teams = named.map((text) => this.#text(text).toLowerCase())));
    }
    return teams;
  }

  #text(number: number | undefined): string {
    return this.#table.texts[number ?? 0] ?? "";
  }

  sessionOf(t: number): string {
    return this.#places.sessions[this.#places.sessionOf[t] as number] as string;
  }

  /** The first agent name in the transcript; empty: none. */
  agentName(t: number): string {
    return this.#text(this.#table.transcript.agentName[t]);
  }

  /** The teams its records name, in lower case. */
  teams(t: number): ReadonlySet<string> {
    const teams = new Set<string>();
    let last = -1;
    for (const i of this.#events(t)) {
      const context = this.#table.event.context[i] as number;
      if (context !== last) for (const team of this.#teamsIn(context)) teams.add(team);
      last = context;
    }
    return teams;
  }

  dispatches(t: number): Dispatch[] {
    const { event, context } = this.#table;
    const texts = new Set<number>();
    for (const i of this.#events(t)) texts.add(context.dispatches[event.context[i] as number] as number);
    texts.delete(0);
    return [...texts].flatMap((text) => readDispatches(this.#text(text)));
  }

  /** The times of its first and last record in ms; Infinity and -Infinity where none has one. */
  span(t: number): { readonly firstMs: number; readonly lastMs: number } {
    const span = { firstMs: Infinity, lastMs: -Infinity };
    for (const i of this.#events(t)) {
      span.firstMs = Math.min(span.firstMs, this.#table.event.firstMs[i] as number);
      span.lastMs = Math.max(span.lastMs, this.#table.event.lastMs[i] as number);
    }
    return span;
  }

  /** Whether a record is in the window; those without a time are in every window. */
  isIn(t: number, { sinceMs, untilMs }: Window): boolean {
    const { record, event } = this.#table;
    for (const r of this.#records(t)) {
      const ms = record.timeMs[r] as number;
      if (ms >= sinceMs && ms <= untilMs) return true;
      // That a record has two ids is told beside it, without a time of its own.
      const isAlias = ((event.flags[record.event[r] as number] as number) & FLAG.alias) !== 0;
      if (Number.isNaN(ms) && !isAlias) return true;
    }
    return false;
  }

  /** The ids of its own records, as texts that can be compared. */
  *recordIds(t: number): Generator<string> {
    const { record, event } = this.#table;
    for (const r of this.#records(t)) {
      const isCopy = ((event.flags[record.event[r] as number] as number) & FLAG.nested) !== 0;
      if (!isCopy && (record.idLow[r] !== 0 || record.idHigh[r] !== 0)) yield `${record.idLow[r]} ${record.idHigh[r]}`;
    }
  }

  *#events(t: number): Generator<number> {
    const { transcript, length } = this.#table;
    const end = transcript.firstEvent[t + 1] ?? length;
    for (let i = transcript.firstEvent[t] as number; i < end; i++) yield i;
  }

  *#records(t: number): Generator<number> {
    const { transcript, eventRecords } = this.#table;
    const end = transcript.firstRecord[t + 1] ?? eventRecords;
    for (let r = transcript.firstRecord[t] as number; r < end; r++) yield r;
  }
}
