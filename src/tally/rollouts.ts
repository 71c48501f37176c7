/** Codex rollouts as their events tell them, before anything is decided about them. */
import { FLAG } from "../events.ts";
import { groupBy } from "./group-by.ts";
import type { Places } from "./places.ts";
import type { EventTable } from "./table.ts";
import { VectorSet } from "./vector-set.ts";
import { COLUMNS, copyVector, PARTS } from "./vectors.ts";

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
  #distinct: Uint32Array | undefined;

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

  /** Each vector once: the event where it stands first. Worked out when first asked for: most rollouts have no relatives. */
  get distinct(): Uint32Array {
    return (this.#distinct ??= this.#findDistinct());
  }

  #findDistinct(): Uint32Array {
    const { event, usage } = this.#table;
    const distinct: number[] = [];
    const seen = new VectorSet();
    const vector = new Float64Array(PARTS);
    for (let i = this.events.from; i < this.events.to; i++) {
      if (((event.flags[i] as number) & FLAG.reading) === 0) continue;
      copyVector(usage, event.usage[i] as number, vector);
      if (seen.add(vector)) distinct.push(i);
    }
    return Uint32Array.from(distinct);
  }

  /** How many vectors this rollout and another begin with alike. */
  sharedPrefix(other: Rollout): number {
    const [a, b] = [this.distinct, other.distinct];
    const { event, usage } = this.#table;
    const most = Math.min(a.length, b.length);
    for (let shared = 0; shared < most; shared++) {
      const [mine, theirs] = [event.usage[a[shared] as number] as number, event.usage[b[shared] as number] as number];
      if (COLUMNS.some((name) => usage[name][mine] !== usage[name][theirs])) return shared;
    }
    return most;
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
