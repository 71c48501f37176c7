/** A run from top to bottom: its transcripts, whose they are, what they consumed. */
import { discoverOf } from "../discover/index.ts";
import { calendarFor } from "../calendar.ts";
import { DamagedCursors } from "../cursors/damaged.ts";
import { aborted, invalidOption } from "../errors.ts";
import { checkKinds } from "../option-kinds.ts";
import { checkOptions, type ScanOptions } from "../options.ts";
import { type TallyMemory, withMemory } from "../tally/memory.ts";
import { parseWindow, type Window } from "../window.ts";
import {
  assignCliSessions,
  type CliAgent,
  cliAgentOf,
  type CliReading,
  cliUsage,
  type CliUsage,
} from "./cli-sessions.ts";
import type { FindCliSessions, Wrapper } from "./cli-sessions.ts";
import { cliSessionFinder } from "./find-cli-sessions.ts";
import { consumptionOf } from "./consumption.ts";
import { Facts } from "./facts.ts";
import { candidates, findUnits } from "./members.ts";
import { Overview } from "./overview.ts";
import { type RunPlace, windowOf } from "./place.ts";
import { type ProjectFolders, projectFolders, transcriptsOfProject } from "./project-folders.ts";
import {
  choose,
  type ChosenTranscripts,
  HEADS_ARE_ENOUGH,
  type ReadOptions,
  readTranscripts,
  type ReadTranscripts,
} from "./read.ts";
import { type Shares, sharesOf } from "./shares.ts";
import { type RunSummary, summarize } from "./summary.ts";
import type { TeamState } from "./team-state.ts";
import { mayWrap, wrappersOfOthers } from "./other-runs.ts";
import {
  mainModel,
  type NoUsage,
  type Share,
  type UsageBlock,
  usageBlock,
  type UsageFigures,
  usageFigures,
} from "./usage.ts";

/** How a run is collected; what is left out is as for a scan. */
export interface CollectOptions extends Pick<
  ScanOptions,
  "cost" | "prices" | "cache" | "cacheDirectory" | "threads" | "environment" | "nowMs" | "signal" | "onProgress"
> {
  /** Bounds instead of the run's own: an ISO date or instant in UTC, or `2h`. Both ends belong to it. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Finds the Codex and Gemini sessions of the project. Default: where these agents keep theirs. */
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
  /** How it was come by, CLI sessions included; differs from one time to the next. */
  readonly stats: {
    readonly transcripts: number;
    readonly transcriptsUnchanged: number;
    readonly bytesRead: number;
    readonly cacheFailure: string | undefined;
  };
}

/** Collects a run. Rejects as `collectRun` does. */
export async function collect(state: TeamState, place: RunPlace, options: CollectOptions): Promise<Collected> {
  const collectOnce = async (reading: ReadOptions) =>
    withMemory((memory) => collectWith(memory, state, place, options, reading));
  try {
    return await collectOnce(HEADS_ARE_ENOUGH);
  } catch (error) {
    if (!(error instanceof DamagedCursors)) throw error;
    // Read as a whole the file is seen to be damaged before anything of it is used.
    return collectOnce({});
  }
}

async function collectWith(
  memory: TallyMemory,
  state: TeamState,
  place: RunPlace,
  options: CollectOptions,
  reading: ReadOptions,
): Promise<Collected> {
  const { since, until, findCliSessions: ownFinder, ...others } = options;
  checkKinds({ since, until });
  const checked = checkOptions(others);
  // Where nothing is new, nobody would look at it.
  if (checked.signal?.aborted) throw aborted();
  const collectedAt = new Date(checked.nowMs).toISOString();
  const calendar = await calendarFor("UTC", checked.environment, true);
  const own = windowOf(state, place, since !== undefined);
  const asked = parseWindow(since, until, calendar, checked.nowMs);
  const findCliSessions = ownFinder ?? cliSessionFinder(checked, calendar);
  const window: Window = {
    sinceMs: since === undefined ? own.sinceMs : asked.sinceMs,
    untilMs: until === undefined ? own.untilMs : asked.untilMs,
  };
  if (window.sinceMs > window.untilMs) throw emptyWindow(window);

  const project = projectFolders(place.projectRoot, checked.environment);
  const read = await readTranscripts(() => discoverOf("claude", project.folders), checked, memory, reading);
  const run = chooseRun(read, state, project, window);
  const facts = new Facts(run);
  const unreadable = [...project.unreadable, ...read.unreadable];
  const units = findUnits(state, facts, unreadable);
  const consumption = await consumptionOf(units, run, window, calendar, checked);
  const shares = sharesOf(units, consumption, facts, state, window);
  const wrappers = [...shares.wrappers, ...wrappersOfOthers(state, units, facts)];
  const cli = await cliSessionsOf(state, wrappers, window, (cwd) => project.holds(cwd), findCliSessions);

  const leadUsage = leadBlock(shares, state, collectedAt);
  const workerUsages = state.workers.map(({ agent }, i): WorkerUsage => {
    const block = workerBlock(shares, i, state, collectedAt);
    const wrapped = block.source === "unavailable" ? undefined : cliAgentOf(agent);
    return wrapped ? { ...block, ...cli.usageOf(i, wrapped) } : block;
  });
  const usageSummary = summarize({
    collectedAt,
    window,
    teamName: state.teamName ?? null,
    shares,
    cliUsages: workerUsages,
    cliSessions: cli.ofRun,
    unassignedCliSessions: cli.unassigned,
    notes: [...(state.teamName === undefined ? [NO_TEAM] : []), ...leadNotes(shares, leadUsage), ...own.notes],
    consumption,
    unreadable: [...unreadable, ...(cli.reading?.unreadable ?? [])],
  });
  return {
    leadUsage,
    workerUsages,
    runUsage: runFigures(shares, usageSummary),
    usageSummary,
    stats: statsOf(read, cli.reading, cli.bytesLookedThrough),
  };
}

