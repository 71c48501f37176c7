/** The four rules by which records of one bucket are one response (`spec/accounting.md`; number 15 of decision 0002). */
import { FLAG } from "../events.ts";
import type { EventTable } from "../merge.ts";
import { groupBy } from "./group-by.ts";
import { Unions } from "./ids.ts";

export interface Apart {
  readonly groups: ReadonlyArray<readonly number[]>;
  /** Live copies whose response stands elsewhere. */
  readonly droppedCopies: readonly number[];
}

type Event = EventTable["event"];
type SessionOf = (i: number) => number;

/**
 * Takes a bucket apart: records with one response id, or without one and with one record id. Live copies may
 * join others, but never join others to each other.
 */
export function takeApart(members: readonly number[], event: Event, sessionOf: SessionOf): Apart {
  const isNested = (i: number) => ((event.flags[i] as number) & FLAG.nested) !== 0;
  const own = members.filter((i) => !isNested(i));
  const groups = unite(own, event, sessionOf);
  const droppedCopies: number[] = [];
  if (own.length < members.length) {
    for (const together of unite(members, event, sessionOf)) {
      const copies = together.filter(isNested);
      const stands = together.some((i) => !isNested(i) && ((event.flags[i] as number) & FLAG.usage) !== 0);
      if (stands) droppedCopies.push(...copies);
      else if (copies.length > 0) groups.push(copies);
    }
  }
  return { groups, droppedCopies };
}

/** Applies the rules, closed transitively. */
function unite(members: readonly number[], event: Event, sessionOf: SessionOf): number[][] {
  const [first] = members;
  if (first === undefined) return [];
  // Rule 4: a bucket without response id is one record id.
  if (((event.flags[first] as number) & FLAG.responseId) === 0) return [[...members]];

  const unions = new Unions(members.length);
  const has = (at: number, flag: number) => ((event.flags[members[at] as number] as number) & flag) !== 0;
  const joinAlike = (key: (i: number, at: number) => unknown, applies: (together: readonly number[]) => boolean) => {
    for (const together of groupBy(members.keys(), (at) => key(members[at] as number, at)).values()) {
      if (applies(together)) for (const at of together) unions.join(at, together[0] as number);
    }
  };
  // What a record lacks is like nothing else: its own place is the key.
  const request = (i: number, at: number) =>
    has(at, FLAG.requestId) ? `${event.requestLow[i]} ${event.requestHigh[i]}` : at;
  const record = (i: number, at: number) =>
    has(at, FLAG.recordId) ? `${event.recordLow[i]} ${event.recordHigh[i]}` : at;
  const lacksRequest = (at: number) => !has(at, FLAG.requestId);

  joinAlike(request, () => true); // rule 1
  joinAlike(record, (together) => together.some(lacksRequest)); // rule 2
  // Rules 2 and 3: one record without a request, or on a side chain, ties all others of its session to itself.
  joinAlike(sessionOf, (together) => together.some((at) => lacksRequest(at) || has(at, FLAG.sideChain)));
  return [...groupBy(members.keys(), (at) => unions.find(at)).values()].map((ats) =>
    ats.map((at) => members[at] as number),
  );
}
