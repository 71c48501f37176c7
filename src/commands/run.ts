/** `tokensift run`: what the lead, each worker and the whole of an orchestrated run consumed. */
import { existsSync } from "node:fs";
import { readSettings } from "../config/read.ts";
import { placeError, type Settings } from "../config/settings.ts";
import { type Environment, thisEnvironment } from "../environment.ts";
import { invalidInput, invalidOption, ScanError } from "../errors.ts";
import { checkWritable, writeAtomic } from "../files/atomic.ts";
import { lowOutputLines } from "../report/diagnostics.ts";
import { bytesText, counted } from "../report/numbers.ts";
import { printableJson } from "../report/printable.ts";
import { collect, type Collected, type CollectOptions } from "../run/collect.ts";
import { readTeamState, readText, type TeamStateFile, withUsage, writeUsage } from "../run/file.ts";
import { isSame, placeOf } from "../run/place.ts";
import { type Rewrite, rewriteReport } from "../run/report-data.ts";
import { EXIT } from "./exit-code.ts";
import { choosePalette, outputWidth } from "./terminal/look.ts";
import { withProgressLine } from "./terminal/progress.ts";
import { sayLines, writeStdout } from "./terminal/streams.ts";
import { withoutMark } from "../json.ts";

/** As commander has them. */
export interface RunWritten extends Readonly<Partial<Record<string, unknown>>> {
  readonly projectRoot?: string;
  readonly write?: boolean;
  readonly summary?: boolean;
  readonly substituteData?: string;
  readonly watch?: boolean;
  readonly interval?: string;
  readonly since?: string;
  readonly until?: string;
  readonly json?: boolean;
}

/** The exit code. Rejects with a `ScanError` when it could not run. */
export async function runRun(path: string, written: RunWritten): Promise<number> {
  const environment = thisEnvironment();
  const settings = readSettings(written, environment);
  checkFlags(path, written);
  const options = collectOptions(settings, written, environment);
  const file = readTeamState(path);
  const collectFrom = async ({ state }: TeamStateFile) =>
    withProgressLine(settings, environment, async (onProgress) =>
      collect(state, placeOf(state, path, written.projectRoot), { ...options, onProgress }).catch((error: unknown) => {
        throw error instanceof ScanError ? placeError(error, settings.origins) : error;
      }),
    );
  if (written.watch) {
    const { watchRun } = await import("./watch.ts");
    await watchRun(async () => collectFrom(readTeamState(path)), {
      interval: written.interval,
      isJson: written.json === true,
    });
    return EXIT.done;
  }
  const collected = await collectFrom(file);
  // All that can fail without a disk fails before anything is written.
  const report = written.substituteData;
  const rewrites = report === undefined ? [] : rewriteReport(report, collected, file.state);
  for (const { path: target } of rewrites) checkWritable("--substitute-data", target);
  const text = written.write ? writeBack(file, collected) : withUsage(file, collected);
  for (const rewrite of rewrites) writeReport(rewrite);
  await writeStdout(
    written.json
      ? `${printableJson(withoutMark(text).trimEnd())}\n`
      : // Measuring texts needs patterns of all scripts, which take 2 ms to make.
        (await import("../report/run.ts")).renderRun(collected, file.state, {
          palette: choosePalette(settings.color, environment.variables, false),
          width: outputWidth(environment.variables, false),
          withDefinitions: written.summary === true,
        }),
  );
  sayRemarks(collected, settings);
  return EXIT.done;
}

/** What would fail at the end fails at once. */
function checkFlags(path: string, written: RunWritten): void {
  if (written.interval !== undefined && !written.watch)
    throw invalidOption("--interval", written.interval, "needs --watch");
  for (const [flag, isGiven] of [
    ["--write", written.write],
    ["--summary", written.summary],
    ["--substitute-data", written.substituteData !== undefined],
  ] as const) {
    if (written.watch && isGiven)
      throw new ScanError("INVALID_OPTION", `${flag} and --watch: watching only prints (leave one of them out)`);
  }
  if (written.substituteData !== undefined) {
    if (isSame(written.substituteData, path))
      throw new ScanError(
        "INVALID_OPTION",
        `--substitute-data: ${path} is the team-state itself (give the run's report data)`,
      );
    readText(written.substituteData);
    checkWritable("--substitute-data", written.substituteData);
  }
  // A file that is not there is said to be so, and not that it cannot be written.
  if (written.write && existsSync(path)) checkWritable("--write", path);
}

/** Of flags that stand elsewhere only those about reading and prices count: a run has a window of its own. */
function collectOptions(settings: Settings, written: RunWritten, environment: Environment): CollectOptions {
  const { cost, prices, threads, cache, cacheDir: cacheDirectory } = settings;
  return { since: written.since, until: written.until, cost, prices, threads, cache, cacheDirectory, environment };
}

/** What the file holds then. */
function writeBack(file: TeamStateFile, collected: Collected): string {
  return writeUsage(file, collected, (text, isUnchanged) =>
    writeAtomic("--write", file.path, text, "owner", isUnchanged),
  );
}

function writeReport({ path, before, after }: Rewrite): void {
  const isUnchanged = () => readText(path) === before;
  if (!writeAtomic("--substitute-data", path, after, "owner", isUnchanged)) {
    throw invalidInput(
      path,
      "",
      "changed while the run was collected, so it was not written (run tokensift run again)",
    );
  }
}

function sayRemarks({ stats, usageSummary }: Collected, { stats: wantsStats, quiet }: Settings): void {
  if (quiet) return;
  const { notes, unreadable, skipped, responsesWithoutTime, lowOutputResponses } = usageSummary.diagnostics;
  const damaged = skipped.malformed + skipped.oversized;
  sayLines([
    ...notes,
    ...(unreadable.length > 0
      ? [`${counted(unreadable.length, "file")} could not be read (see usageSummary.diagnostics)`]
      : []),
    ...(damaged > 0 ? [`${counted(damaged, "line")} skipped as damaged (see usageSummary.diagnostics)`] : []),
    ...(responsesWithoutTime > 0
      ? [`${counted(responsesWithoutTime, "response")} without a time: in every window`]
      : []),
    ...lowOutputLines(lowOutputResponses),
    ...(stats.cacheFailure === undefined
      ? []
      : [`the cache could not be written (${stats.cacheFailure}): the next run reads more`]),
    ...(wantsStats
      ? [
          `${counted(stats.transcripts, "transcript")}, ${stats.transcriptsUnchanged} unchanged, ${bytesText(stats.bytesRead)} read`,
        ]
      : []),
  ]);
}
