export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Standard deviation of the sample; 0 for one value. */
  readonly deviation: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number): number => sorted[i] ?? Number.NaN;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    median,
    min: at(0),
    max: at(sorted.length - 1),
    deviation: sorted.length > 1 ? Math.sqrt(squares / (sorted.length - 1)) : 0,
  };
}
