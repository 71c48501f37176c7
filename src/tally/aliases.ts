/**
 * Records with two ids (number 36 of `docs/decisions/0002`): copies that the Agent SDK makes have ids of their own and name those
 * they were copied from; copies of these name the former.
 */
import { FLAG } from "../events.ts";
import { bindTable } from "./repeated.ts";
import type { EventTable } from "./table.ts";

interface Id {
  readonly low: number;
  readonly high: number;
}

/** Gives every record the id of the first one it was copied from, as far as the scan knows. */
export function resolveAliases(table: EventTable): void {
  const { record, eventRecords } = table;
  const originals = takeAliases(table);
  if (originals.size === 0) return;
  const lows = new Set(Array.from(originals.keys(), (key) => Number.parseInt(key, 10)));
  for (let r = 0; r < eventRecords; r++) {
    if (!lows.has(record.idLow[r] as number)) continue;
    const { low, high } = originalOf({ low: record.idLow[r] as number, high: record.idHigh[r] as number }, originals);
    record.idLow[r] = low;
    record.idHigh[r] = high;
  }
}

/** By the id of a copy, that of what it was copied from. What said so then says nothing more. */
function takeAliases(table: EventTable): ReadonlyMap<string, Id> {
  const { memory, event, length } = table;
  const originals = new Map<string, Id>();
  bindTable(table);
  const next = (from: number) => memory.native.nextWith(FLAG.alias, from, length);
  for (let i = next(0); i < length; i = next(i + 1)) {
    const key = keyOf({ low: event.requestLow[i] as number, high: event.requestHigh[i] as number });
    if (!originals.has(key))
      originals.set(key, { low: event.responseLow[i] as number, high: event.responseHigh[i] as number });
    event.flags[i] = event.requestLow[i] = event.requestHigh[i] = event.responseLow[i] = event.responseHigh[i] = 0;
  }
  return originals;
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

function keyOf({ low, high }: Id): string {
  return `${low} ${high}`;
}
