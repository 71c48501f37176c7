/** `tokensift tasks`: the ledger of what each task consumed. */
import { join } from "node:path";
import { type FlagName, flagOf } from "../config/flags.ts";
import { commandLineLayer, type Layer } from "../config/layer.ts";
import { readSettings } from "../config/read.ts";
import { placeError, resolveSettings, type Settings } from "../config/settings.ts";
import { oneOf } from "../config/values.ts";
import { type Environment, thisEnvironment } from "../environment.ts";
import { invalidOption, ScanError } from "../errors.ts";
import { readDispatchLog } from "../ledger/dispatch-log.ts";
import { defaultLedger, type Project, projectAt } from "../ledger/location.ts";
import type { Evidence } from "../ledger/match.ts";
import { changeLedger, type Refreshed, refreshLedger, type RefreshOptions } from "../ledger/refresh.ts";
import type { Wanted } from "../ledger/sessions.ts";
import { readLedger } from "../ledger/store.ts";
import { summaryText, tasksText, taskText, unmatchedLines } from "../ledger/show.ts";
import { normal, oddValues, readTimersText, timerEntries, timersOf } from "../ledger/timers.ts";
import type { Ledger, TaskEntry } from "../ledger/types.ts";
import { diagnosticLines } from "../report/diagnostics.ts";
import { noTranscripts } from "../report/empty.ts";
import { counted } from "../report/numbers.ts";
import { printable, printableJson } from "../report/printable.ts";
import { didYouMean } from "../config/suggest.ts";
import { catchInterrupts } from "../files/interrupts.ts";
import type { ScanResult } from "../types.ts";
import { EXIT } from "./exit-code.ts";
import { findFailures } from "./failures.ts";
import { checkIsNoTranscript } from "./no-transcript.ts";
import { TASK_ACTIONS, TASKS_FORMATS } from "./task-actions.ts";
import { outputWidth, showsProgress } from "./terminal/look.ts";
import { ProgressLine } from "./terminal/progress.ts";
import { sayLines, writeStdout } from "./terminal/streams.ts";

const DEFAULT_TIMERS = "task-timers.json";

/** What an action needs of the machine and of what was asked for. */
export interface TaskRun {
  readonly settings: Settings;
  readonly environment: Environment;
  readonly paths: readonly string[];
  readonly nowMs: number;
  readonly ledgerPath: string;
  /** Whose sessions the ledger holds; undefined: everybody's. */
  readonly project: Project | undefined;
  readonly timersPath: string;
}

type Action = (typeof TASK_ACTIONS)[number];

const OF_ONE_TASK: readonly Action[] = ["get", "report", "record"];

/** Flags that only some actions take. */
const FLAGS_OF_SOME: Readonly<Partial<Record<FlagName, readonly Action[]>>> = {
  session: ["record"],
  fail: ["anomaly"],
  threshold: ["anomaly", "report"],
  minTasks: ["anomaly", "report"],
  insert: ["report"],
  lang: ["report"],
};

/** The exit code. Rejects with a `ScanError` when it could not run. */
export async function runTasks(action: string, paths: readonly string[], written: Layer["written"]): Promise<number> {
  const name = oneOf(TASK_ACTIONS, "thing to do with tasks")(action, "tasks");
  // They would do nothing, silently.
  for (const [flag, takers] of Object.entries(FLAGS_OF_SOME)) {
    if (written[flag as FlagName] === undefined || takers.includes(name)) continue;
    const who = `${takers.map((taker) => `tasks ${taker}`).join(" and ")} ${takers.length > 1 ? "do" : "does"}`;
    throw new ScanError("INVALID_OPTION", `tasks ${name} takes no --${flagOf(flag)} (${who})`);
  }
  if (written.task !== undefined && !OF_ONE_TASK.includes(name))
    throw new ScanError(
      "INVALID_OPTION",
      `tasks ${name} takes no --task: it is about all of them (tasks get shows one)`,
    );
  const run = taskRun(written, paths);
  if (paths.length > 0 && name !== "scan" && !run.settings.refresh) {
    throw new ScanError("INVALID_OPTION", `tasks ${name}: takes no paths (add --refresh to scan them first)`);
  }
  try {
    // Also where the ledger answers: a mistyped name would do nothing, silently.
    if (run.settings.timers !== undefined) readTimersText(run.timersPath, true);
    return await ACTIONS[name](run);
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    throw placeError(error, run.settings.origins);
  }
}

/** `folder` is where it was called: its project and its timers are meant. */
export function taskRun(written: Layer["written"], paths: readonly string[], folder = process.cwd()): TaskRun {
  const environment = thisEnvironment();
  const read = readSettings(written, environment, folder, { command: "tasks", formats: TASKS_FORMATS });
  // Of a config file these are patterns, about scans; here it is the one session to record.
  const settings = { ...read, session: resolveSettings([commandLineLayer(written)]).session };
  const { ledgerPath, ...places } = placesOf(settings, environment, folder);
  if (ledgerPath === undefined)
    throw new ScanError("INVALID_OPTION", "no place for a ledger on this machine (name one with --ledger)");
  // A damaged ledger is set aside.
  if (settings.ledger !== undefined)
    checkIsNoTranscript(settings.origins.ledger ?? "--ledger", settings.ledger, { paths, environment });
  return { settings, environment, paths, nowMs: Date.now(), ledgerPath, ...places };
}

