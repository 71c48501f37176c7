/**
 * What responses are known by in scans to come, when the transcripts that held them may be gone: 64 bits of what tells
 * copies from others (`spec/accounting.md`). A copy has an id of its original. What is made here is kept in ledgers: should
 * it change, `RESPONSE_IDS_VERSION` does.
 */
import { type Hash, hashBytes } from "../cursors/hash.ts";
import { type Columns, type EVENT, FLAG, NO_USAGE, USAGE } from "../events.ts";
import type { SourceName } from "../types.ts";
import type { Places } from "./places.ts";
import { hasId } from "./repeated.ts";
import { REVIEW } from "./rollouts.ts";
import type { EventTable } from "./table.ts";
import { COLUMNS } from "./vectors.ts";

export const RESPONSE_IDS_VERSION = 1;

/** What an id is made of: one number a kind, so that no two kinds meet. */
const KIND = { request: 1, record: 2, state: 3, content: 4, total: 5, review: 6, copy: 7 } as const;

/** The agents whose forks lose their copies when events are settled. */
const TAKES_OUT_COPIES: ReadonlySet<string> = new Set<SourceName>(["codex", "gemini", "opencode", "qwen"]);

/** A review's readings stand in its parent's rollout too, at most 10 ms earlier or later: in the same of these slices, or the next. */
const SLICE_MS = 20;

/** Of a rollout: hashes of the ids that its totals may be known by. */
interface Lineage {
  /** The session it is of, then those it was copied from. */
  readonly sessions: readonly Hash[];
  /** Its own, and those that no other rollout is there of: their responses may count here. */
  readonly spokenFor: readonly Hash[];
}

export class ResponseIds {
  #table: EventTable;
  readonly #places: Places;
  /** Running totals as they were told, by usage; undefined: there are no rollouts. */
  readonly #totals: Readonly<Record<string, Float64Array>> | undefined;
  /** Usage and model of events as they were told: those of copies are taken away. Undefined: nobody takes any. */
  readonly #told: Pick<Columns<typeof EVENT>, "usage" | "model"> | undefined;
  readonly #lineages: ReadonlyMap<number, Lineage>;
  /** When readings were written that are of reviews, by event. */
  readonly #reviewsMs: ReadonlyMap<number, number>;
  readonly #hashes = new Map<string, Hash>();

  /** `told` before `settle`: that puts figures in the place of totals. */
  constructor(told: EventTable, places: Places) {
    this.#table = told;
    this.#places = places;
    this.#lineages = lineagesOf(told, places);
    this.#reviewsMs = reviewsIn(told, [...this.#lineages.keys()]);
    if (places.transcripts.some(({ source }) => TAKES_OUT_COPIES.has(source)))
      this.#told = { usage: told.event.usage.slice(0, told.length), model: told.event.model.slice(0, told.length) };
    if (this.#lineages.size > 0)
      this.#totals = Object.fromEntries(COLUMNS.map((name) => [name, told.usage[name].slice()]));
  }

  /** From here on of the table that was settled. */
  useSettled(table: EventTable): void {
    this.#table = table;
  }

  /** The ids by which event `i` may have been counted before. */
  soughtOf(i: number): Hash[] {
    const ms = this.#reviewsMs.get(i);
    const near = ms === undefined ? [] : [ms - SLICE_MS / 2, ms + SLICE_MS / 2];
    return [...this.#idsOf(i, "sessions"), ...this.#ofReview(i, near)];
  }

  /** The ids by which event `i` is to be known from now on. */
  idsOf(i: number): Hash[] {
    const ms = this.#reviewsMs.get(i);
    return [...this.#idsOf(i, "spokenFor"), ...this.#ofReview(i, ms === undefined ? [] : [ms])];
  }

  /** Of an event as it was told: whether copies of its like are taken out before responses are told apart, so that no group says so. */
  mayBeTakenOut(i: number): boolean {
    if (!this.#told || i >= this.#told.usage.length || this.#told.usage[i] === NO_USAGE) return false;
    const source = this.#places.transcripts[this.#table.transcriptOf[i] as number]?.source;
    return source !== undefined && TAKES_OUT_COPIES.has(source);
  }

  #idsOf(i: number, lineage: keyof Lineage): Hash[] {
    const { event, transcriptOf } = this.#table;
    const t = transcriptOf[i] as number;
    const source = this.#places.transcripts[t]?.source;
    const flags = event.flags[i] as number;
    if (source === "codex") return this.#ofTotal(i, this.#lineages.get(t)?.[lineage] ?? []);
    if (source === "opencode") return this.#ofContent(i);
    if (flags & FLAG.state) return this.#ofState(i, t);
    const { responseLow, responseHigh, requestLow, requestHigh } = event;
    if (!(flags & FLAG.responseId)) return this.#ofRecords(i, 0, 0);
    const [low, high] = [responseLow[i] as number, responseHigh[i] as number];
    if (!(flags & FLAG.requestId)) return this.#ofRecords(i, low, high);
    return [hashOf(KIND.request, low, high, requestLow[i] as number, requestHigh[i] as number)];
  }

  /** Rules 2 and 4: between sessions, copies have one record id. */
  #ofRecords(i: number, low: number, high: number): Hash[] {
    const { event, record } = this.#table;
    const ids: Hash[] = [];
    for (let r = event.firstRecord[i] as number; r <= (event.lastRecord[i] as number); r++) {
      if (record.event[r] !== i || !hasId(record, r)) continue;
      ids.push(hashOf(KIND.record, low, high, record.idLow[r] as number, record.idHigh[r] as number));
    }
    return ids;
  }

  /** Gemini CLI and Qwen Code: a message of the file's own session, of which others may hold copies. The tally numbers sessions anew each time. */
  #ofState(i: number, t: number): Hash[] {
    const { event, transcript, texts } = this.#table;
    const [low, high] = [event.responseLow[i] as number, event.responseHigh[i] as number];
    if (low === 0 && high === 0) return [];
    const { source, stem } = this.#places.transcripts[t] as Places["transcripts"][number];
    const session = this.#hashOfText(`${source} ${texts[transcript.sessionId[t] as number] || stem}`);
    const ids = [hashOf(KIND.state, low, high, session.low, session.high)];
    if (Number.isFinite(event.firstMs[i])) ids.push(hashOf(KIND.copy, low, high, event.firstMs[i] as number));
    return ids;
  }

  /** OpenCode: forks keep time, model and numbers. */
  #ofContent(i: number): Hash[] {
    const { event, usage, texts } = this.#table;
    const told = this.#told ?? event;
    const at = told.usage[i] as number;
    if (at === NO_USAGE || !Number.isFinite(event.firstMs[i])) return [];
    const model = this.#hashOfText(texts[told.model[i] as number] as string);
    const numbers = USAGE_COLUMNS.map((name) => usage[name][at] as number);
    return [hashOf(KIND.content, event.firstMs[i] as number, model.low, model.high, ...numbers)];
  }

