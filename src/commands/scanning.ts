/** A scan that says on a terminal how far it is, and leaves it as it was, also on Ctrl-C. */
import { placeError, type Settings } from "../config/settings.ts";
import type { Environment } from "../environment.ts";
import { ScanError } from "../errors.ts";
import { catchInterrupts } from "../files/interrupts.ts";
import type { ScanOptions } from "../options.ts";
import { scan } from "../scan.ts";
import { asksForTasks } from "../tally/index.ts";
import type { ScanResult } from "../types.ts";
import { showsProgress } from "./terminal/look.ts";
import { ProgressLine } from "./terminal/progress.ts";

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
  const { progress: flag, quiet = false, origins } = settings;
  // As the ledger has them.
  const taskOf = asksForTasks(options) ? (await import("./more.ts")).taskOfSessions(settings, environment) : undefined;
  const line = new ProgressLine(() => showsProgress(flag, quiet, environment.variables));
  let release = () => {};
  let isCaught = false;
  try {
    const onProgress: ScanOptions["onProgress"] = (progress) => {
      if (!isCaught) release = catchInterrupts(() => line.clear());
      isCaught = true;
      line.update(progress);
      if (progress.bytesDone >= progress.bytesTotal) release();
    };
    return await run({ ...options, taskOf, environment, onProgress }, () => line.clear());
  } catch (error) {
    throw error instanceof ScanError ? placeError(error, origins) : error;
  } finally {
    release();
    line.clear();
  }
}
