/** A run from top to bottom: its transcripts, whose they are, what they consumed. */
import { calendarFor } from "../calendar.ts";
import { invalidOption } from "../errors.ts";
import { checkOptions, type ScanOptions } from "../options.ts";
import { parseWindow, type Window } from "../window.ts";
import {
  assignCliSessions,
  type CliAgent,
  cliAgentOf,
  type CliSession,
  cliUsage,
  type CliUsage,
} from "./cli-sessions.ts";
import type { FindCliSessions, UnassignedCliSession, Wrapper } from "./cli-sessions.ts";
import { consumptionOf } from "./consumption.ts";
import { Facts } from "./facts.ts";
import { candidates, findUnits, type Owner } from "./members.ts";
import { Overview } from "./overview.ts";
import { type RunPlace, windowOf } from "./place.ts";
import { projectFolders, transcriptsOfProject } from "./project-folders.ts";
import { choose, readTranscripts } from "./read.ts";
import { type RunSummary, summarize } from "./summary.ts";
import type { TeamState } from "./team-state.ts";
import {
  type CountedUnit,
  mainModel,
  type NoUsage,
  shareOf,
  type UsageBlock,
  usageBlock,
  type UsageFigures,
  usageFigures,
} from "./usage.ts";

/** How a run is collected; what is left out is as for a scan. */
export interface CollectOptions extends Pick<
  ScanOptions,
  "cache" | "cacheDirectory" | "threads" | "environment" | "nowMs" | "signal" | "onProgress"
> {
  /** Bounds instead of the run's own: an ISO date or instant in UTC, or `2h`. Both ends belong to it. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Finds the Codex and Gemini sessions of the project. Default: nobody does, and workers that wrap one say so. */
  readonly findCliSessions?: FindCliSessions | undefined;
}

export type LeadUsage = UsageBlock | NoUsage;
export type WorkerUsage = (UsageBlock | NoUsage) & CliUsage;

type RunUsage = UsageFigures & {
  readonly model: string | null;
  readonly collectedAt: string;
} & Pick<RunSummary, "cliEstimatedCostUsd" | "leadTotalTokens" | "workerTotalTokens">;

export interface Collected {
  readonly leadUsage: LeadUsage;
  /** In the order of the workers. */
  readonly workerUsages: readonly WorkerUsage[];
  /** Of the whole run. */
  readonly runUsage: RunUsage;
  readonly usageSummary: RunSummary;
  /** How it was come by; differs from one time to the next. */
  readonly stats: {
    readonly transcripts: number;
    readonly transcriptsUnchanged: number;
    readonly bytesRead: number;
    readonly cacheFailure: string | undefined;
  };
}

