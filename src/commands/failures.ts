import type { Settings } from "../config/settings.ts";
import { counted, exact } from "../report/numbers.ts";
import type { ScanResult } from "../types.ts";

/** What was found that was asked to be reported as failure. */
export function findFailures({ stats: { skipped }, diagnostics, totals }: ScanResult, settings: Settings): string[] {
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
  const mostUsd = settings.failOverUsd;
  if (mostUsd !== undefined && totals.costUsd === null) {
    failures.push("--fail-over-usd: the total cost is not known");
  } else if (mostUsd !== undefined && (totals.costUsd ?? 0) > mostUsd) {
    failures.push(`--fail-over-usd: the estimated total of ${totals.costUsd} USD is above ${mostUsd}`);
  }
  const most = settings.failOverTokens;
  if (most !== undefined && totals.totalTokens > most) {
    failures.push(`--fail-over-tokens: the total of ${exact(totals.totalTokens)} is above ${exact(most)}`);
  }
  return failures;
}
