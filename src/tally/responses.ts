/**
 * Which records are one response (`spec/accounting.md`, "One response, many records"; numbers 13 to 18 of
 * `docs/decisions/0002`). Every record gets a group; a group that carries usage is a response.
 */
import { FLAG } from "../events.ts";
import type { EventTable } from "../merge.ts";
import { groupBy } from "./group-by.ts";
import { EventsById, Unions } from "./ids.ts";
import { Originals } from "./originals.ts";
import type { Places } from "./places.ts";

/** Of an event that counts nowhere: a live copy whose response stands elsewhere. */
export const NO_GROUP = -1;
const NONE = -1;

/** Groups of records, as columns. A group may be empty: then its `attribution` is -1. */
export interface Groups {
  readonly length: number;
  /** The group of each event. */
  readonly of: Int32Array;
  /** The record whose figures and model are the response's; -1 when none carries usage. */
  readonly chosen: Int32Array;
  /** Milliseconds UTC of the earliest record; Infinity when none has a time. */
  readonly timeMs: Float64Array;
  /** The record that says session, project, agent, team and branch. */
  readonly attribution: Int32Array;
  /** Text number of the model; 0 is none. */
  readonly model: Uint32Array;
  /** All flags of its records together, and all their tool uses. */
  readonly flags: Uint32Array;
  readonly toolUses: Uint32Array;
}

/** `records` switches the duplicate rules off, as older collectors had it. */
export type CountMode = "responses" | "records";

export function groupResponses(table: EventTable, places: Places, mode: CountMode): Groups {
  const { of, length } = mode === "responses" ? groupByIds(table, places) : eachItsOwn(table);
  return describe(table, places, of, length);
}

interface Grouping {
  readonly of: Int32Array;
  readonly length: number;
}

function eachItsOwn({ length, event }: EventTable): Grouping {
  const of = new Int32Array(length);
  let next = 0;
  for (let i = 0; i < length; i++) of[i] = (event.flags[i] as number) & FLAG.nested ? NO_GROUP : next++;
  return { of, length: next };
}

/**
 * First buckets, by response id or else by record id: no rule joins records of two buckets. Nearly every bucket
 * holds the records of one request and is a group as it stands; the others are taken apart.
 */
function groupByIds(table: EventTable, places: Places): Grouping {
  const { length, event } = table;
  const mixed = new Set<number>();
  const buckets = fillBuckets(table, mixed);
  const { of, responses, records, carriesUsage, copies } = buckets;
  let bucketCount = buckets.length;

  for (const i of copies) {
    const byResponse = ((event.flags[i] as number) & FLAG.responseId) !== 0;
    const hasId = byResponse || ((event.flags[i] as number) & FLAG.recordId) !== 0;
    const first = hasId ? (byResponse ? responses : records).first(i) : i;
    const bucket = first === i ? bucketCount++ : (of[first] as number);
    if (first !== i && carriesUsage[bucket] && !mixed.has(bucket) && isCopyOf(first, i)) {
      of[i] = NO_GROUP;
    } else {
      of[i] = bucket;
      mixed.add(bucket);
    }
  }
  return { of, length: takeAllApart() };

  /** Whether a live copy belongs to a bucket of one request: by rule 1, or by rule 2 or 3, being on a side chain. */
  function isCopyOf(first: number, copy: number): boolean {
    return isSameRequest(event, first, copy) || sessionOf(first) === sessionOf(copy);
  }

  function sessionOf(i: number): number {
    return places.sessionOf[table.transcriptOf[i] as number] as number;
  }

  function takeAllApart(): number {
    let groups = bucketCount;
    for (const [bucket, together] of membersOf(mixed, of)) {
      let isFirst = true;
      for (const group of takeApart(together)) {
        const number = isFirst ? bucket : groups++;
        isFirst = false;
        for (const i of group) of[i] = number;
      }
    }
    return groups;
  }

  /** The groups of one bucket. Records that count nowhere are in none of them, and marked so. */
  function takeApart(members: readonly number[]): Iterable<number[]> {
    const isNested = (i: number) => ((event.flags[i] as number) & FLAG.nested) !== 0;
    const own = members.filter((i) => !isNested(i));
    const groups = groupBy(own, unite(own));
    const byGroup = new Map<unknown, number[]>(groups);
    if (own.length < members.length) {
      // Live copies join others, but never join others to each other.
      const together = groupBy(members, unite(members));
      for (const component of together.values()) {
        const copies = component.filter(isNested);
        const isHeldElsewhere = component.some((i) => !isNested(i) && (event.flags[i] as number) & FLAG.usage);
        if (isHeldElsewhere) for (const i of copies) of[i] = NO_GROUP;
        else if (copies.length > 0) byGroup.set(copies, copies);
      }
    }
    return byGroup.values();

    /** Applies the rules to some of the bucket's records; tells the component of each. */
    function unite(some: readonly number[]): (i: number) => number {
      const unions = new Unions(some.length);
      const position = new Map(some.map((i, at) => [i, at]));
      const flags = (i: number) => event.flags[i] as number;
      const join = (together: readonly number[]) => {
        const [first, ...rest] = together.map((i) => position.get(i) as number);
        for (const other of rest) unions.join(first as number, other);
      };
      const each = (key: (i: number) => string | number, applies: (together: readonly number[]) => boolean) => {
        for (const together of groupBy(some, key).values()) if (applies(together)) join(together);
      };
      if (some.length > 0 && (flags(some[0] as number) & FLAG.responseId) === 0) {
        join(some); // rule 4: the bucket is one record id
      } else {
        const hasNoRequest = (i: number) => (flags(i) & FLAG.requestId) === 0;
        const request = (i: number) => (hasNoRequest(i) ? -1 - i : `${event.requestLow[i]} ${event.requestHigh[i]}`);
        const record = (i: number) => (flags(i) & FLAG.recordId ? `${event.recordLow[i]} ${event.recordHigh[i]}` : -1 - i);
        each(request, () => true); // rule 1
        // Rules 2 and 3: one record without a request, or on a side chain, ties all of its session to itself.
        each(sessionOf, (together) => together.some((i) => hasNoRequest(i) || flags(i) & FLAG.sideChain));
        each(record, (together) => together.some(hasNoRequest)); // rule 2
      }
      return (i) => unions.find(position.get(i) as number);
    }
  }
}

