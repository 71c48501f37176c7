/**
 * Copies whose original is not in the scan, though that was a copy itself of what is (number 36 of `docs/decisions/0002`): a fork of
 * a fork whose middle is gone. Their ids lead nowhere, but forks keep the times of records, and their order.
 */
import { FLAG } from "../events.ts";
import { groupBy } from "./group-by.ts";
import type { EventTable } from "./table.ts";

/** Gives each of `orphans` the id of the record that stands in its place, among those of its response and time, in another transcript. */
export function adoptOrphans(table: EventTable, orphans: readonly number[]): void {
  const { record, transcriptOf } = table;
  const isOrphan = new Set(orphans);
  for (const alike of recordsLike(table, orphans).values()) {
    const places = [...groupBy(alike, (r) => transcriptOf[record.event[r] as number] as number).values()];
    // Where there are none but orphans, those of the first transcript keep their ids.
    const model = places.find((some) => !some.some((r) => isOrphan.has(r))) ?? places[0] ?? [];
    for (const some of places) {
      for (const [n, copy] of some.entries()) {
        const original = model[n];
        if (original === undefined || !isOrphan.has(copy)) continue;
        if (record.toolUses[original] !== record.toolUses[copy]) continue;
        record.idLow[copy] = record.idLow[original] as number;
        record.idHigh[copy] = record.idHigh[original] as number;
      }
    }
  }
}

/** By response and time, all records that some orphan is like, ascending. */
function recordsLike(table: EventTable, orphans: readonly number[]): ReadonlyMap<string, number[]> {
  const { record, event, eventRecords } = table;
  const lowOf = (r: number) => event.responseLow[record.event[r] as number] as number;
  const alike = new Map<string, number[]>();
  const lows = new Set<number>();
  for (const r of orphans) {
    const key = placeOf(table, r);
    if (key === undefined) continue;
    alike.set(key, []);
    lows.add(lowOf(r));
  }
  for (let r = 0; lows.size > 0 && r < eventRecords; r++) {
    if (!lows.has(lowOf(r))) continue;
    const key = placeOf(table, r);
    if (key !== undefined) alike.get(key)?.push(r);
  }
  return alike;
}

/** Undefined: it is of no response, quoted, or without a time. */
function placeOf({ record, event }: EventTable, r: number): string | undefined {
  const i = record.event[r] as number;
  const flags = event.flags[i] as number;
  const timeMs = record.timeMs[r] as number;
  if (!(flags & FLAG.responseId) || flags & FLAG.nested || Number.isNaN(timeMs)) return undefined;
  const request = flags & FLAG.requestId ? `${event.requestLow[i]} ${event.requestHigh[i]}` : "";
  return `${event.responseLow[i]} ${event.responseHigh[i]} ${request} ${timeMs}`;
}
