/** `tokensift run --watch`: the totals of a run under way, once more whenever they change. */
import { setTimeout as wait } from "node:timers/promises";
import { invalidOption, ScanError } from "../errors.ts";
import { catchInterrupts } from "../files/interrupts.ts";
import { printableJson } from "../report/printable.ts";
import { counted, exact } from "../report/numbers.ts";
import { usdText } from "../report/usd.ts";
import type { Collected } from "../run/collect.ts";
import type { RunSummary } from "../run/summary.ts";
import { writeStdout } from "./terminal/streams.ts";

export interface WatchOptions {
  /** Seconds between two looks, as written. */
  readonly interval: string | undefined;
  /** Whether lines are JSON. */
  readonly isJson: boolean;
}

const DEFAULT_INTERVAL_SECONDS = 2;
const LONGEST_INTERVAL_SECONDS = 86_400;
/** A file that somebody is writing may be half there; after so many looks it is broken. */
const PATIENCE = 5;

/** Prints a line at once and one for each change, until the run has ended or nobody reads any more. */
export async function watchRun(collectAgain: () => Promise<Collected>, options: WatchOptions): Promise<void> {
  const intervalMs = 1000 * parseInterval(options.interval);
  let before: RunSummary | undefined;
  let failures = 0;
  for (;;) {
    try {
      const { usageSummary } = await collectAgain();
      failures = 0;
      if (hasChanged(before, usageSummary)) {
        if (!(await writeStdout(`${lineOf(usageSummary, before, options.isJson)}\n`))) return;
        before = usageSummary;
      }
      if (hasEnded(usageSummary)) return;
    } catch (error) {
      const mayPass = error instanceof ScanError && ["INVALID_INPUT", "NO_SUCH_PATH"].includes(error.code);
      if (!mayPass || before === undefined || ++failures === PATIENCE) throw error;
    }
    const release = catchInterrupts(() => {});
    await wait(intervalMs);
    release();
  }
}

function parseInterval(text: string | undefined): number {
  if (text === undefined) return DEFAULT_INTERVAL_SECONDS;
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds > 0 && seconds <= LONGEST_INTERVAL_SECONDS) return seconds;
  throw invalidOption(
    "--interval",
    text,
    `is no number of seconds from 0 to ${LONGEST_INTERVAL_SECONDS} (such as 2 or 0.5)`,
  );
}

const TOTALS = [
  "leadTotalTokens",
  "workerTotalTokens",
  "runTotalTokens",
  "runBillableTokens",
  "sessionsFound",
  "cliEstimatedCostUsd",
] as const;

function hasChanged(before: RunSummary | undefined, now: RunSummary): boolean {
  return !before || TOTALS.some((name) => before[name] !== now[name]) || before.window.until !== now.window.until;
}

function hasEnded({ window, collectedAt }: RunSummary): boolean {
  return window.until !== null && Date.parse(window.until) <= Date.parse(collectedAt);
}

function lineOf(now: RunSummary, before: RunSummary | undefined, isJson: boolean): string {
  if (isJson) {
    const { definitions: _, ...rest } = now;
    return printableJson(JSON.stringify(rest));
  }
  const grown = now.runTotalTokens - (before?.runTotalTokens ?? now.runTotalTokens);
  const parts = [
    now.collectedAt.slice(11, 19),
    `lead ${exact(now.leadTotalTokens)}`,
    `workers ${exact(now.workerTotalTokens)}`,
    `run ${exact(now.runTotalTokens)}${grown > 0 ? ` (+${exact(grown)})` : ""}`,
    ...(now.runEstimatedCostUsd === null ? [] : [`estimated ${usdText(now.runEstimatedCostUsd)}`]),
    counted(now.sessionsFound, "session"),
    ...(hasEnded(now) ? ["ended"] : []),
  ];
  return parts.join("  ");
}
