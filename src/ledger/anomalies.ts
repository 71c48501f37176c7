/** Which tasks of a ledger stand out, and why. Pure. */
import { compact } from "../report/numbers.ts";
import { compareText } from "../types.ts";
import { usdText } from "./show.ts";
import { judge, type Signals } from "./signals.ts";
import { type StructureReason, structures } from "./structure.ts";
import type { Ledger, TaskEntry } from "./types.ts";

export const DEFAULT_THRESHOLD = 2;
export const DEFAULT_MIN_TASKS = 5;

export interface AnomalyOptions {
  /** Times the mean of the others. */
  readonly threshold: number;
  /** Fewer are too few to judge. */
  readonly minTasks: number;
}

/** Why a task's consumption stands out, by one measure: in tokens, US dollars, tokens a second, or a share of the input. */
export interface MeasureReason extends Figures {
  readonly kind: MeasureName;
  readonly sentence: string;
  readonly session_ids: readonly string[];
}

type Reason = MeasureReason | StructureReason;

export type ReasonKind = Reason["kind"];

export interface StandingOut {
  readonly task_id: string;
  readonly reasons: readonly Reason[];
}

export interface AnomalyReport {
  readonly threshold: number;
  readonly min_tasks: number;
  readonly tasks: number;
  readonly too_few: boolean;
  /** Both signals of a measure, or a shape that stands out; most tokens first. */
  readonly anomalies: readonly StandingOut[];
  /** One signal alone. */
  readonly notable: readonly StandingOut[];
  /** Measures that fewer tasks have than can be judged. */
  readonly not_judged: readonly MeasureName[];
}

interface Measure {
  readonly name: string;
  /** Undefined: this task has none. */
  readonly of: (task: TaskEntry) => number | undefined;
  /** How many parts it is judged in, so that less than one is not all the same: `judge` takes the logarithm of what is above 1. */
  readonly parts?: number;
  readonly text: (value: number) => string;
  /** The first is looked at most closely: every other one is another chance to be wrong. */
  readonly isFirst?: boolean;
}

const MILLION = 1e6;
const BILLION = 1e9;
const rounded = (value: number) => compact(Math.round(value));

const MEASURES = {
  total_tokens: { name: "tokens in total", of: (task) => task.total_tokens, text: rounded, isFirst: true },
  output_tokens: { name: "output tokens", of: (task) => task.output_tokens, text: rounded },
  cost: {
    name: "estimated cost (no bill)",
    // A part of a cost is not one to be compared.
    of: ({ cost_estimate_usd: usd, cost_is_partial }) => (cost_is_partial ? undefined : (usd ?? undefined)),
    parts: BILLION,
    text: usdText,
  },
  tokens_per_second: {
    name: "tokens a second",
    of: ({ duration_seconds, tokens_per_second }) => (duration_seconds > 0 ? tokens_per_second : undefined),
    parts: MILLION,
    text: (value) => value.toFixed(1),
  },
  // A low ratio is a high share of what was not read from the cache.
  low_cache_hit_ratio: {
    name: "input not read from the cache",
    of: ({ input_tokens: input, cache_read_tokens: read }) => (input > 0 ? (input - read) / input : undefined),
    parts: MILLION,
    text: (value) => `${(value * 100).toFixed(1)} %`,
  },
} as const satisfies Record<string, Measure>;
type MeasureName = keyof typeof MEASURES;

export function findAnomalies(ledger: Ledger, { threshold, minTasks }: AnomalyOptions): AnomalyReport {
  const tasks = Object.entries(ledger.tasks).sort(
    ([a, x], [b, y]) => y.total_tokens - x.total_tokens || compareText(a, b),
  );
  const report = { threshold, min_tasks: minTasks, tasks: tasks.length };
  const names = Object.keys(MEASURES) as MeasureName[];
  if (tasks.length < minTasks) return { ...report, too_few: true, anomalies: [], notable: [], not_judged: names };
  const anomalies = new Map<string, Reason[]>();
  const notable = new Map<string, Reason[]>();
  const note = (map: typeof notable, id: string, reason: Reason) => map.set(id, [...(map.get(id) ?? []), reason]);
  const notJudged = names.filter((kind) => {
    const measure: Measure = MEASURES[kind];
    const measured = tasks.flatMap(([id, task]) => {
      const value = measure.of(task);
      return value === undefined ? [] : [{ id, task, value }];
    });
    if (measured.length < minTasks) return true;
    const { parts = 1 } = measure;
    const all = judge(
      measured.map(({ value }) => value * parts),
      threshold,
      measure.isFirst ?? false,
    );
    for (const [i, { is_anomaly, ...judged }] of all.entries()) {
      const { id, task, value } = measured[i] as (typeof measured)[number];
      if (!judged.is_ratio && !judged.is_robust) continue;
      const signals = { ...judged, value, mean_of_others: judged.mean_of_others / parts };
      const sentence = sentenceOf(measure, signals, is_anomaly);
      const reason = { kind, ...signals, sentence, session_ids: task.session_ids };
      note(is_anomaly ? anomalies : notable, id, reason);
    }
    return false;
  });
  for (const [id, reasons] of structures(ledger, threshold)) for (const reason of reasons) note(anomalies, id, reason);
  const inOrder = (map: typeof notable) =>
    tasks.flatMap(([id]): StandingOut[] => (map.has(id) ? [{ task_id: id, reasons: map.get(id) as Reason[] }] : []));
  return { ...report, too_few: false, anomalies: inOrder(anomalies), notable: inOrder(notable), not_judged: notJudged };
}

type Figures = Omit<Signals, "is_anomaly">;

function sentenceOf({ name, text }: Measure, signals: Figures, isAnomaly: boolean): string {
  const { value, mean_of_others, ratio, is_ratio, is_robust, z, anomaly_above } = signals;
  const times =
    ratio === null
      ? "all others have none"
      : `${ratio.toFixed(1)} times the mean of the others, ${text(mean_of_others)}`;
  const isShort = is_ratio && is_robust && !isAnomaly;
  const enough = isShort ? `; an anomaly's is above ${anomaly_above.toFixed(1)} among so few` : "";
  return `${name}: ${text(value)}, ${times}${z === null ? "" : ` (robust z ${z.toFixed(1)}${enough})`}`;
}
