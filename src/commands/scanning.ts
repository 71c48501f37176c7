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
): Promise<ScanResult>;
/** `scanBy`: what scans instead of `scan`. */
export async function scanWithProgress<Options extends ScanOptions, Result>(
  options: Options,
  settings: Settings,
  environment: Environment,
  scanBy: (options: Options) => Promise<Result>,
): Promise<Result>;
export async function scanWithProgress(
  options: ScanOptions,
  settings: Settings,
  environment: Environment,
  scanBy: (options: ScanOptions) => Promise<unknown> = scan,
): Promise<unknown> {
  const { progress: flag, quiet = false, origins } = settings;
  // As the ledger has them.
  const taskOf = asksForTasks(options) ? (await import("./more.ts")).taskOfSessions(settings, environment) : undefined;
  const line = new ProgressLine(() => showsProgress(flag, quiet, environment.variables));
  let release = () => {};
  let isCaught = false;
  try {
    return await scanBy({
      ...options,
      taskOf,
      environment,
      onProgress: (progress) => {
        if (!isCaught) release = catchInterrupts(() => line.clear());
        isCaught = true;
        line.update(progress);
        if (progress.bytesDone >= progress.bytesTotal) release();
      },
    });
  } catch (error) {
    throw error instanceof ScanError ? placeError(error, origins) : error;
  } finally {
    release();
    line.clear();
  }
}
