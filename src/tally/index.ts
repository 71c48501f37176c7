/** Events to figures: duplicates, windows, filters and groupings are decided here, on every run. */
import type { Calendar, Weekday } from "../calendar.ts";
import type { CostMode } from "../cost-modes.ts";
import { makeFilter } from "../filters.ts";
import type { EventTable } from "./table.ts";
import type { Filters, ScanOptions } from "../options.ts";
import type { Overrides } from "../pricing/own-prices.ts";
import type { CostBasis, CostLine, Dimension, Figures, Row } from "../types.ts";
import { fillCells, findKinds } from "./cells.ts";
import { groupBy } from "./group-by.ts";
import type { Costs } from "./costs.ts";
import type { FindCountedBefore, ResponsesOfSessions } from "./counted-before.ts";
import { type CountMode, groupEvents, type Groups } from "./groups.ts";
import { Keys } from "./keys.ts";
import { Pieces } from "./pieces.ts";
import type { Places } from "./places.ts";
import { bindTable, RepeatedRecords, splitRepeated } from "./repeated.ts";
import { resolveAliases } from "./aliases.ts";
import { settle } from "./settle.ts";
import { timesOf } from "./row-finder.ts";
import { tallyRows } from "./rows.ts";
import type { Tallied } from "./tallied.ts";
import { findTasks, type TaskOf } from "./tasks.ts";
import { countToolUses } from "./tool-uses.ts";
import type { Summed } from "./summed.ts";
import type { Window } from "../window.ts";

export interface TallyOptions {
  readonly by: readonly Dimension[];
  readonly breakdown: boolean;
  readonly window: Window;
  readonly filters: Filters | undefined;
  readonly count: CountMode;
  readonly calendar: Calendar;
  readonly startOfWeek: Weekday;
  readonly agentTypes: ReadonlyMap<number, string>;
  /** Asked where tasks are. Default: the first task that a session's first messages name. */
  readonly taskOf?: TaskOf | undefined;
  readonly cost: CostMode;
  /** Default: no. */
  readonly explains?: boolean;
  /** Prices of one's own. */
  readonly overrides: Overrides | undefined;
  /** Where fetched prices would be. */
  readonly pricesFolder: string | undefined;
  readonly nowMs: number;
  readonly keepsEmptyRows?: boolean | undefined;
  /** What is known of transcripts without their events. */
  readonly summed?: Summed | undefined;
  /** Asked what not to count again; responses are then listed by session. Default: everything counts, and none is listed. */
  readonly countedBefore?: FindCountedBefore | undefined;
}

export interface Tally {
  readonly rows: Row[];
  readonly totals: Figures;
  /** What no price is known for. */
  readonly unpricedTokens: number;
  readonly unpricedModels: readonly string[];
  readonly costBasis: CostBasis | null;
  readonly costLines: readonly CostLine[] | undefined;
  readonly responses: number;
  readonly usageRecords: number;
  readonly responsesWithoutTime: number;
  readonly clampedResponses: number;
  readonly clampedIn: ReadonlySet<number>;
  readonly outputOnlyResponses: number;
  readonly untoldTokens: number;
  readonly lowOutputResponses: Record<string, number>;
  readonly responsesOf: ResponsesOfSessions | undefined;
  /** What the figures are made of: for further questions (`ask.ts`). */
  readonly tallied: Tallied;
}

