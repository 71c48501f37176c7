/** `tokensift scan`: settings, the scan, its report, and what has to be said beside it. */
import type { Layer } from "../config/layer.ts";
import { readSettings } from "../config/read.ts";
import type { Settings } from "../config/settings.ts";
import { ScanError } from "../errors.ts";
import { type Environment, thisEnvironment } from "../environment.ts";
import { targetOf } from "../files/atomic.ts";
import { noTranscripts } from "../report/empty.ts";
import type { ScanResult } from "../types.ts";
import { DEMO_FOLDER } from "./demo.ts";
import { engineOptions } from "./engine-options.ts";
import { EXIT } from "./exit-code.ts";
import { findFailures } from "./failures.ts";
import { checkOutput } from "./no-transcript.ts";
import { sayRemarks, writeReports } from "./reports.ts";
import { scanWithProgress } from "./scanning.ts";
import { sayLines } from "./terminal/streams.ts";

/** The exit code. Rejects with a `ScanError` when it could not run. */
export async function runScan(paths: readonly string[], written: Layer["written"]): Promise<number> {
  const environment = thisEnvironment();
  const settings = readSettings(written, environment);
  checkSettings(settings, paths, environment);
  const { result, isDemo } = await scanOrDemo(paths, settings, environment);

  const isRead = await writeReports(result, settings, environment, isDemo, paths.length > 0);
  if (isRead && !settings.quiet) sayRemarks(result, settings);
  const failures = findFailures(result, settings);
  if (isRead) sayLines(failures.map((failure) => `tokensift: ${failure}`));
  return failures.length > 0 ? EXIT.found : EXIT.done;
}

/** What would fail after the scan fails before it. */
function checkSettings(settings: Settings, paths: readonly string[], environment: Environment): void {
  const { output, metrics, demo } = settings;
  for (const [flag, file] of [
    ["--output", output],
    ["--metrics", metrics],
  ] as const) {
    if (file !== undefined) checkOutput(flag, file, { paths, environment });
  }
  if (output !== undefined && metrics !== undefined && targetOf(output) === targetOf(metrics)) {
    throw new ScanError("INVALID_OPTION", `--output and --metrics: both are ${output} (give two files)`);
  }
  if (demo && paths.length > 0) {
    throw new ScanError("INVALID_OPTION", "--demo: scans its own transcripts (leave out the paths or --demo)");
  }
}

async function scanOrDemo(paths: readonly string[], settings: Settings, environment: Environment) {
  if (settings.demo) return { result: await scanPaths([DEMO_FOLDER], settings, environment), isDemo: true };
  const result = await scanPaths(paths, settings, environment);
  if (!settings.orDemo || result.stats.transcripts > 0) return { result, isDemo: false };
  sayLines([...noTranscripts(result), "", "So here is the demo that comes with tokensift.", ""]);
  return { result: await scanPaths([DEMO_FOLDER], settings, environment), isDemo: true };
}

async function scanPaths(paths: readonly string[], settings: Settings, environment: Environment): Promise<ScanResult> {
  const options = { ...engineOptions(settings), paths: paths.length > 0 ? paths : undefined };
  return scanWithProgress(options, settings, environment);
}
