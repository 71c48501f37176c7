/** What a server answers from: everything that is known at one moment, without paths or texts. */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { calendarFor } from "../calendar.ts";
import { hashBytes } from "../cursors/hash.ts";
import { stampText } from "../discover/stamp.ts";
import { discover } from "../discover/index.ts";
import { thisEnvironment } from "../environment.ts";
import { type AnomalyReport, findAnomalies } from "../ledger/anomalies.ts";
import { buildLedger } from "../ledger/build.ts";
import { readDispatchLog } from "../ledger/dispatch-log.ts";
import { tokenUsage } from "../ledger/enrich.ts";
import type { Project } from "../ledger/location.ts";
import { entriesIn, mergeSessions } from "../ledger/refresh.ts";
import { readSaid, saidPath } from "../ledger/said.ts";
import { scanKnown } from "../ledger/parts.ts";
import { readLedger } from "../ledger/store.ts";
import { taskOfWith } from "../ledger/task-of.ts";
import { readTimersText, timerEntries, type TimerEntry, timersOf } from "../ledger/timers.ts";
import type { Ledger, SessionEntry, ShownLedger } from "../ledger/types.ts";
import type { ScanOptions } from "../options.ts";
import { scan } from "../scan.ts";
import type { Dimension, ScanResult } from "../types.ts";
import { parseWindow } from "../window.ts";

/** What a server is about. Plain data: it goes to a thread. */
export interface Subject {
  readonly scan: Pick<
    ScanOptions,
    "paths" | "threads" | "maxLineBytes" | "cache" | "cacheDirectory" | "taskPattern" | "cost" | "prices"
  >;
  readonly project: Project | undefined;
  readonly patterns: readonly string[] | undefined;
  readonly ledgerPath: string;
  readonly timersPath: string;
  readonly timersAreNamed: boolean;
  readonly dispatchLog: string | undefined;
  readonly threshold: number;
  readonly minTasks: number;
}

export interface Snapshot {
  readonly at: string;
  readonly ledger: ShownLedger;
  readonly anomalies: AnomalyReport;
  readonly tasks: readonly object[];
  /** Of all sessions, whatever the project: the counts of the scan. */
  readonly health: {
    readonly transcripts: number;
    readonly bytes: number;
    readonly skipped: ScanResult["stats"]["skipped"];
    readonly unreadable: number;
    /** What is wrong with the files beside the transcripts, without their paths. */
    readonly remarks: readonly string[];
  };
}

/** What a client asks of `/api/usage`. */
export interface UsageQuery {
  readonly by: readonly Dimension[];
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly timezone?: string | undefined;
  readonly top?: number | undefined;
}

/** Another text when, and only when, something that a snapshot is made of may have changed. */
export function fingerprint(subject: Subject, environment: NonNullable<ScanOptions["environment"]>): string {
  const { transcripts } = discover(subject.scan.paths, environment);
  const stamps = transcripts.map(({ path, sizeBytes, stamp }) => `${path} ${sizeBytes} ${stampText(stamp)}`);
  const { ledgerPath, timersPath, dispatchLog, scan: asked } = subject;
  const files = [ledgerPath, saidPath(ledgerPath), timersPath, dispatchLog, asked.prices];
  const others = files.map((path) => {
    const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
    return stat ? `${stat.size} ${stat.mtimeMs} ${stat.ino}` : "-";
  });
  const { low, high } = hashBytes(Buffer.from([...stamps, ...others].join("\n")));
  return `${high} ${low}`;
}

/** Rejects as `scan` does. Writes nothing but cursors. `at` gives the same as of another moment, where time alone changes it. */
export async function takeSnapshot(subject: Subject, known: ReadonlyMap<string, SessionEntry>) {
  const nowMs = Date.now();
  const remarks: string[] = [];
  const ledger = attempt("the ledger", () => readLedger(subject.ledgerPath), { kind: "absent" } as const, remarks);
  if (ledger.kind === "damaged") remarks.push("the ledger is damaged (tokensift tasks scan rebuilds it)");
  const evidence = readEvidence(subject, remarks);
  const before = entriesIn(ledger);
  const found = await scanKnown({ ...subject.scan, nowMs }, subject, before, {
    before: known.size > 0 ? known : before,
  });
  const { sessions, doubts } = mergeSessions(before, found);
  if (doubts.length > 0) remarks.push("some figures are not exact (tokensift tasks scan says which)");
  const { stats, diagnostics } = found.result;
  const health = {
    transcripts: stats.transcripts,
    bytes: stats.bytesTotal,
    skipped: stats.skipped,
    unreadable: diagnostics.unreadable.length,
    remarks,
  };
  const at = (ms: number): Snapshot => {
    const built = buildLedger(sessions, evidence.at(ms));
    return {
      at: new Date(nowMs).toISOString(),
      ledger: withNames(built),
      anomalies: findAnomalies(built, subject),
      tasks: evidence.entries.map((entry) => timerView(entry, built)),
      health,
    };
  };
  const isGrowing = [...evidence.at(nowMs).timers.values()].some((timer) => timer.isGrowing);
  return { snapshot: at(nowMs), known: found.sessions, at: isGrowing ? at : undefined };
}

