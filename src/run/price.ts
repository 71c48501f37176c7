/** What figures cost, for a run: the only place that knows where costs come from. */
import { sumTooLarge } from "../errors.ts";
import type { Figures, Row } from "../types.ts";

/** Twentieths of a token's base input price: input 1, output 5, cache written for 5 minutes 1.25, for an hour 2, cache read 0.1. */
const TWENTIETHS = {
  inputTokens: 20n,
  outputTokens: 100n,
  cacheCreation5mTokens: 25n,
  cacheCreation1hTokens: 40n,
  cacheReadTokens: 2n,
} as const;

export type Billable = Readonly<Record<keyof typeof TWENTIETHS, number>>;

/** In twentieths, which are whole. */
export function billableTwentieths(figures: Billable): bigint {
  let sum = 0n;
  for (const [name, weight] of Object.entries(TWENTIETHS)) sum += BigInt(figures[name as keyof Billable]) * weight;
  return sum;
}

/** Tokens in units of the base input price. Throws `SUM_TOO_LARGE` beyond what can be shown exactly. */
export function billableTokens(twentieths: bigint): number {
  if (twentieths / 20n > Number.MAX_SAFE_INTEGER) throw sumTooLarge("billableEquivalentTokens");
  return Number(twentieths / 20n) + Number(twentieths % 20n) / 20;
}

/** Whole nano-dollars; undefined: not known, in whole or in part. */
export function costNanoUsd(figures: Figures): number | undefined {
  const { costUsd = null, costIsPartial = false } = figures as Partial<Priced>;
  if (isEmpty(figures)) return 0;
  return costUsd === null || costIsPartial ? undefined : Math.round(costUsd * 1e9);
}

/** The models below a row that no price is known for. */
export function unpricedModels({ models = [] }: Row): string[] {
  return models.filter((row) => costNanoUsd(row) === undefined).map(({ key }) => key.model ?? "unknown");
}

/** What figures say of cost where prices are known. */
interface Priced {
  readonly costUsd: number | null;
  readonly costIsPartial: boolean;
}

function isEmpty(figures: Figures): boolean {
  return figures.totalTokens === 0 && figures.webSearches === 0;
}

/** Dollars of a sum; null where one addend is not known. */
export function sumUsd(nanos: ReadonlyArray<number | undefined>): number | null {
  let sum = 0n;
  for (const nano of nanos) {
    if (nano === undefined) return null;
    sum += BigInt(nano);
  }
  return Number(sum) / 1e9;
}
