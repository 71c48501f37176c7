/**
 * Running totals as rollouts tell them, in the columns of usage (`src/sources/codex.ts`). They are no figures: cached
 * and written tokens are parts of the input, and `webSearches` is the total as it was written.
 */
import type { AMOUNTS, Columns, USAGE } from "../events.ts";

type Amounts = Record<keyof typeof AMOUNTS, number>;

const PARTS = [
  "input",
  "cacheRead",
  "cacheCreation5m",
  "output",
  "reasoning",
  "webSearches",
] as const satisfies ReadonlyArray<keyof typeof USAGE>;

export type Vector = readonly number[];
export const ZERO: Vector = PARTS.map(() => 0);

export function vectorAt(columns: Columns<typeof USAGE>, i: number): Vector {
  return PARTS.map((name) => columns[name][i] as number);
}

export function plus(a: Vector, b: Vector): Vector {
  return a.map((part, at) => part + (b[at] as number));
}

export function minus(a: Vector, b: Vector): Vector {
  return a.map((part, at) => part - (b[at] as number));
}

/** Whether any part went down, so that the total began anew. */
export function fell(now: Vector, before: Vector): boolean {
  return now.some((part, at) => part < (before[at] as number));
}

/** The figures of what a request added, and whether they had to be bent to add up. */
export function figuresOf(added: Vector): { readonly usage: Amounts; readonly isClamped: boolean } {
  const [input = 0, cached = 0, written = 0, output = 0, reasoning = 0] = added;
  const cacheRead = Math.min(cached, input);
  const cacheCreation5m = Math.min(written, input - cacheRead);
  return {
    usage: {
      input: input - cacheRead - cacheCreation5m,
      output,
      reasoning: Math.min(reasoning, output),
      cacheCreation5m,
      cacheCreation1h: 0,
      cacheRead,
      webSearches: 0,
    },
    isClamped: cacheRead < cached || cacheCreation5m < written,
  };
}

export function hasTokens({ input, output, cacheCreation5m, cacheRead }: Amounts): boolean {
  return input + output + cacheCreation5m + cacheRead > 0;
}