/**
 * Puts every record but live copies into its bucket. One tight loop over columns, here as below: these loops run
 * once a run over every event, so they are compiled while they run, and what is not in them need not be.
 */
function fillBuckets({ length, event }: EventTable, mixed: Set<number>) {
  const { flags, responseLow, responseHigh, recordLow, recordHigh } = event;
  let responseRecords = 0;
  for (let i = 0; i < length; i++) if ((flags[i] as number) & FLAG.responseId) responseRecords++;
  const responses = new EventsById(responseLow, responseHigh, responseRecords / 2);
  const records = new EventsById(recordLow, recordHigh, length - responseRecords);
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
    const first = f & FLAG.responseId ? responses.first(i) : f & FLAG.recordId ? records.first(i) : i;
    let bucket = buckets;
    if (first === i) {
      buckets++;
    } else {
      bucket = of[first] as number;
      if (f & FLAG.responseId && !isSameRequest(event, i, first)) mixed.add(bucket);
    }
    of[i] = bucket;
    if (f & FLAG.usage) carriesUsage[bucket] = 1;
  }
  return { of, length: buckets, responses, records, carriesUsage, copies };
}

function isSameRequest(event: EventTable["event"], a: number, b: number): boolean {
  if (event.requestLow[a] !== event.requestLow[b] || event.requestHigh[a] !== event.requestHigh[b]) return false;
  return ((event.flags[a] as number) & (event.flags[b] as number) & FLAG.requestId) !== 0;
}

/** The events of some buckets. */
function membersOf(buckets: ReadonlySet<number>, of: Int32Array): Map<number, number[]> {
  const members = new Map<number, number[]>();
  if (buckets.size === 0) return members;
  for (const bucket of buckets) members.set(bucket, []);
  const isAsked = new Uint8Array(of.length);
  for (const bucket of buckets) isAsked[bucket] = 1;
  for (let i = 0; i < of.length; i++) {
    const bucket = of[i] as number;
    if (bucket >= 0 && isAsked[bucket]) members.get(bucket)?.push(i);
  }
  return members;
}

