/** `tokensift serve`: the ledger over HTTP, until somebody stops it. */
import type { Layer } from "../config/layer.ts";
import { ScanError } from "../errors.ts";
import { DEFAULT_MIN_TASKS, DEFAULT_THRESHOLD } from "../ledger/anomalies.ts";
import { readDispatchLog } from "../ledger/dispatch-log.ts";
import { readTimersText } from "../ledger/timers.ts";
import { scanOptionsOf, type TaskRun, taskRun, wantedOf } from "../commands/task-run.ts";
import { sayLines, writeStdout } from "../commands/terminal/streams.ts";
import { makeServer } from "./app.ts";
import { isLoopback } from "./guard.ts";
import { Refresher } from "./refresher.ts";
import type { Subject } from "./snapshot.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 4777;

/** The exit code, once it was stopped. Rejects with a `ScanError` when it could not start. */
export async function runServe(written: Layer["written"], paths: readonly string[]): Promise<number> {
  const run = taskRun(written, paths);
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, token, quiet } = run.settings;
  if (!isLoopback(host) && token === undefined) {
    throw new ScanError(
      "INVALID_OPTION",
      `--host: ${host} can be reached by others (add --token, or leave --host out)`,
    );
  }
  if (token !== undefined && !/^[\x21-\x7e]{8,}$/.test(token)) {
    throw new ScanError("INVALID_OPTION", "--token: is no token (8 or more characters, no spaces)");
  }
  // Mistyped, they would be missing in every answer; what happens to them later /api/health says.
  if (run.settings.timers !== undefined) readTimersText(run.timersPath, true);
  if (run.settings.dispatchLog !== undefined) readDispatchLog(run.settings.dispatchLog);
  const stopped = untilStopped();
  const refresher = new Refresher(subjectOf(run), (message) => sayLines([`tokensift: ${message}`]));
  try {
    await refresher.start();
  } catch (error) {
    await refresher.close();
    throw new ScanError("INTERNAL", (error as Error).message, { cause: error });
  }
  const app = makeServer(refresher, { host, token });
  try {
    const address = await app.listen({ host: host.replace(/^\[(.*)\]$/, "$1"), port });
    if (!quiet) await writeStdout(`${address}\n`);
  } catch (cause) {
    await refresher.close();
    const { code } = cause as NodeJS.ErrnoException;
    throw new ScanError(
      "OUTPUT_FAILED",
      `--port: ${host}:${port} cannot be listened on (${code}; give another --port)`,
      { cause },
    );
  }
  const exitCode = await stopped;
  await app.close();
  await refresher.close();
  return exitCode;
}

function subjectOf(run: TaskRun): Subject {
  const { settings } = run;
  return {
    scan: scanOptionsOf(run),
    ...wantedOf(run),
    ledgerPath: run.ledgerPath,
    timersPath: run.timersPath,
    timersAreNamed: settings.timers !== undefined,
    dispatchLog: settings.dispatchLog,
    threshold: settings.threshold ?? DEFAULT_THRESHOLD,
    minTasks: settings.minTasks ?? DEFAULT_MIN_TASKS,
  };
}

/** 130 or 143, as a shell shows a process that a signal ended. */
async function untilStopped(): Promise<number> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve(130));
    process.once("SIGTERM", () => resolve(143));
  });
}
