/**
 * Which messages of Qwen Code are copies (number 9 of `docs/decisions/0011`): a branch begins with the records of the session it
 * was made from, as they were but for the session, and each names where it was copied from.
 */
import { FLAG, NO_USAGE } from "../events.ts";
import type { EventTable } from "./table.ts";

/**
 * Takes from a session what it copied from one that is there. Returns the copies that are left, by message: their original
 * is gone.
 */
export function dropBranchCopies(table: EventTable, states: readonly number[]): ReadonlyMap<string, readonly number[]> {
  const left = new Map<string, number[]>();
  const copies = states.filter((i) => isCopied(table, i));
  if (copies.length === 0) return left;
  const originals = new Set(states.filter((i) => !isCopied(table, i)).map((i) => writtenOf(table, i)));
  for (const i of copies) {
    if (originals.has(writtenOf(table, i))) {
      drop(table, i);
      continue;
    }
    const key = messageOf(table, i);
    const same = left.get(key);
    if (same) same.push(i);
    else left.set(key, [i]);
  }
  return left;
}

/** Whether a record says that it was copied; one without an id is like no other. */
export function isCopied({ event }: EventTable, i: number): boolean {
  const hasId = event.responseLow[i] !== 0 || event.responseHigh[i] !== 0;
  return hasId && (event.requestLow[i] !== 0 || event.requestHigh[i] !== 0);
}

function messageOf({ event }: EventTable, i: number): string {
  return `${event.responseLow[i]} ${event.responseHigh[i]}`;
}

/** Copies keep id and time. Of a branch's branch the session that it names may be gone, so that says nothing. */
function writtenOf(table: EventTable, i: number): string {
  return `${messageOf(table, i)} ${table.event.firstMs[i]}`;
}

/** It still tells a time, and the ledger that it stands there. */
function drop({ event, record }: EventTable, i: number): void {
  event.flags[i] = (event.flags[i] as number) & ~FLAG.usage;
  event.usage[i] = NO_USAGE;
  event.model[i] = event.toolUses[i] = record.toolUses[event.firstRecord[i] as number] = 0;
}
