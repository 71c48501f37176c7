/** Figures of sessions added up and taken off, in whole numbers and whole nano-dollars. */
import { sumTooLarge } from "../errors.ts";
import { compareText } from "../types.ts";
import { addCosts } from "./cost.ts";
import type { LedgerFigures } from "./types.ts";

/** Figures that are counts. */
export const COUNTS = [
  "input_tokens",
  "output_tokens",
  "cache_tokens",
  "cache_creation_tokens",
  "cache_read_tokens",
  "total_tokens",
  "message_count",
] as const satisfies ReadonlyArray<keyof LedgerFigures>;

type Counts = Record<(typeof COUNTS)[number], number>;

function countsOf(valueOf: (name: (typeof COUNTS)[number]) => number): Counts {
  return Object.fromEntries(COUNTS.map((name) => [name, valueOf(name)])) as Counts;
}

/** Throws `SUM_TOO_LARGE`. */
export function addFigures(some: readonly LedgerFigures[]): LedgerFigures {
  const sums = countsOf((name) =>
    sumOf(
      name,
      some.map((one) => one[name]),
    ),
  );
  const models = new Map<string, number>();
  for (const one of some) {
    for (const [model, tokens] of Object.entries(one.models)) models.set(model, (models.get(model) ?? 0) + tokens);
  }
  const cost = addCosts(
    some.map((one) => ({ usd: one.cost_estimate_usd, isPartial: one.cost_is_partial, tokens: one.total_tokens })),
  );
  return { ...sums, models: sortModels(models), cost_estimate_usd: cost.usd, cost_is_partial: cost.isPartial };
}

/** Undefined where something would be below nothing. */
export function subtractFigures(from: LedgerFigures, by: LedgerFigures): LedgerFigures | undefined {
  const counts = countsOf((name) => from[name] - by[name]);
  const taken = new Map(Object.entries(by.models));
  const models = Object.entries(from.models).map(
    ([model, tokens]) => [model, tokens - (taken.get(model) ?? 0)] as const,
  );
  const hasAll = [...taken.keys()].every((model) => Object.hasOwn(from.models, model));
  if (!hasAll || [...Object.values(counts), ...models.map(([, tokens]) => tokens)].some((count) => count < 0))
    return undefined;
  const nanos = (usd: number) => Math.round(usd * 1e9);
  const [usd, less] = [from.cost_estimate_usd, by.cost_estimate_usd ?? 0];
  return {
    ...counts,
    models: sortModels(models.filter(([, tokens]) => tokens > 0)),
    cost_estimate_usd: usd === null ? null : Math.max(0, nanos(usd) - nanos(less)) / 1e9,
    cost_is_partial: from.cost_is_partial,
  };
}

/** Of something with figures only these. */
export function figuresOf(entry: LedgerFigures): LedgerFigures {
  const { models, cost_estimate_usd, cost_is_partial } = entry;
  return { ...countsOf((name) => entry[name]), models, cost_estimate_usd, cost_is_partial };
}

/** Most tokens first, then by name. */
export function sortModels(models: Iterable<readonly [string, number]>): Record<string, number> {
  return Object.fromEntries([...models].sort(([a, x], [b, y]) => y - x || compareText(a, b)));
}

/** Throws `SUM_TOO_LARGE`. */
export function sumOf(name: string, values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  if (!Number.isSafeInteger(sum)) throw sumTooLarge(name);
  return sum;
}
