/** What stands out among some numbers, on the high side (`spec/task-ledger.md`, "Anomalies"). */

/** How one of several values compares with the others. */
export interface Signals {
  readonly value: number;
  readonly mean_of_others: number;
  /** Value / mean of the others; null: their mean is 0. */
  readonly ratio: number | null;
  readonly is_ratio: boolean;
  /** Modified z-score over the median absolute deviation of log(max(1, value)); null: the deviation is 0. */
  readonly z: number | null;
  readonly is_robust: boolean;
  /** The z from which both signals are an anomaly: above that of `is_robust`, and the more so the fewer values there are. */
  readonly anomaly_above: number;
  /** Both signals, sure enough; ratio alone where the deviation is 0. */
  readonly is_anomaly: boolean;
}

/** Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993): above this a modified z-score is an outlier's. */
const ROBUST_ABOVE = 3.5;
/** What floats lose where a threshold is just reached: 1.1 times 100 is more than 110. */
const ROUNDING = 1e-12;
/** The normal distribution's median absolute deviation, in standard deviations. */
const NORMAL_MAD = 0.6745;

/**
 * The z from which two signals are an anomaly. A deviation of few values is itself a guess: among ten ordinary tasks one
 * is beyond 3.5 in seven sets of a hundred, by each of five measures (docs/decisions/0006). So few values want more,
 * and the measures beside the first more again.
 */
function anomalyAbove(values: number, isFirst: boolean): number {
  const spare = Math.max(1, values - 3);
  return isFirst ? ROBUST_ABOVE + 8 / spare : ROBUST_ABOVE + 0.5 + 18 / spare;
}

export function judge(values: readonly number[], threshold: number, isFirst: boolean): Signals[] {
  const logs = values.map((value) => Math.log(Math.max(1, value)));
  const middle = median(logs);
  const deviation = median(logs.map((log) => Math.abs(log - middle)));
  const sum = values.reduce((total, value) => total + value, 0);
  const least = anomalyAbove(values.length, isFirst);
  return values.map((value, i) => {
    const mean = values.length < 2 ? 0 : Math.max(0, sum - value) / (values.length - 1);
    const isRatio = value > 0 && value >= threshold * mean * (1 - ROUNDING);
    const z = deviation === 0 ? null : (NORMAL_MAD * ((logs[i] as number) - middle)) / deviation;
    return {
      value,
      mean_of_others: mean,
      ratio: mean === 0 ? null : value / mean,
      is_ratio: isRatio,
      z,
      is_robust: z !== null && z > ROBUST_ABOVE,
      anomaly_above: least,
      is_anomaly: isRatio && (z === null ? (logs[i] as number) > middle : z > least),
    };
  });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1
    ? (sorted[half] as number)
    : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}
