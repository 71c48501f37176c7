/** What each unit of a run consumed inside its window: duplicates are decided among the run's transcripts only. */
import type { Calendar } from "../calendar.ts";
import { sumTooLarge } from "../errors.ts";
import { merge } from "../merge.ts";
import type { CheckedOptions } from "../options.ts";
import { overridesOf, pricesFolder } from "../scan.ts";
import { tally } from "../tally/index.ts";
import { findPlaces } from "../tally/places.ts";
import type { CostBasis, Figures, Row, SkippedLine, SkipReason } from "../types.ts";
import type { Window } from "../window.ts";
import type { Unit } from "./members.ts";
import { choose, type ChosenTranscripts } from "./read.ts";

export interface Consumption {
  /** By unit: its figures and, below, those of each model. Undefined: none of its records counts in the window. */
  readonly ofUnit: ReadonlyArray<Row | undefined>;
  /** Of the run's transcripts. */
  readonly skipped: Readonly<Record<SkipReason, number>>;
  readonly skippedLines: readonly SkippedLine[];
  readonly responsesWithoutTime: number;
  readonly lowOutputResponses: Readonly<Record<string, number>>;
  /** Null: costs were not asked for. */
  readonly costBasis: CostBasis | null;
}

export async function consumptionOf(
  units: readonly Unit[],
  run: ChosenTranscripts,
  window: Window,
  calendar: Calendar,
  checked: CheckedOptions,
): Promise<Consumption> {
  const unitOf = new Map(units.flatMap(({ transcripts }, unit) => transcripts.map((t) => [t, unit] as const)));
  const chosen = [...unitOf.keys()].sort((a, b) => a - b);
  const { transcripts, parts, memory } = choose(run, chosen);
  const merging = { memory, listsSkipped: "of scan", hasSpareEvents: true } as const;
  const table = merge(parts, transcripts.length, merging);
  const found = findPlaces(transcripts, table);
  joinSessions(found.sessionOf, units, new Map(chosen.map((t, number) => [t, number])));
  // A session may be shared by several units, and decides about duplicates, so it is the project that stands for the unit.
  const places = {
    ...found,
    projectOf: Uint32Array.from(chosen, (t) => unitOf.get(t) as number),
    projects: units.map((_, unit) => String(unit)),
  };
  const tallied = await tally(table, places, {
    by: ["project"],
    breakdown: true,
    window,
    filters: undefined,
    count: "responses",
    calendar,
    startOfWeek: "monday",
    agentTypes: new Map(),
    keepsEmptyRows: true,
    explains: false,
    cost: checked.cost,
    overrides: await overridesOf(checked),
    pricesFolder: pricesFolder(checked),
    nowMs: checked.nowMs,
  });
  const rows = new Map(tallied.rows.map((row) => [row.key.project, row]));
  return {
    ofUnit: units.map((_, unit) => rows.get(String(unit))),
    skipped: table.skipped,
    skippedLines: table.skippedLines.map(({ transcript, ...line }) => ({
      path: transcripts[transcript]?.path ?? "",
      ...line,
    })),
    responsesWithoutTime: tallied.responsesWithoutTime,
    lowOutputResponses: tallied.lowOutputResponses,
    costBasis: tallied.costBasis,
  };
}

/** A unit is one session, even of a lead whose records bear another id than its file's name. */
function joinSessions(sessionOf: Uint32Array, units: readonly Unit[], numbers: ReadonlyMap<number, number>): void {
  for (const { transcripts } of units) {
    const [first, ...others] = transcripts.map((t) => numbers.get(t) as number);
    for (const t of others) sessionOf[t] = sessionOf[first as number] as number;
  }
}

const COUNTS = [
  "inputTokens",
  "outputTokens",
  "reasoningTokens",
  "cacheCreationTokens",
  "cacheCreation5mTokens",
  "cacheCreation1hTokens",
  "cacheReadTokens",
  "toolUses",
  "durationMs",
] as const;

/** Figures of several units together. */
export type Sum = Record<(typeof COUNTS)[number], number> & { startedAt: string | null; endedAt: string | null };

/** Throws `SUM_TOO_LARGE`. */
export function addUp(some: readonly Figures[]): Sum {
  const zeros = Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<(typeof COUNTS)[number], number>;
  const sum: Sum = { ...zeros, startedAt: null, endedAt: null };
  for (const name of COUNTS) {
    for (const figures of some) sum[name] += figures[name];
    if (!Number.isSafeInteger(sum[name])) throw sumTooLarge(name);
  }
  const firsts = some.flatMap(({ firstAt }) => firstAt ?? []);
  const lasts = some.flatMap(({ lastAt }) => lastAt ?? []);
  const byTime = (a: string, b: string) => Date.parse(a) - Date.parse(b);
  sum.startedAt = firsts.sort(byTime)[0] ?? null;
  sum.endedAt = lasts.sort(byTime).at(-1) ?? null;
  return sum;
}
