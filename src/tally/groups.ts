/**
 * Which events are one response (`spec/accounting.md`, "One response, many records"; numbers 13 to 18 of
 * `docs/decisions/0002`). Every event gets a group; a group that carries usage is a response.
 */
import { type Columns, FLAG } from "../events.ts";
import type { EventTable } from "./table.ts";
import { groupByIds, type Grouping, NO_GROUP } from "./buckets.ts";
import { groupBy } from "./group-by.ts";
import { Originals } from "./originals.ts";
import type { Places } from "./places.ts";
import type { RepeatedRecords } from "./repeated.ts";

/** One element a group. */
const GROUP = {
  /** Milliseconds UTC of the earliest record; Infinity when none has a time. */
  timeMs: Float64Array,
  /** Whole dollars, and nano-dollars beside them; dollars are -1 where no price is known. Filled by `Costs`. */
  costDollars: Float64Array,
  costNanos: Float64Array,
  /** The event whose figures and model are the response's; all bits set when none carries usage. */
  chosen: Uint32Array,
  /** The event that says session, project, agent, team and branch; all bits set when the group is empty. */
  attribution: Uint32Array,
  /** Text number of the model; 0 is none. */
  model: Uint32Array,
  /** All flags of its events together, and all their tool uses. */
  flags: Uint32Array,
  toolUses: Uint32Array,
  kind: Uint32Array,
  slice: Uint32Array,
} as const;

export interface Groups extends Columns<typeof GROUP> {
  readonly length: number;
  /** The group of each event. */
  readonly of: Int32Array;
}

/** `records` switches the duplicate rules off, as older collectors had it. */
export type CountMode = "responses" | "records";

/** Without `repeated` every event is a group. */
export function groupEvents(table: EventTable, repeated: RepeatedRecords | undefined, places: Places): Groups {
  const { memory } = table;
  const { of, length } = repeated ? groupByIds(table, repeated, places) : eachItsOwn(table);
  const columns = memory.columns(GROUP, length);
  memory.count("groups", length);
  memory.bind("group", { ...columns, ofEvent: of });
  const named = memory.i32(length);
  const ties = memory.u32(table.length);
  const tied = ties.subarray(0, memory.native.describeGroups(named.byteOffset, ties.byteOffset));
  const groups = { ...columns, length, of };
  if (repeated && tied.length > 0) settleTies(tied, groups, table, new Originals(table, repeated, places));
  return groups;
}

/** Number 18: records that several transcripts share belong to the transcript they were copied from. */
function settleTies(ties: Uint32Array, { of, attribution }: Groups, table: EventTable, originals: Originals): void {
  const { event, transcriptOf, memory } = table;
  for (const [group, tied] of groupBy(ties, (i) => of[i] as number)) {
    const best = attribution[group] as number;
    const still = tied.filter((i) => memory.native.compareForAttribution(i, best) === 0);
    const candidates = [best, ...still].sort(
      (a, b) => (event.earliestRecord[a] as number) - (event.earliestRecord[b] as number),
    );
    const original = originals.among(candidates.map((i) => transcriptOf[i] as number));
    attribution[group] = candidates.find((i) => transcriptOf[i] === original) as number;
  }
}

function eachItsOwn({ memory, length, event }: EventTable): Grouping {
  const of = memory.i32(length);
  let next = 0;
  for (let i = 0; i < length; i++) of[i] = (event.flags[i] as number) & FLAG.nested ? NO_GROUP : next++;
  return { of, length: next };
}
