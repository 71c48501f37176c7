/**
 * How much of a rollout is copied from others: forks, spawned threads and saved copies begin with the records of
 * what they came from (`spec/accounting.md`, "Codex"; numbers 4 to 7 and 18 of `docs/decisions/0010`). Copies bear new times, so
 * they are known by the totals they repeat.
 */
import { groupBy } from "./group-by.ts";
import { type Rollout, rolloutsById } from "./rollouts.ts";
import type { EventTable } from "./table.ts";

/** Copies that nothing else shows were written within this time of the first line. */
const COPYING_MS = 2000;

export interface OwnEvents {
  /** The first event that is the rollout's own: those before are copies. */
  readonly ownFrom: number;
  /** The first behind those that were written anew, with new times, when they were copied from a session that is gone. Asked for reviews only. */
  readonly anewUntil: number;
}

/** Of each rollout. */
export function findOwnEvents(rollouts: readonly Rollout[], table: EventTable): OwnEvents[] {
  const family = new Family(rollouts, table);
  const hasReviews = rollouts.some(({ isReview }) => isReview);
  return rollouts.map((rollout) => ({
    ownFrom: family.ownFrom(rollout),
    anewUntil: hasReviews ? family.anewUntil(rollout) : rollout.events.from,
  }));
}

class Family {
  readonly #table: EventTable;
  readonly #byId: ReadonlyMap<string, readonly Rollout[]>;
  readonly #bySession: ReadonlyMap<number, readonly Rollout[]>;
  /** By the id of a session that no rollout is there of, those that name it. */
  readonly #orphans = new Map<string, Rollout[]>();

  constructor(rollouts: readonly Rollout[], table: EventTable) {
    this.#table = table;
    this.#byId = rolloutsById(rollouts);
    this.#bySession = groupBy(rollouts, ({ session }) => session);
    for (const rollout of rollouts) {
      for (const id of this.#missing(rollout)) {
        const orphans = this.#orphans.get(id);
        if (orphans) orphans.push(rollout);
        else this.#orphans.set(id, [rollout]);
      }
    }
  }

  /** The first event that is the rollout's own. */
  ownFrom(rollout: Rollout): number {
    if (this.#isAlone(rollout)) return rollout.events.from;
    const copied = Math.max(this.#copiedOfSession(rollout), this.#copiedOfAncestors(rollout));
    if (copied === Infinity) return rollout.events.to;
    return copied > 0 ? behind(rollout, copied) : this.#ownAfterCopying(rollout);
  }

  #isAlone({ ancestors, session }: Rollout): boolean {
    return ancestors.length === 0 && this.#bySession.get(session)?.length === 1;
  }

  /** Number 4: the same session told twice. Infinity: all of it is told elsewhere. */
  #copiedOfSession(rollout: Rollout): number {
    let copied = 0;
    for (const other of this.#bySession.get(rollout.session) ?? []) {
      if (other === rollout) continue;
      if (!areOfOnePart(other, rollout)) {
        // Number 17: what a session is taken back to is copied whole, that which this part went on from included.
        if (other.goesOn && isBefore(other, rollout)) copied = Math.max(copied, rollout.endOfRun(other));
        continue;
      }
      if (!tellsMore(other, rollout)) continue;
      const shared = rollout.sharedPrefix(other);
      if (shared === rollout.distinct.length) return Infinity;
      copied = Math.max(copied, shared);
    }
    return copied;
  }

  /** Numbers 5 and 6: from an ancestor, or from one that is gone and of which another rollout has the copies too. */
  #copiedOfAncestors(rollout: Rollout): number {
    let copied = 0;
    const ids = new Set(rollout.ancestors);
    // More are added as they are met.
    for (const id of ids) {
      for (const other of this.#byId.get(id) ?? []) {
        if (other.session === rollout.session) continue;
        if (this.#descends(other, rollout) && !isBefore(other, rollout)) continue;
        copied = Math.max(copied, rollout.sharedRun(other));
        if (!other.goesOn || rollout.goesOn) continue;
        // Number 17: of an ancestor that holds no copies, those it goes on from are copied too.
        copied = Math.max(copied, rollout.endOfRun(other));
        for (const ancestor of other.ancestors) ids.add(ancestor);
      }
    }
    for (const id of this.#isNearestHere(rollout) ? [] : this.#missing(rollout)) {
      for (const other of this.#orphans.get(id) as Rollout[]) {
        if (other.session === rollout.session || !isBefore(other, rollout)) continue;
        copied = Math.max(copied, rollout.sharedPrefix(other));
      }
    }
    return copied;
  }

