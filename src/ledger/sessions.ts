/** A scan to the sessions of a ledger: what each consumed, and the tasks its first messages name. */
import { readFile, stat } from "node:fs/promises";
import pLimit from "p-limit";
import type { Hash } from "../cursors/hash.ts";
import type { Transcript } from "../discover/transcript.ts";
import { FLAG } from "../events.ts";
import { makePattern } from "../filters.ts";
import type { ScanOptions } from "../options.ts";
import { scanWhole, type WholeScan } from "../scan.ts";
import type { MergedTable } from "../merge.ts";
import { printable } from "../report/printable.ts";
import type { ResponsesOfSessions } from "../tally/counted-before.ts";
import { type TallyMemory, withMemory } from "../tally/memory.ts";
import { type Places, transcriptsBySession } from "../tally/places.ts";
import { mentionedBy } from "../tally/tasks.ts";
import { compareText, type Row, type ScanResult } from "../types.ts";
import { costOf } from "./cost.ts";
import { addFigures, sortModels } from "./figures.ts";
import { membersOf, type Project } from "./location.ts";
import { encodeIds, HAS_LASTING_IDS, IdSet } from "./response-ids.ts";
import type { SessionEntry } from "./types.ts";
import { withoutMark } from "../json.ts";

export interface SessionScan {
  readonly result: ScanResult;
  /** By id, those that consumed something and are wanted. */
  readonly sessions: ReadonlyMap<string, SessionEntry>;
  /** Every session whose transcripts were found; not one that was known and of which only subagents' are left. */
  readonly found: ReadonlySet<string>;
  /** Those that have transcripts and consumed nothing. */
  readonly empty: ReadonlySet<string>;
  /** Of these the wanted ones that hold copies of other sessions' responses. */
  readonly copies: ReadonlyMap<string, SessionEntry>;
  /** Those of which a transcript could not be read: their figures are too small. */
  readonly unread: ReadonlySet<string>;
  /** Those whose figures are these from now on: found, read and wanted. */
  readonly updated: ReadonlySet<string>;
  /** Whether any transcript of a session was found. */
  readonly isHere: (session: string) => boolean;
  /** What was not counted again for anybody, by who had it: `idsOfOthers`. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Those whose responses may be known by other ids the next time (`HAS_LASTING_IDS`). */
  readonly rewritten: ReadonlySet<string>;
  /** Those whose main transcript is gone, or all, where only paths were scanned. */
  readonly perhapsParts: ReadonlySet<string>;
  /** A sentence each: what is not in the figures. */
  readonly doubts: readonly string[];
  /** Whether every transcript of this machine was looked at, so that what was not found is gone. */
  readonly isComplete: boolean;
}

export interface Wanted {
  /** Undefined: the sessions of all projects. */
  readonly project: Project | undefined;
  /** Patterns of projects; undefined: any. */
  readonly patterns: readonly string[] | undefined;
  /** Only this session. */
  readonly session?: string | undefined;
}

/** Sessions by id. */
export type Known = ReadonlyMap<string, SessionEntry>;

export interface Seen {
  /** What was found last: depths of unchanged sessions need not be read again. Default: what is known. */
  readonly before?: Known | undefined;
  /** Sessions of which no more than a part is there. */
  readonly parts?: ReadonlySet<string> | undefined;
}

/**
 * `known` is what the ledger holds: a session that stays as it is, most often because its transcripts are gone, keeps its
 * responses, and whoever has copies does not get them. Rejects as `scan` does.
 */
export async function scanSessions(
  options: ScanOptions,
  wanted: Wanted,
  known: Known,
  seen: Seen = {},
): Promise<SessionScan> {
  return withMemory((memory) => scanWith(memory, options, wanted, known, seen));
}

