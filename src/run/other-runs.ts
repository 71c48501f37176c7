/**
 * Wrappers of other runs: where two run at once in one project, a CLI session that began in a worker's session may be
 * of the other's worker.
 */
import { mtimeMs } from "../discover/stamp.ts";
import type { Transcript } from "../discover/transcript.ts";
import type { Window } from "../window.ts";
import { type CliAgent, cliAgentOf, type Wrapper } from "./cli-sessions.ts";
import type { Facts } from "./facts.ts";
import type { Unit } from "./members.ts";
import { workerNamed } from "./names.ts";
import type { Overview } from "./overview.ts";
import type { TeamState } from "./team-state.ts";

/** The numbers of the project's transcripts, ascending, whose agent bears the name of a worker that wraps a CLI, and which were written to since the run began. */
export function mayWrap(
  state: TeamState,
  transcripts: readonly Transcript[],
  overview: Overview,
  ofProject: readonly number[],
  { sinceMs }: Window,
): number[] {
  if (state.workers.every(({ agent }) => cliAgentOf(agent) === undefined)) return [];
  return ofProject.filter(
    (t) => mtimeMs((transcripts[t] as Transcript).stamp) >= sinceMs && wrapped(overview.agentName(t), state),
  );
}

/** Those of them that are of none of the run's units. Other runs are taken to call their workers alike. */
export function wrappersOfOthers(state: TeamState, units: readonly Unit[], facts: Facts): Wrapper[] {
  const ofRun = new Set(units.flatMap(({ transcripts }) => transcripts));
  return facts.transcripts.flatMap(({ path }, t) => {
    const agent = ofRun.has(t) ? undefined : wrapped(facts.agentName(t), state);
    return agent === undefined ? [] : [{ worker: undefined, agent, ...facts.span(t), paths: [path] }];
  });
}

function wrapped(agentName: string, { workers }: TeamState): CliAgent | undefined {
  const worker = agentName === "" ? undefined : workerNamed(agentName, workers);
  return worker === undefined ? undefined : cliAgentOf(workers[worker]?.agent ?? "");
}
