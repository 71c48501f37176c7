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

export interface Rollout {
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
  /** All of them, in the order of the bytes. */
  readonly readings: readonly Reading[];
  /** Each vector once, where it stands first. */
  readonly distinct: readonly Reading[];
}

const REVIEW = "review";

export function readRollouts(table: EventTable, places: Places): Rollout[] {
  return places.transcripts.flatMap(({ source }, t) => (source === "codex" ? [readRollout(table, places, t)] : []));
}

function readRollout(table: EventTable, places: Places, t: number): Rollout {
  const { event, usage, transcript, record, texts } = table;
  const from = transcript.firstEvent[t] as number;
  const to = transcript.firstEvent[t + 1] ?? table.length;
  const firstRecord = transcript.firstRecord[t] as number;
  const endRecord = transcript.firstRecord[t + 1] ?? table.eventRecords;
  const sessions: string[] = [];
  let forkedFrom = "";
  const readings: Reading[] = [];
  const seen = new Set<string>();
  const distinct: Reading[] = [];
  for (let i = from; i < to; i++) {
    const flags = event.flags[i] as number;
    if (flags & FLAG.session) {
      if (sessions.length === 0) forkedFrom = idKey(event.requestLow[i] as number, event.requestHigh[i] as number);
      sessions.push(idKey(event.responseLow[i] as number, event.responseHigh[i] as number));
    } else if (flags & FLAG.reading) {
      const reading = { event: i, key: vectorAt(usage, event.usage[i] as number).join() };
      readings.push(reading);
      if (!seen.has(reading.key)) distinct.push(reading);
      seen.add(reading.key);
    }
  }
  const [id = ""] = sessions;
  const named = new Set([forkedFrom, ...sessions]);
  named.delete("");
  named.delete(id);
  const session = places.sessionOf[t] as number;
  const timeMs = firstRecord < endRecord ? (record.timeMs[firstRecord] as number) : NaN;
  return {
    transcript: t,
    session,
    sessionName: places.sessions[session] as string,
    id,
    ancestors: [...named],
    firstMs: Number.isNaN(timeMs) ? Infinity : timeMs,
    events: { from, to },
    records: endRecord - firstRecord,
    isReview: texts[transcript.agentName[t] as number] === REVIEW,
    readings,
    distinct,
  };
}

function idKey(low: number, high: number): string {
  return low === 0 && high === 0 ? "" : `${low} ${high}`;
}

/** The rollouts that tell of each session, by its id's key. */
export function rolloutsById(rollouts: readonly Rollout[]): ReadonlyMap<string, readonly Rollout[]> {
  return groupBy(rollouts, ({ id }) => id);
}