export async function collect(state: TeamState, place: RunPlace, options: CollectOptions): Promise<Collected> {
  const { since, until, findCliSessions, ...others } = options;
  const checked = checkOptions(others);
  const collectedAt = new Date(checked.nowMs).toISOString();
  const calendar = await calendarFor("UTC", checked.environment, true);
  const own = windowOf(state, place);
  const asked = parseWindow(since, until, calendar, checked.nowMs);
  const window: Window = {
    sinceMs: since === undefined ? own.sinceMs : asked.sinceMs,
    untilMs: until === undefined ? own.untilMs : asked.untilMs,
  };
  if (window.sinceMs > window.untilMs) throw emptyWindow(window);

  const project = projectFolders(place.projectRoot, checked.environment);
  const read = await readTranscripts(project.folders, checked);
  const overview = new Overview(read.transcripts, read.parts, state.teamName?.toLowerCase());
  const ofProject = transcriptsOfProject(project, read.transcripts, overview);
  const run = choose(read, candidates(state, read.transcripts, overview, ofProject));
  const facts = new Facts(run);
  const units = findUnits(state, facts);
  const consumption = await consumptionOf(units, run, window, calendar, checked);

  const counted = units.map((unit, i): CountedUnit & { readonly lastMs: number } => {
    const spans = unit.transcripts.map((t) => facts.span(t));
    const firstMs = Math.min(...spans.map((span) => span.firstMs));
    const lastMs = Math.max(...spans.map((span) => span.lastMs));
    return { unit, row: consumption.ofUnit[i], firstMs, lastMs };
  });
  // The lead is the run's whenever it was; of others, what lies outside the window is of another run of the same team.
  const inWindow = counted.filter(
    ({ unit, row }) => unit.isNamedLead || row !== undefined || unit.transcripts.some((t) => facts.isIn(t, window)),
  );
  const shareOfOwner = (owner: Owner) => shareOf(inWindow.filter(({ unit }) => unit.owner === owner));
  const lead = shareOfOwner("lead");
  const workers = state.workers.map((_, i) => shareOfOwner(i));
  const unattributed = shareOfOwner("unattributed");

  const wrappers = inWindow.flatMap(({ unit, firstMs, lastMs }): Wrapper[] => {
    const agent = typeof unit.owner === "number" ? cliAgentOf(state.workers[unit.owner]?.agent ?? "") : undefined;
    if (agent === undefined) return [];
    const paths = unit.transcripts.map((t) => run.transcripts[t]?.path ?? "");
    return [{ worker: unit.owner as number, agent, firstMs, lastMs, paths }];
  });
  const cli = await cliSessionsOf(state, wrappers, window, (cwd) => project.holds(cwd), findCliSessions);
  const workerUsages = state.workers.map(({ agent }, i): WorkerUsage => {
    const share = workers[i] as (typeof workers)[number];
    const isElsewhere = share.units.length === 0 && counted.some(({ unit }) => unit.owner === i);
    const block = share.units.length > 0 ? usageBlock(share, collectedAt) : noSession(state, isElsewhere);
    const wrapped = cliAgentOf(agent);
    return wrapped && share.units.length > 0 ? { ...block, ...cli.usageOf(i, wrapped) } : block;
  });
  const leadUsage: LeadUsage =
    lead.units.length > 0
      ? usageBlock(lead, collectedAt)
      : { source: "unavailable", note: `no transcript of session ${state.leadSessionId} is in the project's folders` };
  const usageSummary = summarize({
    collectedAt,
    window,
    teamName: state.teamName ?? null,
    lead,
    workers,
    unattributed,
    cliUsages: workerUsages,
    unassignedCliSessions: cli.unassigned,
    notes: [...(state.teamName === undefined ? [NO_TEAM] : []), ...(since === undefined ? own.notes : [])],
    consumption,
    unreadable: read.unreadable,
  });
  const { cliEstimatedCostUsd, leadTotalTokens, workerTotalTokens } = usageSummary;
  const all = shareOf(inWindow);
  const runUsage = {
    ...usageFigures(all),
    model: mainModel(all.rows),
    cliEstimatedCostUsd,
    leadTotalTokens,
    workerTotalTokens,
    collectedAt,
  };
  return {
    leadUsage,
    workerUsages,
    runUsage,
    usageSummary,
    stats: {
      transcripts: read.transcripts.length,
      transcriptsUnchanged: read.transcriptsUnchanged,
      bytesRead: read.bytesRead,
      cacheFailure: read.cacheFailure,
    },
  };
}

const NO_TEAM = "the team-state names no team, so only the lead's session could be found";

function noSession({ teamName }: TeamState, isElsewhere: boolean): NoUsage {
  if (teamName === undefined) return { source: "unavailable", note: NO_TEAM };
  const note = isElsewhere
    ? "its sessions have no record in the window"
    : `no session of team ${teamName} has an agent name that fits`;
  return { source: "unavailable", note };
}

function emptyWindow({ sinceMs, untilMs }: Window) {
  const [since, until] = [new Date(sinceMs).toISOString(), new Date(untilMs).toISOString()];
  return invalidOption(
    "run window",
    `${since} to ${until}`,
    "ends before it begins (look at createdAt and runEndedAt, or give --since and --until)",
  );
}

/** The CLI sessions of each worker. Without anybody who can find any, or without wrappers, nothing is looked for. */
async function cliSessionsOf(
  state: TeamState,
  wrappers: readonly Wrapper[],
  window: Window,
  holds: (cwd: string) => boolean,
  findCliSessions: FindCliSessions | undefined,
) {
  const unassigned: readonly UnassignedCliSession[] = [];
  if (!findCliSessions) return { unassigned, usageOf: (_: number, agent: CliAgent) => cliUsage(agent, undefined) };
  const agents = [...new Set(wrappers.map(({ agent }) => agent))];
  const sessions: readonly CliSession[] = agents.length > 0 ? await findCliSessions({ agents, window, holds }) : [];
  const assigned = assignCliSessions(sessions, wrappers, state.workers);
  return {
    unassigned: assigned.unassigned,
    usageOf: (worker: number, agent: CliAgent) => cliUsage(agent, assigned.ofWorker.get(worker) ?? []),
  };
}
