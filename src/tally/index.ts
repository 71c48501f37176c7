/** Events to figures: duplicates, windows, filters and groupings are decided here, on every run. */
import type { Calendar, Weekday } from "../calendar.ts";
import { FLAG } from "../events.ts";
import { makeFilter } from "../filters.ts";
import type { EventTable } from "../merge.ts";
import type { Filters } from "../options.ts";
import type { Dimension, Figures, Row } from "../types.ts";
import { groupBy } from "./group-by.ts";
import { Keys } from "./keys.ts";
import type { Places } from "./places.ts";
import { RepeatedRecords, splitRepeated } from "./repeated.ts";
import { type CountMode, groupResponses, type Groups } from "./responses.ts";
import { type Tallied, tallyRows, type Window } from "./rows.ts";
import { countToolUses } from "./tool-uses.ts";

export interface TallyOptions {
  readonly by: readonly Dimension[];
  readonly breakdown: boolean;
  readonly window: Window;
  readonly filters: Filters | undefined;
  readonly count: CountMode;
  readonly calendar: Calendar;
  readonly startOfWeek: Weekday;
  readonly agentTypes: ReadonlyMap<number, string>;
}

export interface Tally {
  readonly rows: Row[];
  readonly totals: Figures;
  readonly responses: number;
  readonly usageRecords: number;
  readonly responsesWithoutTime: number;
  readonly lowOutputResponses: Record<string, number>;
}

export async function tally(merged: EventTable, places: Places, options: TallyOptions): Promise<Tally> {
  const repeated = options.count === "responses" ? new RepeatedRecords(merged) : undefined;
  const table = repeated ? splitRepeated(merged, repeated) : merged;
  const groups = groupResponses(table, repeated, places);
  const keys = new Keys(table, places, groups, options.agentTypes);
  const tallied: Tallied = {
    table,
    places,
    groups,
    toolUses: countToolUses(table, groups, repeated),
    keys,
    window: options.window,
    filter: await makeFilter(options.filters, keys),
    hasExtras: options.count === "responses",
    calendar: options.calendar,
    startOfWeek: options.startOfWeek,
  };
  const { rows, totals } = tallyRows(options.by, tallied);
  return {
    rows: options.breakdown ? breakDown(rows, tallyRows([...options.by, "model"], tallied).rows, options.by) : rows,
    totals,
    ...countResponses(table, groups),
  };
}

/** Puts each row of a finer grouping below the row it is part of. */
function breakDown(rows: readonly Row[], finer: readonly Row[], by: readonly Dimension[]): Row[] {
  const keyOf = (row: Row) => JSON.stringify(by.map((dimension) => row.key[dimension] ?? null));
  const parts = groupBy(finer, keyOf);
  return rows.map((row) => ({ ...row, models: parts.get(keyOf(row)) ?? [] }));
}

/** The counts of the whole scan, before windows and filters. */
function countResponses(table: EventTable, groups: Groups) {
  const { event, context, texts, usage } = table;
  let responses = 0;
  let responsesWithoutTime = 0;
  const lowOutput = new Map<string, number>();
  for (let group = 0; group < groups.length; group++) {
    const chosen = groups.chosen[group] as number;
    if (chosen < 0) continue;
    responses++;
    if (groups.timeMs[group] === Infinity) responsesWithoutTime++;
    const flags = groups.flags[group] as number;
    const output = usage.output[event.usage[chosen] as number] as number;
    if (flags & FLAG.final || !(flags & FLAG.longBlock) || output > PLACEHOLDER_TOKENS) continue;
    const version = (texts[context.version[event.context[chosen] as number] as number] as string) || "unknown";
    lowOutput.set(version, (lowOutput.get(version) ?? 0) + 1);
  }
  const sorted = [...lowOutput].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    responses,
    usageRecords: table.usageRecords,
    responsesWithoutTime,
    lowOutputResponses: Object.fromEntries(sorted),
  };
}

/** The largest output an agent writes before it knows the number (`formats/claude-code.md` §3: 1 to 8). */
const PLACEHOLDER_TOKENS = 8;