/** Where what is known of tasks lies, for whoever asks in `folder`. `ledgerPath` undefined: there is no place for one. */
export function placesOf(settings: Settings, environment: Environment, folder: string) {
  const project = projectAt(folder);
  return {
    ledgerPath: settings.ledger ?? defaultLedger(project, environment),
    // Who names a ledger knows whose it is.
    project: settings.ledger === undefined ? project : undefined,
    timersPath: settings.timers ?? join(folder, DEFAULT_TIMERS),
  };
}

const ACTIONS: Record<Action, (run: TaskRun) => number | Promise<number>> = {
  scan: scanTasks,
  get: getTask,
  summary: summarizeTasks,
  anomaly: async (run) => (await import("./task-anomaly.ts")).showAnomalies(run),
  enrich: async (run) => (await import("./task-enrich.ts")).enrichTimers(run),
  report: async (run) => (await import("./task-report.ts")).writeReport(run),
  record: recordTask,
};

async function scanTasks(run: TaskRun): Promise<number> {
  const { settings } = run;
  const { ledger, result } = await refresh(run);
  if (isJson(run)) {
    const { response_ids: _, ...shown } = ledger;
    await writeJson({ ledger_path: run.ledgerPath, ...shown });
  } else {
    const lines = unmatchedLines(ledger);
    await writeStdout(tasksText(ledger.tasks, settings.format === "md", widthOfOutput(run)));
    if (!settings.quiet)
      sayLines([
        ...(lines.length > 0 && hasTasks(ledger) ? [""] : []),
        ...lines,
        ...(result.stats.transcripts === 0 && !hasTasks(ledger)
          ? noTranscripts(result, run.paths.length > 0)
          : emptyLines(run, ledger)),
        `Ledger    ${run.ledgerPath}`,
      ]);
  }
  return endOfScan(run, result);
}

function hasTasks({ tasks }: Ledger): boolean {
  return Object.keys(tasks).length > 0;
}

function emptyLines({ project }: TaskRun, ledger: Ledger): string[] {
  if (hasTasks(ledger)) return [];
  if (Object.keys(ledger.sessions).length > 0)
    return ["No session names a task (--task-pattern for other names; tokensift tasks record says it by hand)"];
  const where = project
    ? ` in ${project.root} (go to the project's folder, or name a --ledger for those of all projects)`
    : "";
  return [`No session has consumed anything${where}`];
}

function endOfScan({ settings }: TaskRun, result: ScanResult): number {
  if (!settings.quiet) sayLines(diagnosticLines(result));
  // Of a config file, about scans: here they would be asked of all transcripts, the project's or not.
  const failures = findFailures(result, { ...settings, failOverUsd: undefined, failOverTokens: undefined });
  sayLines(failures.map((failure) => `tokensift: ${failure}`));
  return failures.length > 0 ? EXIT.found : EXIT.done;
}

function widthOfOutput({ environment }: TaskRun): number {
  return outputWidth(environment.variables, false);
}

async function getTask(run: TaskRun): Promise<number> {
  const id = oneTask(run);
  const { ledger, exitCode } = await currentLedger(run);
  const task = taskOf(ledger, id, run);
  if (isJson(run)) await writeJson({ note: ledger.note, task_id: id, ...task });
  else await writeStdout(taskText(id, task, run.settings.format === "md"));
  return exitCode;
}

async function summarizeTasks(run: TaskRun): Promise<number> {
  const { ledger, exitCode } = await currentLedger(run);
  const { summary, unmatched_sessions, note } = ledger;
  if (isJson(run)) await writeJson({ note, summary, unmatched_sessions });
  else await writeStdout(summaryText(ledger, run.settings.format === "md", widthOfOutput(run)));
  return exitCode;
}

async function recordTask(run: TaskRun): Promise<number> {
  const [session, ...others] = run.settings.session ?? [];
  if (session === undefined || others.length > 0)
    throw new ScanError("INVALID_OPTION", "tasks record: say one session (--session ID --task ID)");
  const task = oneTask(run);
  const { readSaid, writeSaid } = await import("../ledger/said.ts");
  // Nothing is scanned below, so of a damaged ledger nothing would be left.
  const isScanned = run.settings.refresh === true || readLedger(run.ledgerPath).kind === "damaged";
  const refreshed = isScanned ? await refresh(run) : undefined;
  // Said first: should the rest fail, the next scan knows it.
  const ledger = await changeLedger(refreshOptions(run), (known) => {
    writeSaid(run.ledgerPath, new Map(readSaid(run.ledgerPath)).set(session, task));
    return known;
  });
  const isInLedger = Object.hasOwn(ledger.sessions, session);
  if (isJson(run)) await writeJson({ session_id: session, task_id: task, is_in_ledger: isInLedger });
  else if (!run.settings.quiet) {
    const later = isInLedger ? "" : " (the ledger does not know this session yet: tokensift tasks scan)";
    sayLines([`${session} belongs to ${task}${later}`]);
  }
  return refreshed ? endOfScan(run, refreshed.result) : EXIT.done;
}

