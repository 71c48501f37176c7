/**
 * What responses are known by in scans to come, when the transcripts that held them may be gone: 64 bits of what tells
 * copies from others (`spec/accounting.md`). A copy has an id of its original. What is made here is kept in ledgers: should
 * it change, `RESPONSE_IDS_VERSION` does.
 */
import { type Hash, hashBytes } from "../cursors/hash.ts";
import { type Columns, FLAG, NO_USAGE, USAGE } from "../events.ts";
import type { Places } from "./places.ts";
import { hasId } from "./repeated.ts";
import type { EventTable } from "./table.ts";
import { COLUMNS } from "./vectors.ts";

export const RESPONSE_IDS_VERSION = 1;

/** What an id is made of: one number a kind, so that no two kinds meet. */
const KIND = { request: 1, record: 2, state: 3, content: 4, total: 5 } as const;

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
  readonly #lineages: ReadonlyMap<number, Lineage>;
  readonly #hashes = new Map<string, Hash>();

  /** `told` before `settle`: that puts figures in the place of totals. */
  constructor(told: EventTable, places: Places) {
    this.#table = told;
    this.#places = places;
    this.#lineages = lineagesOf(told, places);
    if (this.#lineages.size > 0)
      this.#totals = Object.fromEntries(COLUMNS.map((name) => [name, told.usage[name].slice()]));
  }

  /** From here on of the table that was settled. */
  useSettled(table: EventTable): void {
    this.#table = table;
  }

  /** The ids by which event `i` may have been counted before. */
  soughtOf(i: number): Hash[] {
    return this.#idsOf(i, "sessions");
  }

  /** The ids by which event `i` is to be known from now on. */
  idsOf(i: number): Hash[] {
    return this.#idsOf(i, "spokenFor");
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

  /** Gemini CLI and Qwen Code: a message of the file's own session. The tally numbers sessions anew each time. */
  #ofState(i: number, t: number): Hash[] {
    const { event, transcript, texts } = this.#table;
    const [low, high] = [event.responseLow[i] as number, event.responseHigh[i] as number];
    if (low === 0 && high === 0) return [];
    const { source, stem } = this.#places.transcripts[t] as Places["transcripts"][number];
    const session = this.#hashOfText(`${source} ${texts[transcript.sessionId[t] as number] || stem}`);
    return [hashOf(KIND.state, low, high, session.low, session.high)];
  }

  /** OpenCode: forks keep time, model and numbers. */
  #ofContent(i: number): Hash[] {
    const { event, usage, texts } = this.#table;
    const at = event.usage[i] as number;
    if (at === NO_USAGE || !Number.isFinite(event.firstMs[i])) return [];
    const model = this.#hashOfText(texts[event.model[i] as number] as string);
    const numbers = USAGE_COLUMNS.map((name) => usage[name][at] as number);
    return [hashOf(KIND.content, event.firstMs[i] as number, model.low, model.high, ...numbers)];
  }

  /** Codex: a running total within its family (`formats/codex.md` §5). */
  #ofTotal(i: number, sessions: readonly Hash[]): Hash[] {
    const { event } = this.#table;
    const at = event.usage[i] as number;
    if (!this.#totals || at === NO_USAGE || !((event.flags[i] as number) & FLAG.reading)) return [];
    const total = COLUMNS.map((name) => this.#totals?.[name]?.[at] ?? 0);
    return sessions.map(({ low, high }) => hashOf(KIND.total, low, high, ...total));
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
