/** Tool uses that count: of the records with one id, the one with most blocks (number 21 of decision 0002). */
import type { EventTable } from "./table.ts";
import { NO_GROUP } from "./buckets.ts";
import type { RepeatedRecords } from "./repeated.ts";
import type { Groups } from "./groups.ts";

export interface ToolUses {
  /** Of each event together. */
  readonly ofEvent: Uint32Array;
  /** Of each record, 0 where another record's count. */
  readonly ofRecord: Uint32Array;
}

export function countToolUses(table: EventTable, groups: Groups, repeated: RepeatedRecords | undefined): ToolUses {
  const { memory, event, record } = table;
  if (!repeated || repeated.all.length === 0) return { ofEvent: event.toolUses, ofRecord: record.toolUses };
  const ofRecord = record.toolUses.slice();
  const ofEvent = memory.u32(table.length);
  ofEvent.set(event.toolUses.subarray(0, table.length));
  const drop = (i: number) => {
    const of = record.event[i] as number;
    ofEvent[of] = (ofEvent[of] as number) - (record.toolUses[i] as number);
    ofRecord[i] = 0;
  };
  // By the first record with an id, the one that counts.
  const best = new Map<number, number>();
  for (const i of repeated.all) {
    if (record.toolUses[i] === 0 || groups.of[record.event[i] as number] === NO_GROUP) continue;
    const first = repeated.firstOf(i);
    const other = best.get(first);
    if (other === undefined || countsBefore(record, i, other)) {
      if (other !== undefined) drop(other);
      best.set(first, i);
    } else {
      drop(i);
    }
  }
  return { ofEvent, ofRecord };
}

/** Most blocks, then the earliest; `i` comes after `other` in (path, offset). */
function countsBefore({ toolUses, timeMs }: EventTable["record"], i: number, other: number): boolean {
  const more = (toolUses[i] as number) - (toolUses[other] as number);
  if (more !== 0) return more > 0;
  const [time, otherTime] = [timeMs[i] as number, timeMs[other] as number];
  return time < otherTime || (time === time && otherTime !== otherTime);
}