async function scanWith(
  memory: TallyMemory,
  options: ScanOptions,
  wanted: Wanted,
  known: Known,
  { before: seen = known, parts }: Seen,
): Promise<SessionScan> {
  const scannedAt = new Date(options.nowMs ?? Date.now()).toISOString();
  const isWanted = await makeWanted(wanted, known);
  const isPartial = options.paths !== undefined;
  let stubs: ReadonlySet<string> = new Set();
  const wholeOf: WholeOf = (id, places, transcripts) =>
    parts?.has(id) || stubs.has(id) ? known.get(id) : asKnown(known.get(id), places, transcripts, isPartial);
  let updated: ReadonlySet<string> = new Set();
  let here: ReadonlySet<string> = new Set();
  const isHere = (session: string) => here.has(session);
  let leftOut: ReadonlyMap<string, string> = new Map();
  const scan = await scanWhole({ ...options, by: ["session"], breakdown: true }, memory, (table, places) => {
    stubs = stubsIn(table, places, known);
    updated = updatedIn(table, places, isWanted, wholeOf);
    here = new Set(places.sessions);
    leftOut = idsOfOthers(known, updated, isHere);
    const ids = new IdSet([...leftOut.values()]);
    return { size: ids.size, has: (id) => ids.has(id), stays: (session) => !updated.has(session) };
  });
  const { result, places } = scan;
  const { ids, copied, leftOutOf } = scan.responsesOf as ResponsesOfSessions;
  const isElsewhere = (session: string) => !updated.has(session) && !known.has(session);
  const rows = new Map(result.rows.map((row) => [row.key.session, row] as const));
  const sessions = new Map<string, SessionEntry>();
  const limit = pLimit(8);
  const found = new Set<string>();
  const empty = new Set<string>();
  const copies = new Map<string, SessionEntry>();
  const unread = new Set<string>();
  const rewritten = new Set<string>();
  const perhapsParts = new Set<string>();
  const reads: Array<Promise<void>> = [];
  const doubts: string[] = [];
  for (const [id, { transcripts, main }] of transcriptsBySession(places)) {
    const whole = wholeOf(id, places, transcripts);
    if (whole) {
      const lastAt = rows.get(id)?.lastAt ?? "";
      if (whole.last_at !== null && lastAt > whole.last_at) doubts.push(goesOn(id, whole.last_at, isPartial));
      continue;
    }
    found.add(id);
    if (!HAS_LASTING_IDS[(places.transcripts[main] as Transcript).source]) rewritten.add(id);
    if (isPartial || !transcripts.some((t) => places.transcripts[t]?.isMain)) perhapsParts.add(id);
    if (transcripts.some((t) => scan.table.unreadable.has(t))) unread.add(id);
    const row = rows.get(id);
    const project = projectOf(places, main);
    if (!rows.has(id) && isWanted(id, project)) empty.add(id);
    if (!isWanted(id, project) || !(row || transcripts.some((t) => holdsUsage(scan.table, t)))) continue;
    const facts = factsOf(scan, transcripts);
    const of = copiedIds(copied.get(id), known.get(id), isElsewhere, isHere);
    if (!row) {
      copies.set(id, { project, ...facts, subagent_depth: 0, ...NOTHING, scanned_at: scannedAt, is_copy: true, ...of });
      continue;
    }
    const before = seen.get(id);
    const isKnown = before?.transcript_bytes === facts.transcript_bytes && before.subagents === facts.subagents;
    const add = (subagent_depth: number) => {
      const span = spanOf(row, leftOutOf.has(id) ? known.get(id) : undefined);
      sessions.set(id, {
        project,
        ...facts,
        subagent_depth,
        ...figuresOf(row),
        ...span,
        scanned_at: scannedAt,
        response_ids: encodeIds(ids.get(id) ?? []),
        ...of,
      });
    };
    if (isKnown || facts.subagents === 0) add(before?.subagent_depth ?? 0);
    else reads.push(limit(async () => add(await depthOf(scan, transcripts))));
  }
  await Promise.all(reads);
  const sawAll = result.diagnostics.unreadable.every(({ path }) => places.transcripts.some((one) => one.path === path));
  const isComplete = options.paths === undefined && sawAll;
  return {
    result,
    sessions,
    found,
    empty,
    copies,
    unread,
    updated,
    isHere,
    leftOut,
    rewritten,
    perhapsParts,
    doubts,
    isComplete,
  };
}

