/** Codex rollouts as their events tell them, before anything is decided about them. */
import { FLAG, NO_CONTEXT } from "../events.ts";
import { hashText } from "../sources/hash.ts";
import { groupBy } from "./group-by.ts";
import type { Places } from "./places.ts";
import { bindTable } from "./repeated.ts";
import type { EventTable } from "./table.ts";
import { COLUMNS, PARTS } from "./vectors.ts";

export const REVIEW = "review";

/** What the first reading of a rollout adds: as `src/tally/wasm/codex.ts` has them. */
export const GOES_ON = { no: 0, yes: 1, withARepeat: 2 } as const;
type GoesOn = (typeof GOES_ON)[keyof typeof GOES_ON];

/** The loops over the events of one rollout, with the memory they need for its vectors. */
export class Vectors {
  readonly #table: EventTable;
  readonly #found: Uint32Array;
  readonly #vectors: number;
  readonly #places: number;

  constructor(table: EventTable, { transcripts }: Places) {
    const { memory } = table;
    this.#table = table;
    bindTable(table);
    const most = transcripts.reduce((longest, { source }, t) => {
      const { from, to } = eventsOf(table, t);
      return source === "codex" ? Math.max(longest, to - from) : longest;
    }, 0);
    this.#found = memory.u32(most);
    this.#vectors = memory.f64(most * PARTS).byteOffset;
    this.#places = memory.u32(most * 4 + 64).byteOffset;
  }

  /** Settles a rollout's events; those before `ownFrom` are copies, those that are `told` by a review may be. */
  settle(rollout: Rollout, ownFrom: number, told: readonly number[], goesOn: GoesOn): number {
    const { events, isReview, context = NO_CONTEXT } = rollout;
    const { native } = this.#table.memory;
    const { from, to } = events;
    this.#found.set(told);
    const { byteOffset } = this.#found;
    const [vectors, places] = [this.#vectors, this.#places];
    const both = [ownFrom, isReview, goesOn, context] as const;
    return native.settleRollout(from, to, ...both, byteOffset, told.length, vectors, places);
  }

  /** The event where each vector stands first. */
  distinctIn({ from, to }: Rollout["events"]): Uint32Array {
    const { native } = this.#table.memory;
    return this.#found.slice(0, native.findDistinct(from, to, this.#found.byteOffset, this.#vectors, this.#places));
  }
}

function eventsOf({ transcript, length }: EventTable, t: number) {
  return { from: transcript.firstEvent[t] as number, to: transcript.firstEvent[t + 1] ?? length };
}

export class Rollout {
  readonly transcript: number;
  /** The number of its session. */
  readonly session: number;
  readonly sessionName: string;
  /** What its file is named by: one session has several where it goes on from its own history. */
  readonly stem: string;
  /** Key of its session's id. */
  readonly id: string;
  /** Keys of the ids of those it says it was copied from, the nearest first. */
  readonly ancestors: readonly string[];
  /** Its first line's; Infinity: none. */
  readonly firstMs: number;
  readonly events: { readonly from: number; readonly to: number };
  readonly records: number;
  readonly isReview: boolean;
  /** Whether its totals go on from those of another rollout, of which it holds no copies. */
  readonly goesOn: boolean;
  /** Branch and version of its own first line, for all: they stand nowhere else. */
  readonly context: number | undefined;
  readonly #table: EventTable;
  readonly #vectors: Vectors;
  #distinct: Uint32Array | undefined;

