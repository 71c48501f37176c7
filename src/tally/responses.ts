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
  const of = new Int32Array(length);
  const { responseRecords, otherRecords } = countKinds(table);
  const responses = new EventsById(event.responseLow, event.responseHigh, responseRecords / 2);
  const records = new EventsById(event.recordLow, event.recordHigh, otherRecords);
  const firstOf = new Int32Array(length);
  const carriesUsage = new Uint8Array(length);
  const mixed = new Set<number>();
  const copies: number[] = [];
  let buckets = 0;

  for (let i = 0; i < length; i++) {
    const flags = event.flags[i] as number;
    if (flags & FLAG.nested) {
      copies.push(i);
      continue;
    }
    const first = flags & FLAG.responseId ? responses.first(i) : flags & FLAG.recordId ? records.first(i) : i;
    const isNew = first === i;
    const bucket = isNew ? buckets++ : (of[first] as number);
    of[i] = bucket;
    if (isNew) firstOf[bucket] = i;
    else if (flags & FLAG.responseId && !isSameRequest(i, first)) mixed.add(bucket);
    if (flags & FLAG.usage) carriesUsage[bucket] = 1;
  }
  for (const i of copies) {
    const byResponse = ((event.flags[i] as number) & FLAG.responseId) !== 0;
    const hasId = byResponse || ((event.flags[i] as number) & FLAG.recordId) !== 0;
    const first = hasId ? (byResponse ? responses : records).first(i) : i;
    const bucket = first === i ? buckets++ : (of[first] as number);
    of[i] = bucket;
    if (first === i) {
      firstOf[bucket] = i;
    } else if (carriesUsage[bucket] && !mixed.has(bucket) && isCopyOf(first, i)) {
      of[i] = NO_GROUP;
      continue;
    }
    mixed.add(bucket);
  }
  return { of, length: takeAllApart() };

  function isSameRequest(a: number, b: number): boolean {
    const flags = (event.flags[a] as number) & (event.flags[b] as number);
    const isEqual = event.requestLow[a] === event.requestLow[b] && event.requestHigh[a] === event.requestHigh[b];
    return (flags & FLAG.requestId) !== 0 && isEqual;
  }

  /** Whether a live copy belongs to a bucket of one request: by rule 1, or by rule 2 or 3, being on a side chain. */
  function isCopyOf(first: number, copy: number): boolean {
    return isSameRequest(first, copy) || sessionOf(first) === sessionOf(copy);
  }

  function sessionOf(i: number): number {
    return places.sessionOf[table.transcriptOf[i] as number] as number;
  }

  function takeAllApart(): number {
    if (mixed.size === 0) return buckets;
    const members = new Map<number, number[]>();
    for (const bucket of mixed) members.set(bucket, []);
    for (let i = 0; i < length; i++) members.get(of[i] as number)?.push(i);
    let groups = buckets;
    for (const [bucket, together] of members) {
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

function countKinds({ length, event }: EventTable) {
  let responseRecords = 0;
  for (let i = 0; i < length; i++) if ((event.flags[i] as number) & FLAG.responseId) responseRecords++;
  return { responseRecords, otherRecords: length - responseRecords };
}

/** What each group is, from its records. */
function describe(table: EventTable, places: Places, of: Int32Array, length: number): Groups {
  const { event, usage, transcriptOf } = table;
  const chosen = new Int32Array(length).fill(NONE);
  const timeMs = new Float64Array(length).fill(Infinity);
  const attribution = new Int32Array(length).fill(NONE);
  const attributionTimeMs = new Float64Array(length);
  const model = new Uint32Array(length);
  const modelTimeMs = new Float64Array(length).fill(-Infinity);
  const flags = new Uint32Array(length);
  const toolUses = new Uint32Array(length);
  const ties: number[] = [];

  for (let i = 0; i < table.length; i++) {
    const group = of[i] as number;
    if (group === NO_GROUP) continue;
    const eventFlags = event.flags[i] as number;
    const time = event.timeMs[i] as number;
    const hasTime = time === time;
    const early = hasTime ? time : Infinity;
    const late = hasTime ? time : -Infinity;
    flags[group] = (flags[group] as number) | eventFlags;
    toolUses[group] = (toolUses[group] as number) + (event.toolUses[i] as number);
    if (early < (timeMs[group] as number)) timeMs[group] = early;

    if (eventFlags & FLAG.usage) {
      const best = chosen[group] as number;
      if (best === NONE || isChosenOver(i, late, best)) chosen[group] = i;
    } else if (event.model[i] !== 0 && late >= (modelTimeMs[group] as number)) {
      model[group] = event.model[i] as number;
      modelTimeMs[group] = late;
    }

    const best = attribution[group] as number;
    if (best === NONE) {
      attribution[group] = i;
      attributionTimeMs[group] = early;
      continue;
    }
    const isSide = (eventFlags & FLAG.sideChain) !== 0;
    const bestIsSide = ((event.flags[best] as number) & FLAG.sideChain) !== 0;
    if (isSide === bestIsSide ? early < (attributionTimeMs[group] as number) : bestIsSide) {
      attribution[group] = i;
      attributionTimeMs[group] = early;
    } else if (isSide === bestIsSide && early === attributionTimeMs[group] && transcriptOf[i] !== transcriptOf[best]) {
      ties.push(i);
    }
  }
  for (let group = 0; group < length; group++) {
    if (chosen[group] !== NONE) model[group] = event.model[chosen[group] as number] as number;
  }
  settleTies();
  return { length, of, chosen, timeMs, attribution, model, flags, toolUses };

  /** Number 16; `i` comes after `best` in (path, offset). */
  function isChosenOver(i: number, late: number, best: number): boolean {
    const output = usage.output[event.usage[i] as number] as number;
    const bestOutput = usage.output[event.usage[best] as number] as number;
    if (output !== bestOutput) return output > bestOutput;
    const bestTime = event.timeMs[best] as number;
    return late >= (bestTime === bestTime ? bestTime : -Infinity);
  }

  /** Number 18: records that several transcripts share belong to the transcript they were copied from. */
  function settleTies(): void {
    if (ties.length === 0) return;
    const tiedByGroup = groupBy(ties, (i) => of[i] as number);
    const concerned = new Set(ties.map((i) => transcriptOf[i] as number));
    for (const group of tiedByGroup.keys()) concerned.add(transcriptOf[attribution[group] as number] as number);
    const originals = new Originals(table, places, concerned);
    for (const [group, tied] of tiedByGroup) {
      const best = attribution[group] as number;
      const side = (event.flags[best] as number) & FLAG.sideChain;
      const still = tied.filter((i) => {
        const time = event.timeMs[i] as number;
        const early = time === time ? time : Infinity;
        return early === attributionTimeMs[group] && ((event.flags[i] as number) & FLAG.sideChain) === side;
      });
      const candidates = [best, ...still].sort((a, b) => a - b);
      const original = originals.among(candidates.map((i) => transcriptOf[i] as number));
      attribution[group] = candidates.find((i) => transcriptOf[i] === original) as number;
    }
  }
}