function projectOf({ projects, projectOf: of }: Places, main: number): string {
  return projects[of[main] as number] as string;
}

function updatedIn(
  table: MergedTable,
  places: Places,
  isWanted: (id: string, project: string) => boolean,
  wholeOf: WholeOf,
): ReadonlySet<string> {
  const sessions = [...transcriptsBySession(places)].filter(
    ([id, { transcripts, main }]) =>
      isWanted(id, projectOf(places, main)) &&
      !transcripts.some((t) => table.unreadable.has(t)) &&
      !wholeOf(id, places, transcripts),
  );
  return new Set(sessions.map(([id]) => id));
}

/** Known sessions of which nothing is left that consumed anything: a file of titles or snapshots under the id of one is no session. */
function stubsIn(table: MergedTable, places: Places, known: Known): ReadonlySet<string> {
  const sessions = [...transcriptsBySession(places)].filter(
    ([id, { transcripts }]) =>
      known.get(id)?.is_copy !== true && !transcripts.some((t) => table.unreadable.has(t) || holdsUsage(table, t)),
  );
  return new Set(sessions.map(([id]) => id));
}

type WholeOf = (id: string, places: Places, transcripts: readonly number[]) => SessionEntry | undefined;

/** A session as it was known while more of it was found: its main transcript is gone, or only paths were scanned. Else undefined. */
function asKnown(
  known: SessionEntry | undefined,
  { transcripts: all }: Places,
  transcripts: readonly number[],
  isPartial: boolean,
): SessionEntry | undefined {
  if (!known || known.is_copy) return undefined;
  if (!isPartial && transcripts.some((t) => (all[t] as Transcript).isMain)) return undefined;
  const bytes = transcripts.reduce((sum, t) => sum + (all[t] as Transcript).sizeBytes, 0);
  // Transcripts only grow, so it was more than these.
  return bytes < known.transcript_bytes ? known : undefined;
}

function goesOn(id: string, lastAt: string, isPartial: boolean): string {
  return isPartial
    ? `session ${printable(id)}: only a part of its transcripts was given, so it keeps its last figures; what is after ${lastAt} is not in them (tokensift tasks scan without paths adds it)`
    : `session ${printable(id)}: its main transcript is gone, so it keeps its last figures; what its subagents wrote after ${lastAt} is not in them`;
}

/**
 * What the sessions of a ledger are known by that a scan does not update, by their ids; and what others hold of sessions
 * that were never in the ledger and are gone, by both ids.
 */
export function idsOfOthers(
  known: Known,
  updated: ReadonlySet<string>,
  isHere: (session: string) => boolean,
): ReadonlyMap<string, string> {
  const left = new Map<string, string>();
  for (const [id, { response_ids: ids, copied_ids: copied = {} }] of known) {
    if (!updated.has(id) && ids !== undefined) left.set(id, ids);
    for (const [of, some] of Object.entries(copied)) if (!isHere(of)) left.set(`${id} ${of}`, some);
  }
  return left;
}

/** What a session holds of others that are none of the ledger's: as it is found, and of those that are gone as it was. */
function copiedIds(
  found: ReadonlyMap<string, readonly Hash[]> | undefined,
  known: SessionEntry | undefined,
  isElsewhere: (session: string) => boolean,
  isHere: (session: string) => boolean,
): Pick<SessionEntry, "copied_ids"> {
  const now = [...(found ?? [])].filter(([of]) => isElsewhere(of)).map(([of, ids]) => [of, encodeIds(ids)] as const);
  const before = Object.entries(known?.copied_ids ?? {}).filter(([of]) => !isHere(of));
  const all = [...now, ...before].sort(([a], [b]) => compareText(a, b));
  return all.length > 0 ? { copied_ids: Object.fromEntries(all) } : {};
}

/** Whether a record of a transcript carries usage, counted there or elsewhere. */
function holdsUsage({ event, transcript, length }: MergedTable, t: number): boolean {
  const end = transcript.firstEvent[t + 1] ?? length;
  for (let i = transcript.firstEvent[t] as number; i < end; i++) {
    if (((event.flags[i] as number) & TELLS_USAGE) !== 0) return true;
  }
  return false;
}

