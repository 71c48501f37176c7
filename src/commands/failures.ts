import type { Settings } from "../config/settings.ts";
import { counted, exact } from "../report/numbers.ts";
import type { ScanResult } from "../types.ts";

/** What was found that was asked to be reported as failure. */
export function findFailures(
  { stats: { skipped }, diagnostics, totals }: Pick<ScanResult, "diagnostics" | "stats" | "totals">,
  settings: Settings,
): string[] {
  const failures: string[] = [];
  // A line that is still being written is no damage.
  const damaged = skipped.malformed + skipped.oversized;
  const unreadable = diagnostics.unreadable.length;
  if (settings.strict && damaged + unreadable > 0) {
    const parts = [
      ...(damaged > 0 ? [`${counted(damaged, "line")} skipped as damaged`] : []),
      ...(unreadable > 0 ? [`${counted(unreadable, "file")} unreadable`] : []),
    ];
    failures.push(`--strict: ${parts.join(", ")}`);
  }
  if (settings.failOverUsd !== undefined)
    failures.push(...costFailures(totals, diagnostics, settings.failOverUsd, settings.cost));
  const most = settings.failOverTokens;
  if (most !== undefined && totals.totalTokens > most) {
    failures.push(`--fail-over-tokens: the total of ${exact(totals.totalTokens)} is above ${exact(most)}`);
  }
  return failures;
}

/** A cost that is not known, or known in part, is not known to be at most as much: who asks for an alarm is to hear of it. */
function costFailures(
  { costUsd, costIsPartial }: ScanResult["totals"],
  { unpricedModels }: ScanResult["diagnostics"],
  mostUsd: number,
  cost: Settings["cost"],
): string[] {
  if (cost === "none") return ["--fail-over-usd: with --cost none no cost is known (leave out one of the two)"];
  const least = costIsPartial ? "at least " : "";
  if (costUsd !== null && costUsd > mostUsd)
    return [`--fail-over-usd: the estimated total of ${least}${costUsd} USD is above ${mostUsd}`];
  if (!costIsPartial) return [];
  const known = costUsd === null ? "no cost is known" : `the estimated total is at least ${costUsd} USD`;
  const why = whyPartial(unpricedModels, cost);
  return [`--fail-over-usd: ${known}; whether it is above ${mostUsd} is not known, for ${why}`];
}

function whyPartial([first = "", ...others]: readonly string[], cost: Settings["cost"]): string {
  const isOne = others.length === 0;
  const models = isOne ? first : `${first} and ${counted(others.length, "other model")}`;
  const have = isOne ? "has" : "have";
  return cost === "recorded"
    ? `${models} ${have} responses without a recorded cost (--cost auto calculates it)`
    : `${models} ${have} no price (--prices FILE gives ${isOne ? "it" : "them"} one)`;
}