  /** Number 7: nobody else has them, but they were all written at once. */
  #ownAfterCopying(rollout: Rollout): number {
    const { from } = rollout.events;
    if (rollout.ancestors.length === 0 || this.#isNearestHere(rollout) || this.#hasSibling(rollout)) return from;
    return behind(rollout, this.#writtenAtOnce(rollout));
  }

  /** Number 18: copies, whether they count here or not. Only where what they were copied from is gone can they count. */
  anewUntil(rollout: Rollout): number {
    if (rollout.ancestors.length === 0 || this.#isNearestHere(rollout)) return rollout.events.from;
    // What it has in common with its own forks may be its own.
    const siblings = this.#siblings(rollout).filter((other) => !this.#descends(other, rollout));
    const shared = siblings.map((other) => rollout.sharedPrefix(other));
    return behind(rollout, Math.max(this.#writtenAtOnce(rollout), ...shared));
  }

  /** How many vectors were told within the time that copying takes. */
  #writtenAtOnce({ firstMs, distinct }: Rollout): number {
    const { event } = this.#table;
    const untilMs = firstMs + COPYING_MS;
    if (untilMs === Infinity) return 0;
    const next = distinct.findIndex((i) => !((event.firstMs[i] as number) <= untilMs));
    return next < 0 ? distinct.length : next;
  }

  /** Whether another child of a missing ancestor begins alike, so that this one is where their common part counts. */
  #hasSibling(rollout: Rollout): boolean {
    return this.#siblings(rollout).some((other) => rollout.sharedPrefix(other) > 0);
  }

  /** Others that name an ancestor that is missing. */
  #siblings(rollout: Rollout): Rollout[] {
    const named = this.#missing(rollout).flatMap((id) => this.#orphans.get(id) as Rollout[]);
    return named.filter(({ session }) => session !== rollout.session);
  }

  #isNearestHere({ ancestors: [nearest = ""] }: Rollout): boolean {
    return this.#isHere(nearest);
  }

  #isHere(id: string): boolean {
    return (this.#byId.get(id) ?? []).some(({ distinct }) => distinct.length > 0);
  }

  #missing({ ancestors }: Rollout): string[] {
    return ancestors.filter((id) => !this.#isHere(id));
  }

  /** Whether a rollout says it comes from another, over any number of steps. */
  #descends(rollout: Rollout, from: Rollout): boolean {
    const seen = new Set<string>();
    const open = [...rollout.ancestors];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (id === from.id) return true;
      if (seen.has(id)) continue;
      seen.add(id);
      for (const other of this.#byId.get(id) ?? []) open.push(...other.ancestors);
    }
    return false;
  }
}

/** The event behind the first `count` vectors of a rollout. */
function behind({ distinct, events }: Rollout, count: number): number {
  const last = distinct[count - 1];
  return last === undefined ? events.from : last + 1;
}

/** Whether two rollouts of one session may be the same one at two moments: number 14. */
export function areOfOnePart(a: Rollout, b: Rollout): boolean {
  return a.goesOn === b.goesOn && (!a.goesOn || a.stem === b.stem);
}

/** Of two rollouts of one session, the one that counts as a whole: the earliest first line, then more totals, then more records, then the path. */
function tellsMore(a: Rollout, b: Rollout): boolean {
  if (a.firstMs !== b.firstMs) return a.firstMs < b.firstMs;
  if (a.distinct.length !== b.distinct.length) return a.distinct.length > b.distinct.length;
  return a.records === b.records ? a.transcript < b.transcript : a.records > b.records;
}

/** The earliest first line, then the smaller session id, then the path. */
export function isBefore(a: Rollout, b: Rollout): boolean {
  if (a.firstMs !== b.firstMs) return a.firstMs < b.firstMs;
  if (a.sessionName !== b.sessionName) return a.sessionName < b.sessionName;
  return a.transcript < b.transcript;
}
