/**
 * Records with two ids (number 36 of `docs/decisions/0002`): copies that the Agent SDK makes have ids of their own and name those
 * they were copied from; copies of these name the former.
 */
import { FLAG } from "../events.ts";
import { adoptOrphans } from "./orphaned-copies.ts";
import { bindTable } from "./repeated.ts";
import type { EventTable } from "./table.ts";

interface Id {
  readonly low: number;
  readonly high: number;
}

interface Aliases {
  /** By the id of a copy, that of what it was copied from. */
  readonly originals: ReadonlyMap<string, Id>;
  /** By transcript, the ids that its copies name: theirs, until these lead on. */
  readonly namedIn: ReadonlyMap<number, ReadonlySet<string>>;
}

/** Gives every record the id of the first one it was copied from, as far as the scan knows. */
export function resolveAliases(table: EventTable): void {
  const { record, eventRecords } = table;
  const { originals, namedIn } = takeAliases(table);
  if (originals.size === 0) return;
  const copies = findCopies(table, namedIn);
  const lows = new Set(Array.from(originals.keys(), (key) => Number.parseInt(key, 10)));
  for (let r = 0; r < eventRecords; r++) {
    if (!lows.has(record.idLow[r] as number)) continue;
    const { low, high } = originalOf(idOf(table, r), originals);
    record.idLow[r] = low;
    record.idHigh[r] = high;
  }
  const orphans = orphansAmong(table, copies);
  if (orphans.length > 0) adoptOrphans(table, orphans);
}

/** What said so then says nothing more. */
function takeAliases(table: EventTable): Aliases {
  const { memory, event, transcriptOf, length } = table;
  const originals = new Map<string, Id>();
  const namedIn = new Map<number, Set<string>>();
  bindTable(table);
  const next = (from: number) => memory.native.nextWith(FLAG.alias, from, length);
  for (let i = next(0); i < length; i = next(i + 1)) {
    const key = keyOf({ low: event.requestLow[i] as number, high: event.requestHigh[i] as number });
    const original = { low: event.responseLow[i] as number, high: event.responseHigh[i] as number };
    if (!originals.has(key)) originals.set(key, original);
    const transcript = transcriptOf[i] as number;
    const named = namedIn.get(transcript);
    if (named) named.add(keyOf(original));
    else namedIn.set(transcript, new Set([keyOf(original)]));
    event.flags[i] = event.requestLow[i] = event.requestHigh[i] = event.responseLow[i] = event.responseHigh[i] = 0;
  }
  return { originals, namedIn };
}

/** Ascending. */
function findCopies(table: EventTable, namedIn: Aliases["namedIn"]): number[] {
  const { transcript, eventRecords } = table;
  const copies: number[] = [];
  for (const [t, named] of [...namedIn].sort(([a], [b]) => a - b)) {
    const end = transcript.firstRecord[t + 1] ?? eventRecords;
    for (let r = transcript.firstRecord[t] as number; r < end; r++) {
      if (named.has(keyOf(idOf(table, r)))) copies.push(r);
    }
  }
  return copies;
}

/** Those whose original is not in the scan. */
function orphansAmong(table: EventTable, copies: readonly number[]): number[] {
  const { record, eventRecords } = table;
  const isCopy = new Set(copies);
  const lows = new Set(copies.map((r) => record.idLow[r] as number));
  const there = new Set<string>();
  for (let r = 0; r < eventRecords; r++) {
    if (lows.has(record.idLow[r] as number) && !isCopy.has(r)) there.add(keyOf(idOf(table, r)));
  }
  return copies.filter((r) => !there.has(keyOf(idOf(table, r))));
}

/** Ids that name each other in a circle lead once around. */
function originalOf(id: Id, originals: ReadonlyMap<string, Id>): Id {
  const seen = new Set([keyOf(id)]);
  let found = id;
  for (let next = originals.get(keyOf(id)); next && !seen.has(keyOf(next)); next = originals.get(keyOf(next))) {
    seen.add(keyOf(next));
    found = next;
  }
  return found;
}

function idOf({ record }: EventTable, r: number): Id {
  return { low: record.idLow[r] as number, high: record.idHigh[r] as number };
}

function keyOf({ low, high }: Id): string {
  return `${low} ${high}`;
}
