/**
 * What each record of Codex adds (`spec/accounting.md`, "Codex"; `docs/decisions/0010`). Events come with running totals
 * and leave with figures: those that add nothing carry none.
 */
import { type AMOUNTS, FLAG, NO_USAGE } from "../events.ts";
import { findOwnEvents } from "./copied.ts";
import type { CountMode } from "./groups.ts";
import type { Places } from "./places.ts";
import { readRollouts, type Rollout } from "./rollouts.ts";
import type { EventTable } from "./table.ts";
import { fell, figuresOf, hasTokens, minus, plus, type Vector, vectorAt, ZERO } from "./vectors.ts";

/** A review's events stand in its own rollout at most so much earlier or later. */
const SAME_MS = 10;

/** Settles the events of all rollouts in place. Returns how many responses said more cached input than input. */
export function settleCodex(table: EventTable, places: Places, count: CountMode): number {
  const rollouts = readRollouts(table, places);
  if (count === "records") return rollouts.reduce((sum, rollout) => sum + new Chain(table, rollout).settleEach(), 0);
  const ownFrom = findOwnEvents(rollouts, table);
  const reviews = new Reviews(rollouts, table);
  let clamped = 0;
  for (const rollout of rollouts) {
    clamped += new Chain(table, rollout).settle(ownFrom.get(rollout.transcript) ?? 0, reviews);
  }
  return clamped;
}

/** The totals that reviews tell in rollouts of their own. */
class Reviews {
  readonly #timesMs = new Map<string, number[]>();

  constructor(rollouts: readonly Rollout[], { event }: EventTable) {
    for (const { isReview, readings } of rollouts) {
      if (!isReview) continue;
      for (const { event: i, key } of readings) {
        const timesMs = this.#timesMs.get(key) ?? [];
        this.#timesMs.set(key, timesMs);
        timesMs.push(event.firstMs[i] as number);
      }
    }
  }

  has(key: string, timeMs: number): boolean {
    return (this.#timesMs.get(key) ?? []).some((other) => Math.abs(other - timeMs) <= SAME_MS);
  }
}

/** One rollout, event after event. */
class Chain {
  readonly #table: EventTable;
  readonly #rollout: Rollout;
  /** By event, the record of what its last request used. */
  readonly #lastOf: ReadonlyMap<number, number>;
  #model = 0;
  /** That of the rollout's own first line, for all: branch and version stand nowhere else. */
  readonly #context: number | undefined;
  #clamped = 0;

  constructor(table: EventTable, rollout: Rollout) {
    this.#table = table;
    this.#rollout = rollout;
    this.#lastOf = lastRequests(table, rollout.transcript);
    this.#context = ownContext(table, rollout);
  }

  settle(ownFrom: number, reviews: Reviews): number {
    const { event, usage } = this.#table;
    const seen = new Set<string>();
    let before = ZERO;
    /** The chain of the review that goes on, if one does. */
    let review: Vector | undefined;
    const { from, to } = this.#rollout.events;
    for (let i = from; i < to; i++) {
      const flags = event.flags[i] as number;
      if (flags & FLAG.reviewStart) review = ZERO;
      else if (flags & FLAG.reviewEnd) review = undefined;
      if ((flags & FLAG.usage) === 0) {
        this.#settleOther(i, i >= ownFrom);
        continue;
      }
      const said = vectorAt(usage, event.usage[i] as number);
      const key = said.join();
      const last = review ?? before;
      const isReading = (flags & FLAG.reading) !== 0;
      const isNew = !isReading || !seen.has(key);
      const isElsewhere =
        isReading && review !== undefined && !this.#rollout.isReview && reviews.has(key, event.firstMs[i] as number);
      const added = isReading ? this.#difference(i, said, last) : said;
      if (isReading) seen.add(key);
      const next = isReading ? said : plus(last, said);
      if (review) review = next;
      else before = next;
      this.#write(i, isNew && i >= ownFrom && !isElsewhere ? added : ZERO, false);
    }
    return this.#clamped;
  }

  /** As older collectors did: every event counts what it says its last request used. */
  settleEach(): number {
    const { event, usage } = this.#table;
    let before = ZERO;
    const { from, to } = this.#rollout.events;
    for (let i = from; i < to; i++) {
      const flags = event.flags[i] as number;
      if ((flags & FLAG.usage) === 0) {
        this.#settleOther(i, true);
        continue;
      }
      const said = vectorAt(usage, event.usage[i] as number);
      const last = flags & FLAG.reading ? this.#lastAt(i) : said;
      this.#write(i, last ?? this.#difference(i, said, before), true);
      before = flags & FLAG.reading ? said : plus(before, said);
    }
    return this.#clamped;
  }

  #difference(i: number, total: Vector, before: Vector): Vector {
    return fell(total, before) ? (this.#lastAt(i) ?? total) : minus(total, before);
  }

  #lastAt(i: number): Vector | undefined {
    const x = this.#lastOf.get(i);
    return x === undefined ? undefined : vectorAt(this.#table.extra, x);
  }

  #settleOther(i: number, isOwn: boolean): void {
    const { event, record } = this.#table;
    const flags = event.flags[i] as number;
    if (flags & FLAG.turn) this.#model = event.model[i] as number;
    if (this.#context !== undefined) event.context[i] = this.#context;
    const isCopy = (event.toolUses[i] as number) > 0 && !isOwn;
    if (isCopy) event.toolUses[i] = record.toolUses[event.firstRecord[i] as number] = 0;
    event.model[i] = (event.toolUses[i] as number) > 0 ? this.#model : 0;
  }

  #write(i: number, added: Vector, isAlways: boolean): void {
    const { event, usage } = this.#table;
    if (this.#context !== undefined) event.context[i] = this.#context;
    const { usage: figures, isClamped } = figuresOf(added);
    if (!isAlways && !hasTokens(figures)) {
      event.flags[i] = (event.flags[i] as number) & ~FLAG.usage;
      event.usage[i] = NO_USAGE;
      event.model[i] = 0;
      return;
    }
    if (isClamped) this.#clamped++;
    event.model[i] = this.#model || (event.model[i] as number);
    const at = event.usage[i] as number;
    for (const [name, amount] of Object.entries(figures)) usage[name as keyof typeof AMOUNTS][at] = amount;
  }
}

function ownContext({ event }: EventTable, { events: { from, to } }: Rollout): number | undefined {
  for (let i = from; i < to; i++) if ((event.flags[i] as number) & FLAG.session) return event.context[i];
  return undefined;
}

/** By event, its element of what a response used beside its own: here, what its last request used. */
function lastRequests({ transcript, extras, extra }: EventTable, t: number): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  const end = transcript.firstExtra[t + 1] ?? extras;
  for (let x = transcript.firstExtra[t] as number; x < end; x++) found.set(extra.event[x] as number, x);
  return found;
}
