/**
 * What each record of Codex adds (`spec/accounting.md`, "Codex"; `docs/decisions/0010`). Events come with running totals
 * and leave with figures: those that add nothing carry none. What depends on other rollouts is found here; a rollout's own
 * events are gone through in WebAssembly (`wasm/codex.ts`).
 */
import { FLAG, NO_CONTEXT } from "../events.ts";
import { areOfOnePart, findOwnEvents, isBefore, type OwnEvents } from "./copied.ts";
import type { CountMode } from "./groups.ts";
import type { Places } from "./places.ts";
import { GOES_ON, readRollouts, type Rollout, rolloutsById, Vectors } from "./rollouts.ts";
import type { EventTable } from "./table.ts";
import { vectorAt } from "./vectors.ts";

/** A review's events stand in its own rollout at most so much earlier or later. */
const SAME_MS = 10;

/** Settles the events of all rollouts in place. Returns how many responses said more cached input than input. */
export function settleCodex(table: EventTable, places: Places, count: CountMode): number {
  const { memory } = table;
  const vectors = new Vectors(table, places);
  const rollouts = readRollouts(table, places, vectors);
  const clamped =
    count === "records"
      ? rollouts.map(({ events: { from, to }, context = NO_CONTEXT }) => memory.native.settleEach(from, to, context))
      : settleResponses(rollouts, table, vectors);
  return clamped.reduce((sum, one) => sum + one, 0);
}

function settleResponses(rollouts: readonly Rollout[], table: EventTable, vectors: Vectors): number[] {
  const own = findOwnEvents(rollouts, table);
  const reviews = new Reviews(rollouts, table);
  const byId = rolloutsById(rollouts);
  // Before anything is settled: that takes the readings' totals away.
  const goesOn = rollouts.map((rollout) => howItGoesOn(rollout, byId, table));
  return rollouts.map((rollout, n) => {
    const { ownFrom, anewUntil } = own[n] as OwnEvents;
    return vectors.settle(rollout, ownFrom, reviews.toldOf(rollout, anewUntil), goesOn[n] ?? GOES_ON.no);
  });
}

/** Number 14: the first reading of a rollout that goes on from another one's history may repeat the last one there. */
function howItGoesOn(rollout: Rollout, byId: ReadonlyMap<string, readonly Rollout[]>, table: EventTable) {
  if (!rollout.goesOn) return GOES_ON.no;
  const first = firstOutsideReviews(rollout, table);
  if (first === undefined) return GOES_ON.yes;
  const ids = new Set([rollout.id, ...rollout.ancestors]);
  // More are added as they are met.
  for (const id of ids) {
    for (const other of byId.get(id) ?? []) {
      const mayBeBase = !areOfOnePart(other, rollout) && isBefore(other, rollout);
      if (mayBeBase && other.tells(first)) return GOES_ON.withARepeat;
      for (const ancestor of other.ancestors) ids.add(ancestor);
    }
  }
  return GOES_ON.yes;
}

/** A review that the rollout begins with starts from zero, as what it goes on from once did: its totals may stand there too. */
function firstOutsideReviews({ events: { from, to } }: Rollout, { event, memory }: EventTable): number | undefined {
  const kinds = FLAG.reading | FLAG.reviewStart | FLAG.reviewEnd;
  let isInReview = false;
  for (let i = memory.native.nextWith(kinds, from, to); i < to; i = memory.native.nextWith(kinds, i + 1, to)) {
    const flags = event.flags[i] as number;
    if (flags & FLAG.reviewStart) isInReview = true;
    else if (flags & FLAG.reviewEnd) isInReview = false;
    else if (!isInReview) return i;
  }
  return undefined;
}

/** The totals that reviews tell in rollouts of their own. */
class Reviews {
  readonly #table: EventTable;
  readonly #timesMs = new Map<string, number[]>();

  constructor(rollouts: readonly Rollout[], table: EventTable) {
    this.#table = table;
    const { event, usage } = table;
    for (const { distinct } of rollouts.filter(({ isReview }) => isReview)) {
      for (const i of distinct) {
        const key = vectorAt(usage, event.usage[i] as number).join();
        const timesMs = this.#timesMs.get(key) ?? [];
        this.#timesMs.set(key, timesMs);
        timesMs.push(event.firstMs[i] as number);
      }
    }
  }

  /**
   * The readings of a rollout that a review tells too, ascending. They are the review's where they stand inside one. Those before
   * `anewUntil` are copies with times of their own (number 18).
   */
  toldOf({ events: { from, to } }: Rollout, anewUntil: number): number[] {
    const { event, usage, memory } = this.#table;
    const told: number[] = [];
    if (this.#timesMs.size === 0 || memory.native.nextWith(FLAG.reviewStart, from, to) === to) return told;
    for (let i = from; i < to; i++) {
      if (((event.flags[i] as number) & FLAG.reading) === 0) continue;
      const timesMs = this.#timesMs.get(vectorAt(usage, event.usage[i] as number).join()) ?? [];
      const isTold = (timeMs: number) => i < anewUntil || Math.abs(timeMs - (event.firstMs[i] as number)) <= SAME_MS;
      if (timesMs.some(isTold)) told.push(i);
    }
    return told;
  }
}