/** The transcripts that can be of the run, and those of others that may wrap a CLI session of its time. */
function chooseRun(
  read: ReadTranscripts,
  state: TeamState,
  project: ProjectFolders,
  window: Window,
): ChosenTranscripts {
  try {
    const overview = new Overview(read.transcripts, read.parts, state.teamName?.toLowerCase());
    const ofProject = transcriptsOfProject(project, read.transcripts, overview);
    const ofRun = candidates(state, read.transcripts, overview, ofProject);
    const ofOthers = mayWrap(state, read.transcripts, overview, ofProject, window);
    return choose(read, [...new Set([...ofRun, ...ofOthers])].sort(ascending));
  } finally {
    read.close();
  }
}

function statsOf(read: ReadTranscripts, cli: CliReading | undefined, bytesLookedThrough: number): Collected["stats"] {
  return {
    transcripts: read.transcripts.length + (cli?.transcripts ?? 0),
    transcriptsUnchanged: read.transcriptsUnchanged + (cli?.transcriptsUnchanged ?? 0),
    bytesRead: read.bytesRead + (cli?.bytesRead ?? 0) + bytesLookedThrough,
    cacheFailure: read.cacheFailure ?? cli?.cacheFailure,
  };
}

function leadBlock({ lead }: Shares, { leadSessionId }: TeamState, collectedAt: string): LeadUsage {
  if (lead.units.length > 0) return usageBlock(lead, collectedAt);
  return { source: "unavailable", note: `no transcript of session ${leadSessionId} is in the project's folders` };
}

/** What the run's totals lack of the lead. */
function leadNotes({ lead }: Shares, leadUsage: LeadUsage): string[] {
  if (leadUsage.source === "unavailable") return [`${leadUsage.note}: what the lead used is in no total`];
  return lead.units
    .filter(({ isNamedLead, hasMain }) => isNamedLead && !hasMain)
    .map(({ id }) => `session ${id} has no transcript but its subagents': what the lead itself used is in no total`);
}

function workerBlock(
  shares: Shares,
  worker: number,
  { teamName }: TeamState,
  collectedAt: string,
): UsageBlock | NoUsage {
  const share = shares.workers[worker] as Share;
  if (share.units.length > 0) return usageBlock(share, collectedAt);
  if (teamName === undefined) return { source: "unavailable", note: NO_TEAM };
  const note = shares.areElsewhere[worker]
    ? "its sessions have no record in the window"
    : `no session of team ${teamName} has an agent name that fits`;
  return { source: "unavailable", note };
}

function runFigures({ run }: Shares, usageSummary: RunSummary): RunUsage {
  const { cliEstimatedCostUsd, leadTotalTokens, workerTotalTokens, collectedAt } = usageSummary;
  const beside = { cliEstimatedCostUsd, leadTotalTokens, workerTotalTokens, collectedAt };
  return { ...usageFigures(run), model: mainModel(run.rows), ...beside };
}

const ascending = (a: number, b: number) => a - b;

const NO_TEAM = "the team-state names no team, so only the lead's session could be found";

function emptyWindow({ sinceMs, untilMs }: Window) {
  const [since, until] = [new Date(sinceMs).toISOString(), new Date(untilMs).toISOString()];
  return invalidOption(
    "run window",
    `${since} to ${until}`,
    "ends before it begins (look at createdAt, runEndedAt and the final status, or give --since and --until)",
  );
}

/** The CLI sessions of each worker. Without wrappers nothing is looked for. */
async function cliSessionsOf(
  state: TeamState,
  wrappers: readonly Wrapper[],
  window: Window,
  holds: (cwd: string) => boolean,
  findCliSessions: FindCliSessions,
) {
  const agents = [...new Set(wrappers.flatMap(({ worker, agent }) => (worker === undefined ? [] : agent)))];
  const found = agents.length > 0 ? await findCliSessions({ agents, window, holds }) : { sessions: [] };
  const assigned = assignCliSessions(found.sessions, wrappers, state, window);
  return {
    reading: found.reading,
    bytesLookedThrough: assigned.bytesRead,
    unassigned: assigned.unassigned,
    ofRun: assigned.ofRun,
    usageOf: (worker: number, agent: CliAgent) => {
      const workerId = state.workers[worker]?.workerId;
      const doubtful = assigned.unassigned.filter(
        (one) => one.agent === agent && one.workerIds.some((id) => id === workerId),
      );
      return cliUsage(agent, assigned.ofWorker.get(worker) ?? [], doubtful.length);
    },
  };
}
