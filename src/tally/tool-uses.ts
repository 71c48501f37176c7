/** Tool uses that count: of the records with one id, the one with most blocks (number 21 of decision 0002). */
import { FLAG } from "../events.ts";
import type { EventTable } from "../merge.ts";
import { NO_GROUP } from "./buckets.ts";
import { EventsById, MaybeRepeated } from "./ids.ts";
import type { CountMode, Groups } from "./responses.ts";

/** The tool uses of each event, 0 where another record's count. */
export function countToolUses({ length, event }: EventTable, groups: Groups, mode: CountMode): Uint32Array {
  const counted = new Uint32Array(length);
  const { flags, recordLow, recordHigh, toolUses } = event;
  const repeated = new MaybeRepeated();
  for (let i = 0; i < length; i++) {
    if (toolUses[i] !== 0 && (flags[i] as number) & FLAG.recordId) repeated.note(recordLow[i] as number);
  }
  const records = new EventsById(recordLow, recordHigh, length / 32);
  // By the first event of a record, the one that counts.
  const best = new Map<number, number>();
  for (let i = 0; i < length; i++) {
    const blocks = toolUses[i] as number;
    if (blocks === 0 || groups.of[i] === NO_GROUP) continue;
    counted[i] = blocks;
    if (mode === "records" || ((flags[i] as number) & FLAG.recordId) === 0) continue;
    if (!repeated.has(recordLow[i] as number)) continue;
    const first = records.first(i);
    if (first === i) continue;
    const other = best.get(first) ?? first;
    const isMore = blocks !== counted[other] ? blocks > (counted[other] as number) : isEarlier(i, other);
    counted[isMore ? other : i] = 0;
    if (isMore) best.set(first, i);
  }
  return counted;

  /** `i` comes after `other` in (path, offset). */
  function isEarlier(i: number, other: number): boolean {
    const time = event.timeMs[i] as number;
    const otherTime = event.timeMs[other] as number;
    return time < otherTime || (time === time && otherTime !== otherTime);
  }
}