  /** Codex: a running total within its family (`formats/codex.md` §5). */
  #ofTotal(i: number, sessions: readonly Hash[]): Hash[] {
    const total = this.#totalAt(i);
    return total ? sessions.map(({ low, high }) => hashOf(KIND.total, low, high, ...total)) : [];
  }

  /** Codex: neither rollout of a review names the other; the total and its time are all they have in common. */
  #ofReview(i: number, timesMs: readonly number[]): Hash[] {
    const total = timesMs.length > 0 ? this.#totalAt(i) : undefined;
    const slices = new Set(timesMs.map((ms) => Math.floor(ms / SLICE_MS)));
    return total ? [...slices].map((slice) => hashOf(KIND.review, slice, ...total)) : [];
  }

  #totalAt(i: number): number[] | undefined {
    const { event } = this.#table;
    const at = (this.#told ?? event).usage[i] as number;
    if (!this.#totals || at === NO_USAGE || !((event.flags[i] as number) & FLAG.reading)) return undefined;
    return COLUMNS.map((name) => this.#totals?.[name]?.[at] ?? 0);
  }

  #hashOfText(text: string): Hash {
    let hash = this.#hashes.get(text);
    if (!hash) this.#hashes.set(text, (hash = hashBytes(Buffer.from(text))));
    return hash;
  }
}

const USAGE_COLUMNS = Object.keys(USAGE) as Array<keyof Columns<typeof USAGE>>;

function hashOf(...numbers: readonly number[]): Hash {
  return hashBytes(new Uint8Array(Float64Array.from(numbers).buffer));
}

function lineagesOf(table: EventTable, { transcripts }: Places): ReadonlyMap<number, Lineage> {
  const named = new Map<number, readonly Hash[]>();
  const here = new Set<string>();
  for (const [t, { source }] of transcripts.entries()) {
    if (source !== "codex") continue;
    const { sessions, hasTotals } = sessionsNamedIn(table, t);
    named.set(t, sessions);
    if (hasTotals && sessions[0]) here.add(keyOf(sessions[0]));
  }
  return new Map(
    [...named].map(([t, sessions]) => {
      return [t, { sessions, spokenFor: sessions.filter((one, at) => at === 0 || !here.has(keyOf(one))) }];
    }),
  );
}

/** The readings of reviews, in rollouts of their own and in those of their parents. */
function reviewsIn(table: EventTable, transcripts: readonly number[]): ReadonlyMap<number, number> {
  const { event, transcript, texts, length } = table;
  const found = new Map<number, number>();
  for (const t of transcripts) {
    const isOwn = texts[transcript.agentName[t] as number] === REVIEW;
    let isInside = isOwn;
    const to = transcript.firstEvent[t + 1] ?? length;
    for (let i = transcript.firstEvent[t] as number; i < to; i++) {
      const flags = event.flags[i] as number;
      if (flags & FLAG.reviewStart) isInside = true;
      // Only the session itself turns: a review that was killed ends there (numbers 15 and 16 of decision 0010).
      if (flags & (FLAG.reviewEnd | FLAG.turn)) isInside = isOwn;
      if (isInside && flags & FLAG.reading && Number.isFinite(event.firstMs[i]))
        found.set(i, event.firstMs[i] as number);
    }
  }
  return found;
}

/** The sessions that a rollout names, its own first. */
function sessionsNamedIn({ event, transcript, length }: EventTable, t: number) {
  const sessions = new Map<string, Hash>();
  const forkedFrom: Hash[] = [];
  const note = (hash: Hash) => {
    if (hash.low !== 0 || hash.high !== 0) sessions.set(keyOf(hash), hash);
  };
  let hasTotals = false;
  const to = transcript.firstEvent[t + 1] ?? length;
  for (let i = transcript.firstEvent[t] as number; i < to; i++) {
    const flags = event.flags[i] as number;
    hasTotals ||= (flags & FLAG.reading) !== 0;
    if (!(flags & FLAG.session)) continue;
    note({ low: event.responseLow[i] as number, high: event.responseHigh[i] as number });
    forkedFrom.push({ low: event.requestLow[i] as number, high: event.requestHigh[i] as number });
  }
  // Only what its own first line says; copied lines speak of others.
  if (forkedFrom[0]) note(forkedFrom[0]);
  return { sessions: [...sessions.values()], hasTotals };
}

function keyOf({ low, high }: Hash): string {
  return `${low} ${high}`;
}
