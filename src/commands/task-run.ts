/** What a command about tasks was asked for, and where what it needs lies. */
import { join } from "node:path";
import { commandLineLayer, type Layer } from "../config/layer.ts";
import { readSettings } from "../config/read.ts";
import { resolveSettings, type Settings } from "../config/settings.ts";
import { type Environment, thisEnvironment } from "../environment.ts";
import { invalidOption, ScanError } from "../errors.ts";
import { readDispatchLog } from "../ledger/dispatch-log.ts";
import { defaultLedger, type Project, projectAt } from "../ledger/location.ts";
import type { Evidence } from "../ledger/match.ts";
import type { RefreshOptions } from "../ledger/refresh.ts";
import type { Wanted } from "../ledger/sessions.ts";
import { normal, oddValues, readTimersText, timerEntries, timersOf } from "../ledger/timers.ts";
import type { Ledger, TaskEntry } from "../ledger/types.ts";
import { counted } from "../report/numbers.ts";
import { printable, printableJson } from "../report/printable.ts";
import { didYouMean } from "../config/suggest.ts";
import { checkIsNoTranscript } from "./no-transcript.ts";
import { TASKS_FORMATS } from "./task-actions.ts";
import { outputWidth } from "./terminal/look.ts";
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

export function widthOfOutput({ environment }: TaskRun): number {
  return outputWidth(environment.variables, false);
}
