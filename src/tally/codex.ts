/**
 * What each record of Codex adds (`spec/accounting.md`, "Codex"; `docs/decisions/0010`). Events come with running totals
 * and leave with figures: those that add nothing carry none.
 */
import { FLAG, NO_USAGE } from "../events.ts";
import { Chain } from "./chain.ts";
import { findOwnEvents } from "./copied.ts";
import type { CountMode } from "./groups.ts";
import type { Places } from "./places.ts";
import { readRollouts, type Rollout } from "./rollouts.ts";
import type { EventTable } from "./table.ts";
import { vectorAt, writeFigures } from "./vectors.ts";

/** A review's events stand in its own rollout at most so much earlier or later. */
const SAME_MS = 10;

/** Settles the events of all rollouts in place. Returns how many responses said more cached input than input. */
export function settleCodex(table: EventTable, places: Places, count: CountMode): number {
  const rollouts = readRollouts(table, places);
  const isEach = count === "records";
  const ownFrom = isEach ? new Map<number, number>() : findOwnEvents(rollouts, table);
  const reviews = new Reviews(isEach ? [] : rollouts, table);
  const chain = new Chain();
  return rollouts.reduce((clamped, rollout) => {
    const settler = new Settler(table, rollout, chain);
    return clamped + (isEach ? settler.settleEach() : settler.settle(ownFrom.get(rollout.transcript) ?? 0, reviews));
  }, 0);
}

/** The totals that reviews tell in rollouts of their own. */
class Reviews {
  readonly #timesMs = new Map<string, number[]>();

  constructor(rollouts: readonly Rollout[], { event }: EventTable) {
    for (const { distinct } of rollouts.filter(({ isReview }) => isReview)) {
      for (const { event: i, key } of distinct) {
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
class Settler {
  readonly #table: EventTable;
  readonly #rollout: Rollout;
  readonly #chain: Chain;
  #model = 0;
  /** The next of what readings told of their last requests: they stand in the order of the events. */
  #nextExtra: number;
  #clamped = 0;

  constructor(table: EventTable, rollout: Rollout, chain: Chain) {
    chain.clear();
    this.#chain = chain;
    this.#table = table;
    this.#rollout = rollout;
    this.#nextExtra = table.transcript.firstExtra[rollout.transcript] as number;
  }

  settle(ownFrom: number, reviews: Reviews): number {
    const { event, usage } = this.#table;
    const { isReview, events } = this.#rollout;
    const chain = this.#chain;
    for (let i = events.from; i < events.to; i++) {
      const flags = event.flags[i] as number;
      if (flags & FLAG.reviewStart) chain.beginReview();
      else if (flags & FLAG.reviewEnd) chain.endReview();
      if ((flags & FLAG.usage) === 0) {
        this.#settleOther(i, i >= ownFrom);
        continue;
      }
      const at = event.usage[i] as number;
      let adds = i >= ownFrom;
      if (flags & FLAG.reading) {
        if (chain.isInReview && !isReview) {
          adds &&= !reviews.has(vectorAt(usage, at).join(), event.firstMs[i] as number);
        }
        const isNew = chain.read(usage, at);
        if (!isNew) adds = false;
        if (adds && chain.fell) this.#takeLast(i);
      } else {
        chain.add(usage, at);
      }
      this.#write(i, adds, false);
    }
    return this.#clamped;
  }

  /** As older collectors did: every event counts what it says its last request used. */
  settleEach(): number {
    const { event, usage } = this.#table;
    const { from, to } = this.#rollout.events;
    const chain = this.#chain;
    for (let i = from; i < to; i++) {
      const flags = event.flags[i] as number;
      if ((flags & FLAG.usage) === 0) {
        this.#settleOther(i, true);
        continue;
      }
      const at = event.usage[i] as number;
      if (flags & FLAG.reading) {
        chain.read(usage, at);
        this.#takeLast(i);
      } else {
        chain.add(usage, at);
      }
      this.#write(i, true, true);
    }
    return this.#clamped;
  }

  /** Takes what the last request used, where event `i` tells. */
  #takeLast(i: number): void {
    const { extra, extras } = this.#table;
    while (this.#nextExtra < extras && (extra.event[this.#nextExtra] as number) < i) this.#nextExtra++;
    if (this.#nextExtra < extras && extra.event[this.#nextExtra] === i) {
      this.#chain.added.set(vectorAt(extra, this.#nextExtra));
    }
  }

  #settleOther(i: number, isOwn: boolean): void {
    const { event, record } = this.#table;
    if ((event.flags[i] as number) & FLAG.turn) this.#model = event.model[i] as number;
    if (this.#rollout.context !== undefined) event.context[i] = this.#rollout.context;
    const isCopy = (event.toolUses[i] as number) > 0 && !isOwn;
    if (isCopy) event.toolUses[i] = record.toolUses[event.firstRecord[i] as number] = 0;
    event.model[i] = (event.toolUses[i] as number) > 0 ? this.#model : 0;
  }

  #write(i: number, adds: boolean, isAlways: boolean): void {
    const { event, usage } = this.#table;
    if (this.#rollout.context !== undefined) event.context[i] = this.#rollout.context;
    const at = event.usage[i] as number;
    if (adds) {
      const { hasTokens, isClamped } = writeFigures(this.#chain.added, usage, at);
      if (hasTokens || isAlways) {
        if (isClamped) this.#clamped++;
        event.model[i] = this.#model || (event.model[i] as number);
        return;
      }
    }
    event.flags[i] = (event.flags[i] as number) & ~FLAG.usage;
    event.usage[i] = NO_USAGE;
    event.model[i] = 0;
  }
}
