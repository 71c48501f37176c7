/** Prices of one's own, as `overrides.ts` read them from a file. */
import type { RateRow } from "./rates.ts";
import { matchesStar } from "./surcharges.ts";

export interface Overrides {
  readonly path: string;
  /** Times all list prices without a discount of their own. */
  readonly discount: number;
  /** In the order of the file. */
  readonly models: readonly Override[];
}

export interface Override {
  /** A model's name in transcripts or in the price list, `*` for any text. */
  readonly pattern: string;
  /** In the order in which they are to be tried; list prices hold before and where there are none. */
  readonly rows: readonly RateRow[];
  /** Times the model's list prices. */
  readonly discount: number | undefined;
}

/** The override for a model: one that names it, else the first whose pattern matches. */
export function overrideFor(overrides: Overrides | undefined, name: string, listed: string | undefined) {
  const names = listed === undefined ? [name] : [name, listed];
  const models = overrides?.models ?? [];
  return (
    models.find(({ pattern }) => names.includes(pattern)) ??
    models.find(({ pattern }) => names.some((one) => matchesStar(pattern, one)))
  );
}