export async function tally(told: EventTable, places: Places, options: TallyOptions): Promise<Tally> {
  resolveAliases(told);
  const listing = options.countedBefore && (await listResponses(told, places, options.countedBefore));
  const { table: merged, ...settled } = settle(told, places, options.count);
  bindTable(merged);
  const repeated = options.count === "responses" ? new RepeatedRecords(merged) : undefined;
  const table = repeated ? splitRepeated(merged, repeated) : merged;
  const groups = groupEvents(table, repeated, places);
  const responsesOf = listing?.(table, groups);
  const toolUses = countToolUses(table, groups, repeated);
  const costs = await priceGroups(table, groups, options);
  const { summed } = options;
  const kinds = findKinds(table, groups, summed);
  const tasks = asksForTasks(options) ? findTasks(table, places, groups, kinds, options.taskOf) : [];
  const keys = new Keys(table, places, kinds, options.agentTypes, tasks);
  const addends = { table, groups, toolUses, kinds, summed };
  const tallied: Tallied = {
    ...options,
    ...addends,
    places,
    cells: fillCells(addends, new Pieces(timesOf(options.by, options), options.window)),
    keys,
    filter: await makeFilter(options.filters, keys),
    hasExtras: options.count === "responses",
    costs,
  };
  const { rows: plain, ...summary } = tallyRows(options.by, tallied);
  const { rows, costLines } =
    costs && options.explains
      ? (await import("./explain.ts")).explainCosts(plain, options.by, tallied, costs)
      : { rows: plain, costLines: undefined };
  return {
    rows: options.breakdown ? breakDown(rows, tallyRows([...options.by, "model"], tallied).rows, options.by) : rows,
    ...summary,
    costBasis: costs?.basis ?? null,
    costLines,
    ...settled,
    ...countResponses(table, summed),
    responsesOf,
    tallied,
  };
}

/** For the ledger: what was told is looked at before it is settled, what is listed afterwards. */
async function listResponses(told: EventTable, places: Places, find: FindCountedBefore) {
  const [{ ResponseIds }, { leaveOut }] = await Promise.all([
    import("./response-ids.ts"),
    import("./counted-before.ts"),
  ]);
  const responses = new ResponseIds(told, places);
  const counted = find(told, places);
  return (table: EventTable, groups: Groups) => {
    responses.useSettled(table);
    return leaveOut(table, groups, places, responses, counted);
  };
}

/** Whether somebody has to know which task a session belongs to. */
export function asksForTasks({ by, filters }: Pick<ScanOptions, "by" | "filters">): boolean {
  return by?.includes("task") === true || (filters?.task?.length ?? 0) > 0;
}

async function priceGroups(table: EventTable, groups: Groups, options: TallyOptions): Promise<Costs | undefined> {
  const { cost, overrides, pricesFolder, nowMs } = options;
  if (cost === "none") return undefined;
  const [{ Costs }, { PriceBook }, { Catalog }] = await Promise.all([
    import("./costs.ts"),
    import("../pricing/book.ts"),
    import("../pricing/catalog.ts"),
  ]);
  const costs = new Costs(table, new PriceBook(Catalog.open(pricesFolder), overrides), cost, nowMs);
  costs.price(groups);
  return costs;
}

/** Puts each row of a finer grouping below the row it is part of. */
function breakDown(rows: readonly Row[], finer: readonly Row[], by: readonly Dimension[]): Row[] {
  const keyOf = (row: Row) => JSON.stringify(by.map((dimension) => row.key[dimension] ?? null));
  const parts = groupBy(finer, keyOf);
  return rows.map((row) => ({ ...row, models: parts.get(keyOf(row)) ?? [] }));
}

/** The counts of the whole scan, before windows and filters. */
function countResponses({ memory, context, texts, usageRecords }: EventTable, summed: Summed | undefined) {
  const { native } = memory;
  const lowByContext = memory.u32(context.version.length);
  native.countResponses(lowByContext.byteOffset);
  summed?.lows.context.forEach((number, i) => {
    lowByContext[number] = (lowByContext[number] as number) + (summed.lows.count[i] as number);
  });
  const lowOutput = new Map<string, number>();
  for (let number = 0; number < lowByContext.length; number++) {
    const count = lowByContext[number] as number;
    if (count === 0) continue;
    const version = (texts[context.version[number] as number] as string) || "unknown";
    lowOutput.set(version, (lowOutput.get(version) ?? 0) + count);
  }
  const sorted = [...lowOutput].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    responses: native.responseCount() + (summed?.responses ?? 0),
    usageRecords,
    responsesWithoutTime: native.responsesWithoutTimeCount(),
    lowOutputResponses: Object.fromEntries(sorted),
  };
}
