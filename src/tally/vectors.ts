/**
 * Running totals as rollouts tell them, in the columns of usage (`src/sources/codex.ts`). They are no figures: cached
 * and written tokens are parts of the input, and `webSearches` is the total as it was written.
 */
import type { Columns, USAGE } from "../events.ts";

export const COLUMNS = [
  "input",
  "cacheRead",
  "cacheCreation5m",
  "output",
  "reasoning",
  "webSearches",
] as const satisfies ReadonlyArray<keyof typeof USAGE>;

/** Numbers of a vector. */
export const PARTS = COLUMNS.length;
export function copyVector(columns: Columns<typeof USAGE>, i: number, to: Float64Array): void {
  for (let part = 0; part < PARTS; part++) to[part] = columns[COLUMNS[part] as (typeof COLUMNS)[number]][i] as number;
}

export function vectorAt(columns: Columns<typeof USAGE>, i: number): number[] {
  return COLUMNS.map((name) => columns[name][i] as number);
}

/** Writes the figures of what a request added. Says whether they are any, and whether they had to be bent to add up. */
export function writeFigures(added: Float64Array, usage: Columns<typeof USAGE>, at: number) {
  const [input = 0, cached = 0, written = 0, output = 0, reasoning = 0] = added;
  const cacheRead = Math.min(cached, input);
  const cacheCreation5m = Math.min(written, input - cacheRead);
  usage.input[at] = input - cacheRead - cacheCreation5m;
  usage.output[at] = output;
  usage.reasoning[at] = Math.min(reasoning, output);
  usage.cacheCreation5m[at] = cacheCreation5m;
  usage.cacheCreation1h[at] = 0;
  usage.cacheRead[at] = cacheRead;
  usage.webSearches[at] = 0;
  return { hasTokens: input + output > 0, isClamped: cacheRead < cached || cacheCreation5m < written };
}
