/**
 * The Codex or Gemini session underneath a worker that wraps one (`spec/run-collector.md`, "Codex and Gemini workers").
 * How such sessions are found and read is not known here.
 */
import { sumTooLarge } from "../errors.ts";
import type { SkippedLine, SkipReason, UnreadableFile } from "../types.ts";
import type { Window } from "../window.ts";
import { mentionsIn } from "./mentions.ts";
import { sumUsd } from "./price.ts";
import type { TeamState } from "./team-state.ts";

/** Agents that a worker can wrap. */
const CLI_AGENTS = ["codex", "gemini"] as const;
export type CliAgent = (typeof CLI_AGENTS)[number];

export interface CliSession {
  readonly agent: CliAgent;
  readonly id: string;
  /** In ms UTC. */
  readonly startedMs: number;
  readonly model: string | null;
  /** What it consumed inside the window; undefined: it has no usage there, and unless it began there it is of another run. */
  readonly figures: CliFigures | undefined;
  /** Models in them that no price is known for. Default: none. */
  readonly unpricedModels?: readonly string[] | undefined;
  /** Lines of its transcripts that are not in the figures. Default: none. */
  readonly skipped?: SkippedOf | undefined;
}

export interface SkippedOf {
  readonly counts: Readonly<Record<SkipReason, number>>;
  /** The first 100 of them. */
  readonly lines: readonly SkippedLine[];
}

/** The sessions, and how they were come by. */
export interface FoundCliSessions {
  readonly sessions: readonly CliSession[];
  /** Default: nothing was read. */
  readonly reading?: CliReading | undefined;
}

export interface CliReading {
  readonly transcripts: number;
  readonly transcriptsUnchanged: number;
  readonly bytesRead: number;
  /** Why the cache could not be written: the system's code. */
  readonly cacheFailure: string | undefined;
  readonly unreadable: readonly UnreadableFile[];
}

export interface CliFigures {
  /** Cached input included. */
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  /** Reasoning included. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Whole nano-dollars; undefined: not known. */
  readonly costNanoUsd: number | undefined;
}

export interface CliQuery {
  readonly agents: readonly CliAgent[];
  /** Whether a working directory is the project's; only sessions that began in such are asked for. */
  holds(cwd: string): boolean;
  /** Figures are cut by it; sessions are not. */
  readonly window: Window;
}

export type FindCliSessions = (query: CliQuery) => Promise<FoundCliSessions>;

/** A Claude session that wraps a CLI. */
export interface Wrapper {
  /** The number of its worker; undefined: it is of another run. */
  readonly worker: number | undefined;
  readonly agent: CliAgent;
  /** Its first and last record, in ms. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly paths: readonly string[];
}

/** A CLI session that could not be given to one worker. */
export interface UnassignedCliSession {
  readonly agent: CliAgent;
  readonly sessionId: string;
  readonly startedAt: string;
  /** Only one: it could also be of another run. */
  readonly workerIds: readonly string[];
}

const SLACK_MS = 10_000;

export interface AssignedCliSessions {
  /** By number of worker, in order of start. */
  readonly ofWorker: ReadonlyMap<number, readonly CliSession[]>;
  readonly unassigned: readonly UnassignedCliSession[];
  /** All that began in a worker's session, whether it is known whose they are or not. */
  readonly ofRun: readonly CliSession[];
  /** Of transcripts that were looked through for ids. */
  readonly bytesRead: number;
}

/** Gives each session to the worker whose wrapper it began in; of several, to the one whose transcript names it. */
export function assignCliSessions(
  sessions: readonly CliSession[],
  wrappers: readonly Wrapper[],
  { workers }: TeamState,
  window: Window,
): AssignedCliSessions {
  const inOrder = sessions.toSorted((a, b) => a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1));
  const begun = inOrder
    .filter((session) => isIn(window, session))
    .map((session) => ({ session, around: wrappers.filter((wrapper) => holdsStart(wrapper, session)) }))
    .filter(({ around }) => around.some(({ worker }) => worker !== undefined));
  const { isNamed, bytesRead } = namesInTranscripts(begun.filter(({ around }) => workersOf(around).size > 1));
  const ofWorker = new Map<number, CliSession[]>();
  const unassigned: UnassignedCliSession[] = [];
  const ofRun: CliSession[] = [];
  for (const { session, around } of begun) {
    const possible = workersOf(around);
    const owners = possible.size === 1 ? possible : workersOf(around.filter((wrapper) => isNamed(session.id, wrapper)));
    const [owner, ...others] = owners;
    if (owners.size === 1 && owner === undefined) continue;
    ofRun.push(session);
    if (owner !== undefined && others.length === 0) {
      ofWorker.set(owner, [...(ofWorker.get(owner) ?? []), session]);
    } else {
      const workerIds = [...possible].flatMap((worker) =>
        worker === undefined ? [] : (workers[worker]?.workerId ?? ""),
      );
      const startedAt = new Date(session.startedMs).toISOString();
      unassigned.push({ agent: session.agent, sessionId: session.id, startedAt, workerIds });
    }
  }
  return { ofWorker, unassigned, ofRun, bytesRead };
}

