/** `collectRun`: a run's consumption, for orchestrators written in Node. */
import { resolve } from "node:path";
import { invalidInput } from "../errors.ts";
import type { Collected, CollectOptions } from "./collect.ts";
import type { RunPlace } from "./place.ts";
import { withoutMark } from "../json.ts";

export interface CollectRunOptions extends CollectOptions {
  /** Default: the folder above the team-state file that makes its `runDirectoryPath` right. */
  readonly projectRoot?: string | undefined;
}

/** A team-state with what its run consumed: `leadUsage`, `workers[].usage` and `usageSummary` added or replaced. */
export interface CollectedTeamState {
  readonly leadUsage: Collected["leadUsage"];
  readonly workers: ReadonlyArray<{ readonly usage: Collected["workerUsages"][number] } & Record<string, unknown>>;
  readonly usageSummary: Collected["usageSummary"];
  readonly [field: string]: unknown;
}

/**
 * Tells what the lead, each worker and the whole run consumed; writes nothing but its cache.
 *
 * `teamState` is the path of a team-state file, or what such a file holds; then `projectRoot` is needed, and the window
 * has no lower bound unless `since` gives one. Resolves to the team-state with the same keys that `tokensift run --write`
 * adds. Bad lines and unreadable files are in `usageSummary.diagnostics`; rejects with a `ScanError`: `INVALID_INPUT` for a
 * team-state or run manifest that cannot be used, and the codes of `scan`.
 *
 * @example
 * const { usageSummary } = await collectRun(".orchestrator/runs/1/state/team-state-1.json");
 * console.log(usageSummary.runTotalTokens);
 */
export async function collectRun(
  teamState: string | Readonly<Record<string, unknown>>,
  options: CollectRunOptions = {},
): Promise<CollectedTeamState> {
  const { projectRoot, ...others } = options;
  // Who only scans loads nothing of this.
  const { collect } = await import("./collect.ts");
  if (typeof teamState === "string") {
    const { readTeamState, withUsage } = await import("./file.ts");
    const { placeOf } = await import("./place.ts");
    const file = readTeamState(teamState);
    const collected = await collect(file.state, placeOf(file.state, file.path, projectRoot), others);
    const written = JSON.parse(withoutMark(withUsage(file, collected))) as CollectedTeamState;
    return { ...written, workers: written.workers ?? [] };
  }
  const { checkTeamState } = await import("./team-state.ts");
  const state = checkTeamState(teamState, "teamState");
  if (projectRoot === undefined)
    throw invalidInput("teamState", "", "is no file, so its project is not known (give projectRoot)");
  const root = resolve(projectRoot);
  const place: RunPlace = {
    projectRoot: root,
    runDirectory: resolve(root, state.runDirectoryPath),
    suffix: undefined,
  };
  const { leadUsage, workerUsages, usageSummary } = await collect(state, place, others);
  const workers = ((teamState["workers"] ?? []) as ReadonlyArray<Record<string, unknown>>).map((worker, i) => ({
    ...worker,
    usage: workerUsages[i] as Collected["workerUsages"][number],
  }));
  return { ...teamState, leadUsage, workers, usageSummary };
}
