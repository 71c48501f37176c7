/** The units of a run, counted and given to the lead, to each worker, and to nobody. */
import type { Transcript } from "../discover/transcript.ts";
import type { Window } from "../window.ts";
import { cliAgentOf, type Wrapper } from "./cli-sessions.ts";
import type { Consumption } from "./consumption.ts";
import type { Facts } from "./facts.ts";
import type { Owner, Unit } from "./members.ts";
import type { TeamState } from "./team-state.ts";
import { type CountedUnit, type Share, shareOf } from "./usage.ts";

export interface Shares {
  readonly lead: Share;
  /** By number of worker. */
  readonly workers: readonly Share[];
  readonly unattributed: Share;
  readonly run: Share;
  /** By number of worker, whether it has sessions outside the window. */
  readonly areElsewhere: readonly boolean[];
  /** Sessions in the window that wrap a CLI. */
  readonly wrappers: readonly Wrapper[];
}

interface Spanned extends CountedUnit {
  /** Of its last record, in or out of the window, in ms. */
  readonly lastMs: number;
}

export function sharesOf(
  units: readonly Unit[],
  { ofUnit, costBasis }: Consumption,
  facts: Facts,
  state: TeamState,
  window: Window,
): Shares {
  const counted = units.map((unit, i): Spanned => {
    const spans = unit.transcripts.map((t) => facts.span(t));
    const firstMs = Math.min(...spans.map((span) => span.firstMs));
    const lastMs = Math.max(...spans.map((span) => span.lastMs));
    return { unit, row: ofUnit[i], firstMs, lastMs };
  });
  // The lead is the run's whenever it was; of others, what lies outside the window is of another run of the same team.
  const inWindow = counted.filter(
    ({ unit, row }) => unit.isNamedLead || row !== undefined || unit.transcripts.some((t) => facts.isIn(t, window)),
  );
  const share = (some: readonly Spanned[]) => shareOf(some, costBasis !== null);
  const shareOfOwner = (owner: Owner) => share(inWindow.filter(({ unit }) => unit.owner === owner));
  return {
    lead: shareOfOwner("lead"),
    workers: state.workers.map((_, i) => shareOfOwner(i)),
    unattributed: shareOfOwner("unattributed"),
    run: share(inWindow),
    areElsewhere: state.workers.map((_, i) => counted.some((one) => one.unit.owner === i && !inWindow.includes(one))),
    wrappers: inWindow.flatMap((one) => wrapperOf(one, state, facts)),
  };
}

function wrapperOf({ unit, firstMs, lastMs }: Spanned, { workers }: TeamState, facts: Facts): Wrapper[] {
  const { owner, transcripts } = unit;
  const agent = typeof owner === "number" ? cliAgentOf(workers[owner]?.agent ?? "") : undefined;
  if (agent === undefined) return [];
  const paths = transcripts.map((t) => (facts.transcripts[t] as Transcript).path);
  return [{ worker: owner as number, agent, firstMs, lastMs, paths }];
}