  constructor(table: EventTable, places: Places, vectors: Vectors, t: number) {
    const { event, transcript, record, texts, memory } = table;
    const { from, to } = eventsOf(table, t);
    const firstRecord = transcript.firstRecord[t] as number;
    const endRecord = transcript.firstRecord[t + 1] ?? table.eventRecords;
    const sessions: string[] = [];
    let forkedFrom = "";
    this.goesOn = false;
    const nextSession = (i: number) => memory.native.nextWith(FLAG.session, i, to);
    for (let i = nextSession(from); i < to; i = nextSession(i + 1)) {
      if (sessions.length === 0) {
        forkedFrom = idKey(event.requestLow[i] as number, event.requestHigh[i] as number);
        this.context = event.context[i];
        this.goesOn = ((event.flags[i] as number) & FLAG.restart) !== 0;
      }
      sessions.push(idKey(event.responseLow[i] as number, event.responseHigh[i] as number));
    }
    const session = places.sessionOf[t] as number;
    const sessionName = places.sessions[session] as string;
    // Number 10: a first record that is damaged or names no id leaves it to those that follow, then to the file's name.
    const id = sessions.find((one) => one !== "") ?? keyOf(sessionName);
    const named = new Set([forkedFrom, ...sessions]);
    named.delete("");
    named.delete(id);
    const timeMs = firstRecord < endRecord ? (record.timeMs[firstRecord] as number) : NaN;
    this.#table = table;
    this.#vectors = vectors;
    this.transcript = t;
    this.session = session;
    this.sessionName = sessionName;
    this.stem = (places.transcripts[t] as (typeof places.transcripts)[number]).stem;
    this.id = id;
    this.ancestors = [...named];
    this.firstMs = Number.isNaN(timeMs) ? Infinity : timeMs;
    this.events = { from, to };
    this.records = endRecord - firstRecord;
    this.isReview = texts[transcript.agentName[t] as number] === REVIEW;
  }

  /** Each vector once: the event where it stands first. Worked out when first asked for: most rollouts have no relatives. */
  get distinct(): Uint32Array {
    return (this.#distinct ??= this.#vectors.distinctIn(this.events));
  }

  /** Whether one of its readings has the total of event `i`, which may be another rollout's. */
  tells(i: number): boolean {
    return this.distinct.some((mine) => this.#areSame(mine, i));
  }

  /** How many vectors this rollout and another begin with alike. */
  sharedPrefix(other: Rollout): number {
    return this.#sharedFrom(other, 0);
  }

  /** How many vectors this rollout begins with stand one behind the other in another one, wherever. */
  sharedRun(other: Rollout): number {
    const [first] = this.distinct;
    const start = first === undefined ? -1 : other.distinct.findIndex((i) => this.#areSame(first, i));
    return start < 0 ? 0 : this.#sharedFrom(other, start);
  }

  /** How many of this rollout's vectors there are up to the end of what it has in common with the first ones of another. */
  endOfRun(other: Rollout): number {
    const [first] = other.distinct;
    const start = first === undefined ? -1 : this.distinct.findIndex((i) => this.#areSame(first, i));
    return start < 0 ? 0 : start + other.#sharedFrom(this, start);
  }

  #sharedFrom(other: Rollout, start: number): number {
    const [mine, theirs] = [this.distinct, other.distinct];
    const most = Math.min(mine.length, theirs.length - start);
    for (let shared = 0; shared < most; shared++) {
      if (!this.#areSame(mine[shared] as number, theirs[start + shared] as number)) return shared;
    }
    return most;
  }

  #areSame(a: number, b: number): boolean {
    const { event, usage } = this.#table;
    const [mine, theirs] = [event.usage[a] as number, event.usage[b] as number];
    return COLUMNS.every((name) => usage[name][mine] === usage[name][theirs]);
  }
}

export function readRollouts(table: EventTable, places: Places, vectors: Vectors): Rollout[] {
  return places.transcripts.flatMap(({ source }, t) =>
    source === "codex" ? [new Rollout(table, places, vectors, t)] : [],
  );
}

function idKey(low: number, high: number): string {
  return low === 0 && high === 0 ? "" : `${low} ${high}`;
}

function keyOf(id: string): string {
  const { low, high } = hashText(id);
  return idKey(low, high);
}

/** The rollouts that tell of each session, by its id's key. */
export function rolloutsById(rollouts: readonly Rollout[]): ReadonlyMap<string, readonly Rollout[]> {
  return groupBy(rollouts, ({ id }) => id);
}
