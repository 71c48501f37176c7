/**
 * Which messages of Gemini CLI are copies (number 15 of `docs/decisions/0011`): `--session-file` begins a session of its own with the messages of
 * another one, as they were.
 */
import { FLAG, NO_USAGE } from "../events.ts";
import { groupBy } from "./group-by.ts";
import type { EventTable } from "./table.ts";

/** What is told in the files of one session. */
export interface SessionStates {
  readonly name: string;
  /** The earliest time in its files; Infinity: none. A copy's is that of the first message it was begun with, or later. */
  readonly firstMs: number;
  /** By message id, its states; what is copied is taken out. */
  readonly messages: Map<string, readonly number[]>;
}

/** Leaves each message, by its id and time, to the session that began first, then to the one whose name sorts first. */
export function dropImported(table: EventTable, sessions: readonly SessionStates[]): void {
  if (sessions.length < 2) return;
  const written = sessions.flatMap((session) =>
    Array.from(session.messages, ([id, states]) => ({ session, id, states, ms: earliestOf(table, states) })),
  );
  const alike = groupBy(
    written.filter(({ ms }) => Number.isFinite(ms)),
    ({ id, ms }) => `${id} ${ms}`,
  );
  for (const some of alike.values()) {
    if (some.length < 2) continue;
    const original = some.reduce((best, one) => (isBefore(one.session, best.session) ? one : best));
    for (const one of some) {
      if (one === original) continue;
      one.session.messages.delete(one.id);
      for (const i of one.states) drop(table, i);
    }
  }
}

function earliestOf({ event }: EventTable, states: readonly number[]): number {
  return states.reduce((ms, i) => Math.min(ms, event.firstMs[i] as number), Infinity);
}

function isBefore(a: SessionStates, b: SessionStates): boolean {
  return a.firstMs < b.firstMs || (a.firstMs === b.firstMs && a.name < b.name);
}

/** It still tells a time, and the ledger that it stands there. */
function drop({ event, record }: EventTable, i: number): void {
  event.flags[i] = (event.flags[i] as number) & ~FLAG.usage;
  event.usage[i] = NO_USAGE;
  event.model[i] = event.toolUses[i] = record.toolUses[event.firstRecord[i] as number] = 0;
}