/** The one task that was asked for. */
export function oneTask({ settings }: TaskRun): string {
  const [task, ...others] = settings.task ?? [];
  if (task !== undefined && others.length === 0) return normal(task);
  throw new ScanError("INVALID_OPTION", "--task: say one task (--task task-930.1)");
}

export function taskOf({ tasks }: Ledger, id: string, run: TaskRun): TaskEntry {
  const task = Object.hasOwn(tasks, id) ? tasks[id] : undefined;
  if (task !== undefined) return task;
  throw invalidOption(
    "--task",
    id,
    `is no task of ${run.ledgerPath} (${didYouMean(id, Object.keys(tasks).map(printable))}add --refresh to scan first)`,
  );
}

/** The ledger as it is, or with `--refresh` as it becomes; a damaged one is rebuilt. Throws where there is none. */
export async function currentLedger(run: TaskRun): Promise<{ ledger: Ledger; exitCode: number }> {
  const read = run.settings.refresh ? undefined : readLedger(run.ledgerPath);
  if (read?.kind === "whole") return { ledger: read.ledger, exitCode: EXIT.done };
  if (read?.kind === "absent") {
    throw new ScanError(
      "INVALID_OPTION",
      `no ledger ${run.ledgerPath} (make it with tokensift tasks scan, or add --refresh)`,
    );
  }
  const { ledger, result } = await refresh(run);
  return { ledger, exitCode: endOfScan(run, result) };
}

async function refresh(run: TaskRun): Promise<Refreshed> {
  const { quiet = false, progress } = run.settings;
  const line = new ProgressLine(() => showsProgress(progress, quiet, run.environment.variables));
  let release = () => {};
  let isCaught = false;
  const options = refreshOptions(run);
  try {
    return await refreshLedger({
      ...options,
      scan: {
        ...options.scan,
        onProgress: (at) => {
          if (!isCaught) release = catchInterrupts(() => line.clear());
          isCaught = true;
          line.update(at);
          if (at.bytesDone >= at.bytesTotal) release();
        },
      },
    });
  } finally {
    release();
    line.clear();
  }
}

export function refreshOptions(run: TaskRun): RefreshOptions {
  const { ledgerPath, nowMs } = run;
  return {
    path: ledgerPath,
    scan: { ...scanOptionsOf(run), environment: run.environment, nowMs },
    wanted: wantedOf(run),
    evidence: evidenceOf(run),
    nowMs,
    say: (text) => sayLines([`tokensift: ${text}`]),
  };
}

/** What is scanned, as plain data. */
export function scanOptionsOf({ settings, paths }: TaskRun) {
  const { threads, maxLine: maxLineBytes, cache, cacheDir: cacheDirectory, taskPattern, cost, prices } = settings;
  const reading = { threads, maxLineBytes, cache, cacheDirectory, taskPattern };
  return { paths: paths.length > 0 ? paths : undefined, ...reading, cost, prices };
}

export function wantedOf({ project, settings }: TaskRun): Wanted {
  return { project, patterns: settings.project };
}

/** What timers and dispatch log say. Throws a `ScanError`. */
export function evidenceOf({
  settings,
  timersPath,
  nowMs,
}: Pick<TaskRun, "settings" | "timersPath" | "nowMs">): Omit<Evidence, "said"> {
  const text = readTimersText(timersPath, settings.timers !== undefined);
  const entries = text === undefined ? [] : timerEntries(text, timersPath);
  const timers = timersOf(entries, nowMs);
  const [odd, ...others] = oddValues(entries);
  if (odd !== undefined) {
    const more = others.length > 0 ? `, and ${counted(others.length, "other")}` : "";
    sayLines([`tokensift: ${timersPath}: ${printable(odd)} cannot be read and was passed over${more}`]);
  }
  if (settings.dispatchLog === undefined) return { timers, dispatched: new Map() };
  const { tasks, damagedLines } = readDispatchLog(settings.dispatchLog);
  if (damagedLines.length > 0) {
    sayLines([
      `tokensift: ${settings.dispatchLog}: passed over ${counted(damagedLines.length, "line")} that ${damagedLines.length === 1 ? "is" : "are"} not JSON (the first is line ${damagedLines[0]})`,
    ]);
  }
  return { timers, dispatched: tasks };
}

export function isJson({ settings }: TaskRun): boolean {
  return settings.format === "json";
}

export async function writeJson(value: object): Promise<void> {
  await writeStdout(`${printableJson(JSON.stringify(value))}\n`);
}
