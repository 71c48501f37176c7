/** `tokensift tasks`: the ledger of what each task consumed. */
import { type FlagName, flagOf } from "../config/flags.ts";
import type { Layer } from "../config/layer.ts";
import { placeError } from "../config/settings.ts";
import { oneOf } from "../config/values.ts";
import { ScanError } from "../errors.ts";
import { changeLedger } from "../ledger/refresh.ts";
import { readLedger } from "../ledger/store.ts";
import { summaryText, tasksText, taskText, unmatchedLines } from "../ledger/show.ts";
import { readTimersText } from "../ledger/timers.ts";
import type { Ledger } from "../ledger/types.ts";
import { noTranscripts } from "../report/empty.ts";
import { EXIT } from "./exit-code.ts";
import { TASK_ACTIONS } from "./task-actions.ts";
import { sayLines, writeStdout } from "./terminal/streams.ts";
import { currentLedger, refresh, endOfScan } from "./task-ledger.ts";
import {
  type TaskRun,
  taskRun,
  oneTask,
  taskOf,
  refreshOptions,
  isJson,
  writeJson,
  widthOfOutput,
} from "./task-run.ts";

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