/** Of what turned out to count elsewhere the tally takes the first away. */
const TELLS_USAGE = FLAG.usage | FLAG.reading | FLAG.onlyLast | FLAG.counter | FLAG.state;

const NOTHING = { ...addFigures([]), cost_estimate_usd: 0, first_at: null, last_at: null, span_seconds: 0 };

/** What the ledger holds of other projects, as a hook recorded it, is kept up to date as well. */
async function makeWanted(
  { project, patterns, session }: Wanted,
  known: Known,
): Promise<(id: string, path: string) => boolean> {
  const isMember = project && membersOf(project);
  const matches = patterns ? await makePattern(patterns) : undefined;
  return (id, path) =>
    (session === undefined || id === session) &&
    (isMember === undefined || known.has(id) || isMember(path)) &&
    (matches?.(path) ?? true);
}

function factsOf({ table, places }: WholeScan, transcripts: readonly number[]) {
  const main = transcripts.filter((t) => (places.transcripts[t] as Transcript).isMain);
  // Other agents note there what kind of session it is.
  const members = main.filter((t) => (places.transcripts[t] as Transcript).source === "claude");
  const textOf = (name: "team" | "agentName") =>
    members.map((t) => table.texts[table.transcript[name][t] as number] as string).find((text) => text !== "") ?? null;
  return {
    team_id: textOf("team"),
    agent_name: textOf("agentName"),
    mentioned: mentionedBy(table, places, transcripts),
    subagents: transcripts.filter((t) => (places.transcripts[t] as Transcript).isAgentFile).length,
    transcript_bytes: transcripts.reduce((sum, t) => sum + (places.transcripts[t] as Transcript).sizeBytes, 0),
  };
}

function figuresOf(row: Row) {
  const { inputTokens, outputTokens, cacheCreationTokens, cacheReadTokens, totalTokens, responses } = row;
  const cost = costOf(row);
  return {
    input_tokens: inputTokens + cacheCreationTokens + cacheReadTokens,
    output_tokens: outputTokens,
    cache_tokens: cacheCreationTokens + cacheReadTokens,
    cache_creation_tokens: cacheCreationTokens,
    cache_read_tokens: cacheReadTokens,
    total_tokens: totalTokens,
    message_count: responses,
    models: sortModels((row.models ?? []).map(({ key, totalTokens: tokens }) => [key.model ?? "unknown", tokens])),
    cost_estimate_usd: cost.usd,
    cost_is_partial: cost.isPartial,
  };
}

/** With what was known of a session that copies were left out of: some of them tell only their times. */
function spanOf({ firstAt, lastAt, durationMs }: Row, known?: SessionEntry) {
  const beganAt = known?.first_at;
  if (beganAt == null || firstAt === null || lastAt === null || beganAt <= firstAt || beganAt > lastAt)
    return { first_at: firstAt, last_at: lastAt, span_seconds: durationMs / 1000 };
  return { first_at: beganAt, last_at: lastAt, span_seconds: (Date.parse(lastAt) - Date.parse(beganAt)) / 1000 };
}

/** How deep subagents were started from each other, as their side files say; 1 where they say nothing. */
async function depthOf({ places }: WholeScan, transcripts: readonly number[]): Promise<number> {
  const agents = transcripts.map((t) => places.transcripts[t] as Transcript).filter(({ isAgentFile }) => isAgentFile);
  const depths = await Promise.all(agents.map(({ path }) => spawnDepth(path.replace(/\.jsonl$/, ".meta.json"))));
  return Math.max(1, ...depths);
}

async function spawnDepth(side: string): Promise<number> {
  try {
    // Opening a FIFO would wait for a writer.
    if (!(await stat(side)).isFile()) return 0;
    const meta: unknown = JSON.parse(withoutMark(await readFile(side, "utf8")));
    const depth = (meta as { spawnDepth?: unknown } | null)?.spawnDepth;
    return Number.isSafeInteger(depth) ? (depth as number) : 0;
  } catch {
    // It only tells how deep: without it the depth is not known to be more.
    return 0;
  }
}
