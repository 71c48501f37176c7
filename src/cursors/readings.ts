/**
 * Of readings of a running total a range keeps less where it knows the one before (`workers/kernel/readings.ts`). Two tables of one
 * transcript, which was read in other ranges, or while it grew, say the same once both keep as little as one range would.
 */
import { AMOUNTS, FLAG, NO_USAGE } from "../events.ts";
import type { MergedTable } from "../merge.ts";

/** Behind these the next reading may belong to another chain, or go on from elsewhere. */
const BREAKS = FLAG.reviewStart | FLAG.reviewEnd | FLAG.onlyLast;
const AMOUNT_NAMES = Object.keys(AMOUNTS) as Array<keyof typeof AMOUNTS>;
/** In the place of an extra's event: none asks for it. */
const NO_EVENT = 0xffffffff;

/** Takes from the events of transcript `t` what a range over all of it would not have kept. Done twice it does nothing more. */
export function foldReadings(table: MergedTable, t: number): void {
  const { event, extra, extras, length, transcript, usage } = table;
  const increases = (before: number, now: number) =>
    AMOUNT_NAMES.map((name) => (usage[name][now] as number) - (usage[name][before] as number));
  const goesOn = new Set<number>();
  let before: number | undefined;
  for (let i = transcript.firstEvent[t] as number, end = transcript.firstEvent[t + 1] ?? length; i < end; i++) {
    const flags = event.flags[i] as number;
    if (flags & BREAKS) before = undefined;
    if (!(flags & FLAG.reading)) continue;
    const now = event.usage[i] as number;
    const more = before === undefined ? undefined : increases(before, now);
    before = now;
    if (!more?.every((amount) => amount >= 0)) continue;
    goesOn.add(i);
    // It tells nothing but its time.
    if (more.some((amount) => amount > 0) || event.firstMs[i] === Infinity) continue;
    event.flags[i] = event.model[i] = 0;
    event.usage[i] = NO_USAGE;
  }
  for (let x = transcript.firstExtra[t] as number, end = transcript.firstExtra[t + 1] ?? extras; x < end; x++) {
    if (goesOn.has(extra.event[x] as number)) extra.event[x] = NO_EVENT;
  }
}
