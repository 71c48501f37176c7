/** The ledger that a command about tasks asks, made or brought up to date where that is wanted. */
import { ScanError } from "../errors.ts";
import { type Refreshed, refreshLedger } from "../ledger/refresh.ts";
import { readLedger } from "../ledger/store.ts";
import type { Ledger } from "../ledger/types.ts";
import { diagnosticLines } from "../report/diagnostics.ts";
import type { ScanResult } from "../types.ts";
import { EXIT } from "./exit-code.ts";
import { findFailures } from "./failures.ts";
import { withProgressLine } from "./terminal/progress.ts";
import { sayLines } from "./terminal/streams.ts";
import { type TaskRun, refreshOptions } from "./task-run.ts";

/** The ledger as it is, or with `--refresh` as it becomes; a damaged one is rebuilt. Throws where there is none. */
export async function currentLedger(run: TaskRun): Promise<{ ledger: Ledger; exitCode: number }> {
  const read = run.settings.refresh ? undefined : readLedger(run.ledgerPath);
  if (read?.kind === "whole") return { ledger: read.ledger, exitCode: EXIT.done };
  if (read?.kind === "absent") {
    throw new ScanError(
      "INVALID_OPTION",
      `no ledger ${run.ledgerPath} (make it with tokensift tasks scan, or add --refresh)`,
    );
  }
  const { ledger, result } = await refresh(run);
  return { ledger, exitCode: endOfScan(run, result) };
}

/** Scans, and brings the ledger up to date. */
export async function refresh(run: TaskRun): Promise<Refreshed> {
  const options = refreshOptions(run);
  return withProgressLine(run.settings, run.environment, (onProgress) =>
    refreshLedger({ ...options, scan: { ...options.scan, onProgress } }),
  );
}

/** Says what a scan could not read; the exit code. */
export function endOfScan({ settings }: TaskRun, result: ScanResult): number {
  if (!settings.quiet) sayLines(diagnosticLines(result));
  // Of a config file, about scans: here they would be asked of all transcripts, the project's or not.
  const failures = findFailures(result, { ...settings, failOverUsd: undefined, failOverTokens: undefined });
  sayLines(failures.map((failure) => `tokensift: ${failure}`));
  return failures.length > 0 ? EXIT.found : EXIT.done;
}