/** A file that is no use is said, and the rest goes on: a server has nobody to mend it meanwhile. */
function attempt<T>(what: string, read: () => T, instead: T, remarks: string[]): T {
  try {
    return read();
  } catch {
    remarks.push(`${what} cannot be used`);
    return instead;
  }
}

/** What is said of tasks beside the transcripts. */
function readEvidence(subject: Subject, remarks: string[]) {
  const { dispatchLog, ledgerPath } = subject;
  const none = new Map<string, readonly string[]>();
  const said = attempt("what was said by hand", () => readSaid(ledgerPath), new Map<string, string>(), remarks);
  const entries = attempt("the timers file", () => timerEntriesOf(subject), [], remarks);
  const dispatched =
    dispatchLog === undefined
      ? none
      : attempt("the dispatch log", () => readDispatchLog(dispatchLog).tasks, none, remarks);
  return { entries, at: (nowMs: number) => ({ said, timers: timersOf(entries, nowMs), dispatched }) };
}

function timerEntriesOf({ timersPath, timersAreNamed }: Subject): TimerEntry[] {
  const text = readTimersText(timersPath, timersAreNamed);
  return text === undefined ? [] : timerEntries(text, timersPath);
}

/** Of a timer only what it is known to hold: an orchestrator may keep prompts in it. */
function timerView({ taskId, value }: TimerEntry, { tasks }: Ledger): object {
  const view: Record<string, unknown> = { task_id: taskId };
  for (const name of ["team_id", "session_id", "status", "start_time", "end_time", "started_at", "ended_at"]) {
    const text = value[name];
    if (typeof text === "number" || (typeof text === "string" && /^[\w.:+@-]{1,100}$/.test(text))) view[name] = text;
  }
  if (typeof value["duration_seconds"] === "number") view["duration_seconds"] = value["duration_seconds"];
  const task = Object.hasOwn(tasks, taskId) ? tasks[taskId] : undefined;
  return { ...view, token_usage: task ? tokenUsage(task) : null };
}

/** Projects by the name of their folder: where it lies is nobody's business. */
function withNames(ledger: Ledger): ShownLedger {
  const { copies: _, response_ids: _ids, ...shown } = ledger;
  const names = projectNames(Object.values(ledger.sessions).map(({ project }) => project));
  const nameOf = (project: string) => names.get(project) ?? "";
  return {
    ...shown,
    unmatched_sessions: ledger.unmatched_sessions.map((session) => ({ ...session, project: nameOf(session.project) })),
    sessions: Object.fromEntries(
      Object.entries(ledger.sessions).map(([id, session]) => [id, { ...session, project: nameOf(session.project) }]),
    ),
  };
}

/** The last folder of each path; where several end alike, with a few letters that tell them apart. */
function projectNames(paths: readonly string[]): Map<string, string> {
  const byName = new Map<string, string[]>();
  for (const path of new Set(paths)) {
    const name = basename(path.replaceAll("\\", "/")) || "root";
    byName.set(name, [...(byName.get(name) ?? []), path]);
  }
  const names = new Map<string, string>();
  for (const [name, some] of byName) {
    for (const path of some) {
      names.set(
        path,
        some.length === 1 ? name : `${name}~${hashBytes(Buffer.from(path)).low.toString(16).padStart(8, "0")}`,
      );
    }
  }
  return names;
}

/** Rejects with a `ScanError` where a client asks what cannot be asked: everything else that goes wrong is no business of theirs. */
export async function checkQuery({ since, until, timezone }: UsageQuery): Promise<void> {
  const calendar = await calendarFor(timezone, thisEnvironment(), since !== undefined || until !== undefined);
  parseWindow(since, until, calendar, Date.now());
}

/** Rejects as `scan` does. */
export async function takeUsage(subject: Subject, query: UsageQuery): Promise<object> {
  const nowMs = Date.now();
  const taskOf = query.by.includes("task")
    ? taskOfWith(readEvidence(subject, []).at(nowMs), subject.project)
    : undefined;
  const scanned = await scan({ ...subject.scan, ...query, taskOf, nowMs });
  const { window, by, rows, rowsOmitted, totals, schemaVersion } = scanned;
  const names = projectNames(rows.flatMap(({ key }) => key.project ?? []));
  const named = rows.map(({ key, ...figures }) => {
    const project = key.project == null ? key.project : names.get(key.project);
    return { key: "project" in key ? { ...key, project } : key, ...figures };
  });
  return { schemaVersion, window, by, rows: named, rowsOmitted, totals };
}
