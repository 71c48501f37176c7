/**
 * Which events are one response (`spec/accounting.md`, "One response, many records"; numbers 13 to 18 of
 * `docs/decisions/0002`). Every event gets a group; a group that carries usage is a response.
 */
import { FLAG } from "../events.ts";
import type { EventTable } from "../merge.ts";
import { groupByIds, type Grouping, NO_GROUP } from "./buckets.ts";
import { groupBy } from "./group-by.ts";
import { Originals } from "./originals.ts";
import type { Places } from "./places.ts";
import type { RepeatedRecords } from "./repeated.ts";

const NONE = -1;

/** Groups of events, as columns. A group may be empty: then its `attribution` is -1. */
export interface Groups {
  readonly length: number;
  /** The group of each event. */
  readonly of: Int32Array;
  /** The event whose figures and model are the response's; -1 when none carries usage. */
  readonly chosen: Int32Array;
  /** Milliseconds UTC of the earliest record; Infinity when none has a time. */
  readonly timeMs: Float64Array;
  /** The event that says session, project, agent, team and branch. */
  readonly attribution: Int32Array;
  /** Text number of the model; 0 is none. */
  readonly model: Uint32Array;
  /** All flags of its events together, and all their tool uses. */
  readonly flags: Uint32Array;
  readonly toolUses: Uint32Array;
}

/** `records` switches the duplicate rules off, as older collectors had it. */
export type CountMode = "responses" | "records";

/** Without `repeated` every event is a group. */
export function groupResponses(table: EventTable, repeated: RepeatedRecords | undefined, places: Places): Groups {
  const { of, length } = repeated ? groupByIds(table, repeated, places) : eachItsOwn(table);
  const { groups, ties } = describe(table, of, length);
  if (repeated && ties.length > 0) settleTies(ties, groups, table, new Originals(table, repeated, places));
  return groups;
}

/** What each group is, from its events. Also the events that are as good an attribution as the one taken. */
function describe(table: EventTable, of: Int32Array, length: number) {
  const { event, transcriptOf } = table;
  const groups: Groups = {
    length,
    of,
    chosen: new Int32Array(length).fill(NONE),
    timeMs: new Float64Array(length).fill(Infinity),
    attribution: new Int32Array(length).fill(NONE),
    model: new Uint32Array(length),
    flags: new Uint32Array(length),
    toolUses: new Uint32Array(length),
  };
  const { chosen, timeMs, attribution, model, flags, toolUses } = groups;
  // By group, the event that names the model of a group without usage (number 19).
  const named = new Int32Array(length).fill(NONE);
  const ties: number[] = [];
  for (let i = 0; i < of.length; i++) {
    const group = of[i] as number;
    if (group < 0) continue;
    const f = event.flags[i] as number;
    flags[group] = (flags[group] as number) | f;
    toolUses[group] = (toolUses[group] as number) + (event.toolUses[i] as number);
    const firstMs = event.firstMs[i] as number;
    if (firstMs < (timeMs[group] as number)) timeMs[group] = firstMs;

    if (f & FLAG.usage) {
      const best = chosen[group] as number;
      if (best < 0 || isChosenBefore(table, i, best)) chosen[group] = i;
    } else if (event.model[i] !== 0) {
      const best = named[group] as number;
      if (best < 0 || isLater(event, i, best)) named[group] = i;
    }

    const best = attribution[group] as number;
    const order = best < 0 ? -1 : compareForAttribution(event, i, best);
    if (order < 0) attribution[group] = i;
    else if (order === 0) {
      const isFirst = (event.earliestRecord[i] as number) < (event.earliestRecord[best] as number);
      if (isFirst) attribution[group] = i;
      if (transcriptOf[i] !== transcriptOf[best]) ties.push(isFirst ? best : i);
    }
  }
  for (let group = 0; group < length; group++) {
    const i = chosen[group] === NONE ? (named[group] as number) : (chosen[group] as number);
    if (i >= 0) model[group] = event.model[i] as number;
  }
  return { groups, ties };
}

/** Whether event `i` is chosen before `best`, both with usage: most output, then the latest (number 16). */
function isChosenBefore({ event, usage: { output } }: EventTable, i: number, best: number): boolean {
  const more = (output[event.usage[i] as number] as number) - (output[event.usage[best] as number] as number);
  return more > 0 || (more === 0 && isLater(event, i, best));
}

/** Later by the time of the chosen record, then by (path, offset). */
function isLater({ chosenMs, chosenRecord }: EventTable["event"], i: number, other: number): boolean {
  const [ms, otherMs] = [chosenMs[i] as number, chosenMs[other] as number];
  return ms === otherMs ? (chosenRecord[i] as number) > (chosenRecord[other] as number) : ms > otherMs;
}

/** Main chain before side chain, then by time (number 18). */
function compareForAttribution({ flags, firstMs }: EventTable["event"], a: number, b: number): number {
  const side = ((flags[a] as number) & FLAG.sideChain) - ((flags[b] as number) & FLAG.sideChain);
  if (side !== 0) return side;
  const [left, right] = [firstMs[a] as number, firstMs[b] as number];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Number 18: records that several transcripts share belong to the transcript they were copied from. */
function settleTies(
  ties: readonly number[],
  { of, attribution }: Groups,
  { event, transcriptOf }: EventTable,
  originals: Originals,
): void {
  for (const [group, tied] of groupBy(ties, (i) => of[i] as number)) {
    const best = attribution[group] as number;
    const still = tied.filter((i) => compareForAttribution(event, i, best) === 0);
    const candidates = [best, ...still].sort(
      (a, b) => (event.earliestRecord[a] as number) - (event.earliestRecord[b] as number),
    );
    const original = originals.among(candidates.map((i) => transcriptOf[i] as number));
    attribution[group] = candidates.find((i) => transcriptOf[i] === original) as number;
  }
}

function eachItsOwn({ length, event }: EventTable): Grouping {
  const of = new Int32Array(length);
  let next = 0;
  for (let i = 0; i < length; i++) of[i] = (event.flags[i] as number) & FLAG.nested ? NO_GROUP : next++;
  return { of, length: next };
}