function holdsStart({ agent, firstMs, lastMs }: Wrapper, session: CliSession): boolean {
  const { startedMs } = session;
  return agent === session.agent && startedMs >= firstMs - SLACK_MS && startedMs <= lastMs + SLACK_MS;
}

/** Of a worker's long session: what it wrapped before or after the run is of another one. */
function isIn({ sinceMs, untilMs }: Window, { startedMs, figures }: CliSession): boolean {
  return figures !== undefined || (startedMs >= sinceMs && startedMs <= untilMs);
}

function workersOf(wrappers: readonly Wrapper[]): Set<Wrapper["worker"]> {
  return new Set(wrappers.map(({ worker }) => worker));
}

/** Looks for the ids of sessions in the transcripts of the wrappers they began in, through each transcript once. */
function namesInTranscripts(
  unclear: ReadonlyArray<{ readonly session: CliSession; readonly around: readonly Wrapper[] }>,
) {
  const idsByPath = new Map<string, string[]>();
  for (const { session, around } of unclear) {
    for (const path of around.flatMap(({ paths }) => paths)) {
      idsByPath.set(path, [...(idsByPath.get(path) ?? []), session.id]);
    }
  }
  const found = new Map([...idsByPath].map(([path, ids]) => [path, mentionsIn(path, ids)]));
  return {
    isNamed: (id: string, { paths }: Wrapper) => paths.some((path) => found.get(path)?.ids.has(id) === true),
    bytesRead: [...found.values()].reduce((sum, { bytesRead }) => sum + bytesRead, 0),
  };
}

/** What a usage block says of the sessions underneath. */
export interface CliUsage {
  readonly cliSessionId?: string;
  readonly cliAdditionalSessionIds?: readonly string[];
  readonly cliModel?: string | null;
  /** Input + output. */
  readonly cliTotalTokens?: number;
  readonly cliInputTokens?: number;
  readonly cliCachedInputTokens?: number;
  readonly cliOutputTokens?: number;
  readonly cliReasoningTokens?: number;
  readonly cliEstimatedCostUsd?: number | null;
  /** Why there are no figures. */
  readonly cliNote?: string;
}

/** `unassigned` are sessions that could be the worker's. */
export function cliUsage(agent: CliAgent, sessions: readonly CliSession[], unassigned: number): CliUsage {
  const [first, ...others] = sessions;
  if (!first) {
    const began = unassigned === 0 ? "" : " that is surely its own";
    return { cliNote: `no ${NAMES[agent]} session of this project${began} began during the worker's sessions` };
  }
  const ids = {
    cliSessionId: first.id,
    ...(others.length > 0 && { cliAdditionalSessionIds: others.map(({ id }) => id) }),
  };
  const counted = sessions.flatMap(({ figures }) => figures ?? []);
  if (counted.length === 0) {
    return { ...ids, cliModel: first.model, cliNote: `the ${NAMES[agent]} session has no usage in the window` };
  }
  const sum = (name: Exclude<keyof CliFigures, "costNanoUsd">) =>
    safe(counted.reduce((total, figures) => total + figures[name], 0));
  return {
    ...ids,
    cliModel: sessions.find(({ model, figures }) => figures && model !== null)?.model ?? null,
    cliTotalTokens: safe(sum("inputTokens") + sum("outputTokens")),
    cliInputTokens: sum("inputTokens"),
    cliCachedInputTokens: sum("cachedInputTokens"),
    cliOutputTokens: sum("outputTokens"),
    cliReasoningTokens: sum("reasoningTokens"),
    cliEstimatedCostUsd: sumUsd(counted.map(({ costNanoUsd }) => costNanoUsd)),
  };
}

function safe(tokens: number): number {
  if (!Number.isSafeInteger(tokens)) throw sumTooLarge("cliTotalTokens");
  return tokens;
}

const NAMES: Readonly<Record<CliAgent, string>> = { codex: "Codex", gemini: "Gemini" };

export function cliAgentOf(agent: string): CliAgent | undefined {
  return CLI_AGENTS.find((name) => name === agent.toLowerCase());
}