/** What each group is, from its records. */
function describe(table: EventTable, places: Places, of: Int32Array, length: number): Groups {
  const { event, transcriptOf } = table;
  const flags = new Uint32Array(length);
  const toolUses = new Uint32Array(length);
  const timeMs = new Float64Array(length).fill(Infinity);
  gather(event, of, flags, toolUses, timeMs);
  const { chosen, model } = choose(table, of, length);
  const attribution = new Int32Array(length).fill(NONE);
  const ties = attribute(table, of, attribution);
  for (let group = 0; group < length; group++) {
    if (chosen[group] !== NONE) model[group] = event.model[chosen[group] as number] as number;
  }
  settleTies();
  return { length, of, chosen, timeMs, attribution, model, flags, toolUses };

  /** Number 18: records that several transcripts share belong to the transcript they were copied from. */
  function settleTies(): void {
    if (ties.length === 0) return;
    const tiedByGroup = groupBy(ties, (i) => of[i] as number);
    const concerned = new Set(ties.map((i) => transcriptOf[i] as number));
    for (const group of tiedByGroup.keys()) concerned.add(transcriptOf[attribution[group] as number] as number);
    const originals = new Originals(table, places, concerned);
    for (const [group, tied] of tiedByGroup) {
      const best = attribution[group] as number;
      const still = tied.filter((i) => compareForAttribution(event, i, best) === 0);
      const candidates = [best, ...still].sort((a, b) => a - b);
      const original = originals.among(candidates.map((i) => transcriptOf[i] as number));
      attribution[group] = candidates.find((i) => transcriptOf[i] === original) as number;
    }
  }
}

function gather(
  event: EventTable["event"],
  of: Int32Array,
  flags: Uint32Array,
  toolUses: Uint32Array,
  timeMs: Float64Array,
): void {
  const { flags: eventFlags, toolUses: eventToolUses, timeMs: eventTimeMs } = event;
  for (let i = 0; i < of.length; i++) {
    const group = of[i] as number;
    if (group < 0) continue;
    flags[group] = (flags[group] as number) | (eventFlags[i] as number);
    toolUses[group] = (toolUses[group] as number) + (eventToolUses[i] as number);
    const time = eventTimeMs[i] as number;
    if (time < (timeMs[group] as number)) timeMs[group] = time;
  }
}

/** The chosen record of each group (number 16), and the model of groups without one (number 19). */
function choose({ event, usage }: EventTable, of: Int32Array, length: number) {
  const { flags, timeMs, usage: usageOf, model: modelOf } = event;
  const { output } = usage;
  const chosen = new Int32Array(length).fill(NONE);
  const model = new Uint32Array(length);
  const latestModelMs = new Float64Array(length).fill(-Infinity);
  for (let i = 0; i < of.length; i++) {
    const group = of[i] as number;
    if (group < 0) continue;
    if ((flags[i] as number) & FLAG.usage) {
      const best = chosen[group] as number;
      if (best >= 0) {
        const more = (output[usageOf[i] as number] as number) - (output[usageOf[best] as number] as number);
        // Later events win ties: they come later in (path, offset).
        if (more < 0 || (more === 0 && late(timeMs[i] as number) < late(timeMs[best] as number))) continue;
      }
      chosen[group] = i;
    } else if (modelOf[i] !== 0 && late(timeMs[i] as number) >= (latestModelMs[group] as number)) {
      model[group] = modelOf[i] as number;
      latestModelMs[group] = late(timeMs[i] as number);
    }
  }
  return { chosen, model };
}

/** The attribution record of each group (number 18), as if the first of equal ones were it. Returns the other equal ones. */
function attribute({ event, transcriptOf }: EventTable, of: Int32Array, attribution: Int32Array): number[] {
  const ties: number[] = [];
  for (let i = 0; i < of.length; i++) {
    const group = of[i] as number;
    if (group < 0) continue;
    const best = attribution[group] as number;
    if (best < 0) {
      attribution[group] = i;
      continue;
    }
    const order = compareForAttribution(event, i, best);
    if (order < 0) attribution[group] = i;
    else if (order === 0 && transcriptOf[i] !== transcriptOf[best]) ties.push(i);
  }
  return ties;
}

/** Main chain before side chain, then by time. */
function compareForAttribution({ flags, timeMs }: EventTable["event"], a: number, b: number): number {
  const side = ((flags[a] as number) & FLAG.sideChain) - ((flags[b] as number) & FLAG.sideChain);
  if (side !== 0) return side;
  const [left, right] = [early(timeMs[a] as number), early(timeMs[b] as number)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** No time comes last among the earliest … */
function early(timeMs: number): number {
  return timeMs === timeMs ? timeMs : Infinity;
}

/** … and first among the latest. */
function late(timeMs: number): number {
  return timeMs === timeMs ? timeMs : -Infinity;
}
