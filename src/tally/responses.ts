/**
 * Which records are one response (`spec/accounting.md`, "One response, many records"; numbers 13 to 18 of
 * `docs/decisions/0002`). Every record gets a group; a group that carries usage is a response.
 */
import { FLAG } from "../events.ts";
import type { EventTable } from "../merge.ts";
import { groupByIds, type Grouping, NO_GROUP } from "./buckets.ts";
import { groupBy } from "./group-by.ts";
import { Originals } from "./originals.ts";
import type { Places } from "./places.ts";

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
    const originals = new Originals(table, places);
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

function eachItsOwn({ length, event }: EventTable): Grouping {
  const of = new Int32Array(length);
  let next = 0;
  for (let i = 0; i < length; i++) of[i] = (event.flags[i] as number) & FLAG.nested ? NO_GROUP : next++;
  return { of, length: next };
}
