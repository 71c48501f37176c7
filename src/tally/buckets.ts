/** Puts events together that are of one response, or of one record in several transcripts. */
import { FLAG } from "../events.ts";
import type { EventTable } from "../merge.ts";
import { IdIndex } from "./ids.ts";
import type { Places } from "./places.ts";
import { isEmpty, type RepeatedRecords } from "./repeated.ts";
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
  const { event, transcriptOf } = table;
  const sessionOf = (i: number) => places.sessionOf[transcriptOf[i] as number] as number;
  const mixed = new Set<number>();
  const { of, firstOf, carriesUsage, copies, ...buckets } = fillBuckets(table, repeated, mixed);
  let length = buckets.length;

  for (const i of copies) {
    const first = firstOf(i);
    const bucket = (of[i] = first === i ? length++ : (of[first] as number));
    // By rule 1, or being on a side chain by rule 2 or 3: whatever else is in the bucket, it is one request.
    const isCopy = isSameRequest(event, first, i) || sessionOf(first) === sessionOf(i);
    if (first === i || !isCopy || !carriesUsage[bucket]) mixed.add(bucket);
  }
  // Copies may hang on each other, so a bucket's are dropped here only if each of them hangs on its request.
  for (const i of copies) if (!mixed.has(of[i] as number)) of[i] = NO_GROUP;

  for (const [bucket, members] of membersOf(mixed, of)) {
    const { groups, droppedCopies } = takeApart(members, table, sessionOf);
    groups.forEach((group, at) => {
      const number = at === 0 ? bucket : length++;
      for (const i of group) of[i] = number;
    });
    for (const i of droppedCopies) of[i] = NO_GROUP;
  }
  return { of, length };
}

/**
 * Puts every event but live copies into its bucket. One tight loop over columns, as elsewhere in the tally: such
 * a loop runs once a scan over every event and is compiled while it runs, so what is not in it is not waited for.
 */
function fillBuckets({ length, event }: EventTable, repeated: RepeatedRecords, mixed: Set<number>) {
  const { flags, responseLow, responseHigh, firstRecord, lastRecord } = event;
  const responses = new IdIndex(responseLow, responseHigh, length / 2);
  // By the first record with its id, the first event that holds such a record and has no response id.
  const records = new Map<number, number>();
  const firstOf = (i: number): number => {
    if ((flags[i] as number) & FLAG.responseId) return responses.first(i);
    // Events that stand for several records hold none that stands elsewhere too: `splitRepeated`.
    const record = firstRecord[i] as number;
    if (record !== lastRecord[i] || !repeated.has(record)) return i;
    const key = repeated.firstOf(record);
    const first = records.get(key) ?? i;
    if (first === i) records.set(key, i);
    return first;
  };
  const of = new Int32Array(length);
  const carriesUsage = new Uint8Array(length);
  const copies: number[] = [];
  let buckets = 0;
  for (let i = 0; i < length; i++) {
    const f = flags[i] as number;
    if (f & FLAG.nested) {
      copies.push(i);
      continue;
    }
    const first = firstOf(i);
    let bucket = buckets;
    if (first === i) {
      if (isEmpty(event, i)) {
        of[i] = NO_GROUP;
        continue;
      }
      buckets++;
    } else {
      bucket = of[first] as number;
      if (f & FLAG.responseId && !isSameRequest(event, i, first)) mixed.add(bucket);
    }
    of[i] = bucket;
    if (f & FLAG.usage) carriesUsage[bucket] = 1;
  }
  return { of, length: buckets, firstOf, carriesUsage, copies };
}

function isSameRequest(event: EventTable["event"], a: number, b: number): boolean {
  if (event.requestLow[a] !== event.requestLow[b] || event.requestHigh[a] !== event.requestHigh[b]) return false;
  return ((event.flags[a] as number) & (event.flags[b] as number) & FLAG.requestId) !== 0;
}

/** The events of some buckets, in order. */
function membersOf(buckets: ReadonlySet<number>, of: Int32Array): Map<number, number[]> {
  const members = new Map<number, number[]>();
  if (buckets.size === 0) return members;
  const isAsked = new Uint8Array(of.length);
  for (const bucket of buckets) {
    members.set(bucket, []);
    isAsked[bucket] = 1;
  }
  for (let i = 0; i < of.length; i++) {
    const bucket = of[i] as number;
    if (bucket >= 0 && isAsked[bucket]) members.get(bucket)?.push(i);
  }
  return members;
}
