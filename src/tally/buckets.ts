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
  const carriesUsage = memory.u8(table.length);
  const isMixed = memory.u8(table.length);
  const copies = memory.u32(table.length);
  const { address, last } = memory.places(table.length);
  let length = native.fillBuckets(
    address,
    last,
    repeated.all.length === 0 ? 0 : repeated.firsts.byteOffset,
    memory.u32(repeated.all.length === 0 ? 0 : table.eventRecords).byteOffset,
    carriesUsage.byteOffset,
    isMixed.byteOffset,
    copies.byteOffset,
  );
  const copyCount = native.copyCount();

  for (const i of copies.subarray(0, copyCount)) {
    const first = native.firstLike(i);
    const bucket = (of[i] = first === i ? length++ : (of[first] as number));
    // By rule 1, or being on a side chain by rule 2 or 3: whatever else is in the bucket, it is one request.
    const isCopy = native.isSameRequest(first, i) !== 0 || sessionOf(first) === sessionOf(i);
    if (first === i || !isCopy || carriesUsage[bucket] === 0) native.mix(isMixed.byteOffset, bucket);
  }
  // Copies may hang on each other, so a bucket's are dropped here only if each of them hangs on its request.
  for (const i of copies.subarray(0, copyCount)) if (isMixed[of[i] as number] === 0) of[i] = NO_GROUP;
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
