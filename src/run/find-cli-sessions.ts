/** Finds the Codex and Gemini sessions of this machine that a run's workers may have wrapped. */
import type { Calendar } from "../calendar.ts";
import { discover } from "../discover/index.ts";
import { merge, type MergedTable } from "../merge.ts";
import type { CheckedOptions } from "../options.ts";
import { overridesOf, pricesFolder } from "../scan.ts";
import { tally } from "../tally/index.ts";
import { type TallyMemory, withMemory } from "../tally/memory.ts";
import { findPlaces, type Places } from "../tally/places.ts";
import type { Row } from "../types.ts";
import type {
  CliAgent,
  CliFigures,
  CliQuery,
  CliSession,
  FindCliSessions,
  FoundCliSessions,
  SkippedOf,
} from "./cli-sessions.ts";
import { costNanoUsd, unpricedModels } from "./price.ts";
import { choose, readTranscripts, type ReadTranscripts } from "./read.ts";

/**
 * Looks where the agents keep their sessions, with cursors like any scan. Duplicates are decided among all sessions of an
 * agent: the parent of a fork may lie in another project.
 */
export function cliSessionFinder(checked: CheckedOptions, calendar: Calendar): FindCliSessions {
  return async (query) => withMemory((memory) => findIn(memory, query, checked, calendar));
}

async function findIn(
  memory: TallyMemory,
  query: CliQuery,
  checked: CheckedOptions,
  calendar: Calendar,
): Promise<FoundCliSessions> {
  const read = await readTranscripts(() => discover(undefined, checked.environment, query.agents), checked, memory);
  const { transcripts, parts, transcriptsUnchanged, bytesRead, cacheFailure, unreadable } = read;
  const reading = { transcripts: transcripts.length, transcriptsUnchanged, bytesRead, cacheFailure, unreadable };
  if (transcripts.length === 0) return { sessions: [], reading };
  const merging = { memory, listsSkipped: "of each transcript", hasSpareEvents: true } as const;
  const table = merge(parts, transcripts.length, merging);
  const places = findPlaces(transcripts, table);
  const begun = beginnings(table, places);
  const { rows } = await tally(table, places, {
    by: ["source", "session"],
    breakdown: true,
    window: query.window,
    filters: undefined,
    count: "responses",
    calendar,
    startOfWeek: "monday",
    agentTypes: new Map(),
    cost: checked.cost,
    overrides: await overridesOf(checked),
    pricesFolder: pricesFolder(checked),
    nowMs: checked.nowMs,
    explains: false,
  });
  const skippedOf = skippedBySession(read, table, places);
  const rowOf = new Map(rows.map((row) => [`${row.key.source}\0${row.key.session}`, row]));
  const found: CliSession[] = [];
  for (const { session, source, cwd, startedMs } of begun) {
    if (!query.holds(cwd) || startedMs === Infinity) continue;
    const id = places.sessions[session] as string;
    const row = rowOf.get(`${source}\0${id}`);
    const model = row?.models?.[0]?.key.model ?? null;
    const knowsCosts = checked.cost !== "none";
    // One of tool uses alone has nothing to be told.
    const used = row && row.responses > 0 ? row : undefined;
    const figures = used && figuresOf(used, knowsCosts);
    const unpriced = used && knowsCosts ? unpricedModels(used) : [];
    const skipped = skippedOf(session);
    found.push({ agent: source as CliAgent, id, startedMs, model, figures, unpricedModels: unpriced, skipped });
  }
  return { sessions: found, reading };
}

/** Most sessions have no bad line. The transcripts of one that has are merged by themselves: counts are of a whole table. */
function skippedBySession(read: ReadTranscripts, { skippedLines }: MergedTable, { sessionOf }: Places) {
  const damaged = new Set(skippedLines.map(({ transcript }) => sessionOf[transcript]));
  return (session: number): SkippedOf | undefined => {
    if (!damaged.has(session)) return undefined;
    const members = [...read.transcripts.keys()].filter((t) => sessionOf[t] === session);
    const { transcripts, parts, memory } = choose(read, members);
    const merging = { memory, listsSkipped: "of scan", hasSpareEvents: false } as const;
    const table = merge(parts, transcripts.length, merging);
    const lines = table.skippedLines.map(({ transcript: t, ...line }) => ({
      path: transcripts[t]?.path ?? "",
      ...line,
    }));
    return { counts: table.skipped, lines };
  };
}

/**
 * Where and when each session began: its earliest record's time. What a fork copied bears the time of the fork
 * (`formats/codex.md` §5), so it began then.
 */
function beginnings({ transcript, record, eventRecords, texts }: MergedTable, places: Places) {
  const { transcripts, sessionOf, projects, projectOf } = places;
  const sessions = new Map<number, { session: number; source: string; cwd: string; startedMs: number }>();
  for (const [t, { source }] of transcripts.entries()) {
    const session = sessionOf[t] as number;
    const known = sessions.get(session) ?? { session, source, cwd: "", startedMs: Infinity };
    sessions.set(session, known);
    // Gemini CLI's records name no folder; its places name the project's.
    known.cwd ||= (texts[transcript.cwd[t] as number] || projects[projectOf[t] as number]) ?? "";
    const end = transcript.firstRecord[t + 1] ?? eventRecords;
    for (let i = transcript.firstRecord[t] as number; i < end; i++) {
      if ((record.timeMs[i] as number) < known.startedMs) known.startedMs = record.timeMs[i] as number;
    }
  }
  return sessions.values();
}

/** As the agents count: input with what was read from the cache and written to it. */
function figuresOf(row: Row, knowsCosts: boolean): CliFigures {
  return {
    inputTokens: row.inputTokens + row.cacheCreationTokens + row.cacheReadTokens,
    cachedInputTokens: row.cacheReadTokens,
    outputTokens: row.outputTokens,
    reasoningTokens: row.reasoningTokens,
    costNanoUsd: knowsCosts ? costNanoUsd(row) : undefined,
  };
}
