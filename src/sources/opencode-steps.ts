/**
 * Messages of OpenCode that took several requests (`docs/decisions/0012`): each step puts its tokens in the place of those before, while the cost is added
 * up; only the parts `step-finish` tell of all.
 */
import { isObject, type Json } from "../json.ts";

/** Undefined: there are not several, or one of them does not tell its tokens. The total is only there where all tell one. */
export function tokensOfSteps(steps: readonly unknown[]): Json | undefined {
  if (steps.length < 2 || !steps.every(isObject)) return undefined;
  const sum = (of: (step: Json) => unknown): number | undefined => {
    const counts = steps.map(of);
    return counts.every(isCount) ? counts.reduce((total, count) => total + count, 0) : undefined;
  };
  const cacheOf = (step: Json): Json => (isObject(step["cache"]) ? step["cache"] : {});
  const [input, output, reasoning] = ["input", "output", "reasoning"].map((name) => sum((step) => step[name] ?? 0));
  const [read, write] = ["read", "write"].map((name) => sum((step) => cacheOf(step)[name] ?? 0));
  if ([input, output, reasoning, read, write].includes(undefined)) return undefined;
  return { input, output, reasoning, total: sum((step) => step["total"]), cache: { read, write } };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
