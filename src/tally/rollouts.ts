/** Codex rollouts as their events tell them, before anything is decided about them. */
import { FLAG } from "../events.ts";
import { groupBy } from "./group-by.ts";
import type { Places } from "./places.ts";
import type { EventTable } from "./table.ts";
import { vectorAt } from "./vectors.ts";

/** A reading of a running total. */
interface Reading {
  readonly event: number;
  /** Its vector as text. */
  readonly key: string;
}

const REVIEW = "review";

export class Rollout {
  readonly transcript: number;
  /** The number of its session. */
  readonly session: number;
  readonly sessionName: string;
  /** Key of its own session's id; empty where it names none. */
  readonly id: string;
  /** Keys of the ids of those it says it was copied from, the nearest first. */
  readonly ancestors: readonly string[];
  /** Its first line's; Infinity: none. */
  readonly firstMs: number;
  readonly events: { readonly from: number; readonly to: number };
  readonly records: number;
  readonly isReview: boolean;
  /** Branch and version of its own first line, for all: they stand nowhere else. */
  readonly context: number | undefined;
  readonly #table: EventTable;
  #distinct: readonly Reading[] | undefined;

  constructor(table: EventTable, places: Places, t: number) {
    const { event, transcript, record, texts } = table;
    const from = transcript.firstEvent[t] as number;
    const to = transcript.firstEvent[t + 1] ?? table.length;
    const firstRecord = transcript.firstRecord[t] as number;
    const endRecord = transcript.firstRecord[t + 1] ?? table.eventRecords;
    const sessions: string[] = [];
    let forkedFrom = "";
    for (let i = from; i < to; i++) {
      if (((event.flags[i] as number) & FLAG.session) === 0) continue;
      if (sessions.length === 0) {
        forkedFrom = idKey(event.requestLow[i] as number, event.requestHigh[i] as number);
        this.context = event.context[i];
      }
      sessions.push(idKey(event.responseLow[i] as number, event.responseHigh[i] as number));
    }
    const [id = ""] = sessions;
    const named = new Set([forkedFrom, ...sessions]);
    named.delete("");
    named.delete(id);
    const timeMs = firstRecord < endRecord ? (record.timeMs[firstRecord] as number) : NaN;
    this.#table = table;
    this.transcript = t;
    this.session = places.sessionOf[t] as number;
    this.sessionName = places.sessions[this.session] as string;
    this.id = id;
    this.ancestors = [...named];
    this.firstMs = Number.isNaN(timeMs) ? Infinity : timeMs;
    this.events = { from, to };
    this.records = endRecord - firstRecord;
    this.isReview = texts[transcript.agentName[t] as number] === REVIEW;
  }

  /** Each vector once, where it stands first. Worked out when first asked for: most rollouts have no relatives. */
  get distinct(): readonly Reading[] {
    return (this.#distinct ??= this.#findDistinct());
  }

  #findDistinct(): Reading[] {
    const { event, usage } = this.#table;
    const distinct = new Map<string, Reading>();
    for (let i = this.events.from; i < this.events.to; i++) {
      if (((event.flags[i] as number) & FLAG.reading) === 0) continue;
      const key = vectorAt(usage, event.usage[i] as number).join();
      if (!distinct.has(key)) distinct.set(key, { event: i, key });
    }
    return [...distinct.values()];
  }
}

export function readRollouts(table: EventTable, places: Places): Rollout[] {
  return places.transcripts.flatMap(({ source }, t) => (source === "codex" ? [new Rollout(table, places, t)] : []));
}

function idKey(low: number, high: number): string {
  return low === 0 && high === 0 ? "" : `${low} ${high}`;
}

/** The rollouts that tell of each session, by its id's key. */
export function rolloutsById(rollouts: readonly Rollout[]): ReadonlyMap<string, readonly Rollout[]> {
  return groupBy(rollouts, ({ id }) => id);
}
