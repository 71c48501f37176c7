/** Puts events together that are of one response, or of one record in several transcripts. */
import type { EventTable } from "./table.ts";
import { groupBy } from "./group-by.ts";
import type { Places } from "./places.ts";
import type { RepeatedRecords } from "./repeated.ts";
import { takeApart } from "./rules.ts";

/** Of an event that counts nowhere: a live copy whose response stands elsewhere, or one without records. */
export const NO_GROUP = -1;

export interface Grouping {
  /** The group of each event, or `NO_GROUP`. */
  readonly of: Int32Array;
  /** How many groups there are; some may be empty. */
  readonly length: number;
}

/**
 * First buckets, by response id or else by record id: no rule joins records of two buckets. Nearly every bucket
 * holds the records of one request and is a group as it stands; the others are taken apart.
 */
export function groupByIds(table: EventTable, repeated: RepeatedRecords, places: Places): Grouping {
  const { memory, transcriptOf } = table;
  const { native } = memory;
  const sessionOf = (i: number) => places.sessionOf[transcriptOf[i] as number] as number;
  const of = memory.i32(table.length);
  memory.bind("group", { ofEvent: of });
  const isMixed = memory.u8(table.length);
  const buckets = memory.places(table.length);
  memory.bind("transcript", { session: places.sessionOf });
  let length = native.fillBuckets(
    buckets.byteOffset,
    buckets.length - 1,
    repeated.all.length === 0 ? 0 : repeated.firsts.byteOffset,
    memory.u32(repeated.all.length === 0 ? 0 : table.eventRecords).byteOffset,
    memory.u8(table.length).byteOffset,
    isMixed.byteOffset,
    memory.u32(table.length).byteOffset,
  );
  memory.giveBack(buckets);
  if (native.mixedCount() === 0) return { of, length };

  const members = memory.u32(table.length);
  const mixed = members.subarray(0, native.collectMixed(isMixed.byteOffset, members.byteOffset));
  for (const [bucket, together] of groupBy(mixed, (i) => of[i] as number)) {
    const { groups, droppedCopies } = takeApart(together, table, sessionOf);
    groups.forEach((group, at) => {
      const number = at === 0 ? bucket : length++;
      for (const i of group) of[i] = number;
    });
    for (const i of droppedCopies) of[i] = NO_GROUP;
  }
  return { of, length };
}
