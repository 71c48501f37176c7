/**
 * The four rules by which records of one bucket are one response (`spec/accounting.md`; number 15 of decision 0002).
 * They never part the records of one event: those have one request and one session, and one without a request is
 * tied to all others of its session.
 */
import { FLAG } from "../events.ts";
import type { EventTable } from "./table.ts";
import { groupBy } from "./group-by.ts";
import { hasId } from "./repeated.ts";
import { Unions } from "./unions.ts";

export interface Apart {
  readonly groups: ReadonlyArray<readonly number[]>;
  /** Live copies whose response stands elsewhere. */
  readonly droppedCopies: readonly number[];
}

type SessionOf = (i: number) => number;

/**
 * Takes a bucket apart: events with one response id, or without one and with one record id. Live copies may
 * join others, but never join others to each other.
 */
export function takeApart(members: readonly number[], table: EventTable, sessionOf: SessionOf): Apart {
  const { event } = table;
  const isNested = (i: number) => ((event.flags[i] as number) & FLAG.nested) !== 0;
  const own = members.filter((i) => !isNested(i));
  const groups = unite(own, table, sessionOf);
  const droppedCopies: number[] = [];
  if (own.length < members.length) {
    for (const together of unite(members, table, sessionOf)) {
      const copies = together.filter(isNested);
      const stands = together.some((i) => !isNested(i) && ((event.flags[i] as number) & FLAG.usage) !== 0);
      if (stands) droppedCopies.push(...copies);
      else if (copies.length > 0) groups.push(copies);
    }
  }
  return { groups, droppedCopies };
}

/** Applies the rules, closed transitively. */
function unite(members: readonly number[], table: EventTable, sessionOf: SessionOf): number[][] {
  const [first] = members;
  if (first === undefined) return [];
  const { event } = table;
  // Rule 4: a bucket without response id is one record id.
  if (((event.flags[first] as number) & FLAG.responseId) === 0) return [[...members]];

  const unions = new Unions(members.length);
  const has = (at: number, flag: number) => ((event.flags[members[at] as number] as number) & flag) !== 0;
  const lacksRequest = (at: number) => !has(at, FLAG.requestId);
  const joinAlike = (groups: Iterable<readonly number[]>, applies: (together: readonly number[]) => boolean) => {
    for (const together of groups) {
      if (applies(together)) for (const at of together) unions.join(at, together[0] as number);
    }
  };
  // Who lacks a request is like nobody else: its own place is the key.
  const requestOf = (at: number) => {
    const i = members[at] as number;
    return lacksRequest(at) ? at : `${event.requestLow[i]} ${event.requestHigh[i]}`;
  };
  const sessionAt = (at: number) => sessionOf(members[at] as number);

  joinAlike(groupBy(members.keys(), requestOf).values(), () => true); // rule 1
  joinAlike(sharingRecords(members, table), (together) => together.some(lacksRequest)); // rule 2
  // Rules 2 and 3: one record without a request, or on a side chain, ties all others of its session to itself.
  joinAlike(groupBy(members.keys(), sessionAt).values(), (together) =>
    together.some((at) => lacksRequest(at) || has(at, FLAG.sideChain)),
  );
  return [...groupBy(members.keys(), (at) => unions.find(at)).values()].map((ats) =>
    ats.map((at) => members[at] as number),
  );
}

/** For each record id in the events, the places of those that hold it. */
function sharingRecords(members: readonly number[], { event, record }: EventTable): Iterable<readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [at, i] of members.entries()) {
    for (let r = event.firstRecord[i] as number; r <= (event.lastRecord[i] as number); r++) {
      if (record.event[r] !== i || !hasId(record, r)) continue;
      const key = `${record.idLow[r]} ${record.idHigh[r]}`;
      const sharing = places.get(key);
      if (sharing) sharing.push(at);
      else places.set(key, [at]);
    }
  }
  return places.values();
}
