/** Which task a session belongs to, for `scan --by task`: as the ledger of this folder, or the one named, would have it. */
import { placeError, type Settings } from "../config/settings.ts";
import type { Environment } from "../environment.ts";
import { ScanError } from "../errors.ts";
import { readSaid } from "../ledger/said.ts";
import { taskOfWith } from "../ledger/task-of.ts";
import type { TaskOf } from "../tally/tasks.ts";
import { evidenceOf, placesOf } from "./task-run.ts";

/** Throws a `ScanError` where a file that says so cannot be used. */
export function taskOfSessions(settings: Settings, environment: Environment): TaskOf {
  const { ledgerPath, project, timersPath } = placesOf(settings, environment, process.cwd());
  try {
    const said = ledgerPath === undefined ? new Map<string, string>() : readSaid(ledgerPath);
    return taskOfWith({ ...evidenceOf({ settings, timersPath, nowMs: Date.now() }), said }, project);
  } catch (error) {
    throw error instanceof ScanError ? placeError(error, settings.origins) : error;
  }
}
