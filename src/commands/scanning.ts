/** A scan that says on a terminal how far it is, and leaves it as it was, also on Ctrl-C. */
import { placeError, type Settings } from "../config/settings.ts";
import type { Environment } from "../environment.ts";
import { ScanError } from "../errors.ts";
import type { ScanOptions } from "../options.ts";
import { scan } from "../scan.ts";
import { asksForTasks } from "../tally/index.ts";
import type { ScanResult } from "../types.ts";
import { withProgressLine } from "./terminal/progress.ts";

/** Rejects as `scan` does; errors name the place where the wrong value stands. */
export async function scanWithProgress(
  options: ScanOptions,
  settings: Settings,
  environment: Environment,
): Promise<ScanResult> {
  return withProgress(options, settings, environment, scan);
}

/** `run` scans; who prints before that is over calls `endProgress` first. */
export async function withProgress<Options extends ScanOptions, T>(
  options: Options,
  settings: Settings,
  environment: Environment,
  run: (options: Options, endProgress: () => void) => Promise<T>,
): Promise<T> {
  // As the ledger has them.
  const taskOf = asksForTasks(options)
    ? (await import("./task-of.ts")).taskOfSessions(settings, environment)
    : undefined;
  try {
    return await withProgressLine(settings, environment, (onProgress, endProgress) =>
      run({ ...options, taskOf, environment, onProgress }, endProgress),
    );
  } catch (error) {
    throw error instanceof ScanError ? placeError(error, settings.origins) : error;
  }
}
