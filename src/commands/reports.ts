/** A result to stdout or to files, and what is said beside it on stderr. */
import { calendarFor } from "../calendar.ts";
import type { Format } from "../config/flags.ts";
import type { Settings } from "../config/settings.ts";
import type { Environment } from "../environment.ts";
import { writeAtomic } from "../files/atomic.ts";
import { diagnosticLines } from "../report/diagnostics.ts";
import { noRows, noTranscripts } from "../report/empty.ts";
import { render } from "../report/index.ts";
import type { Look } from "../report/look.ts";
import { statsLines } from "../report/stats.ts";
import { showsTimes } from "../report/window.ts";
import type { ScanResult } from "../types.ts";
import { DEMO_LABEL } from "./demo.ts";
import { choosePalette, outputWidth } from "./terminal/look.ts";
import { sayLines, writeStdout } from "./terminal/streams.ts";

const DEMO_HINT = "To see what a report looks like: tokensift scan --demo";

/** False when nobody reads stdout any more. */
export async function writeReports(
  result: ScanResult,
  settings: Settings,
  environment: Environment,
  isDemo: boolean,
  arePathsGiven = false,
): Promise<boolean> {
  const { metrics, quiet, format = "table" } = settings;
  if (metrics !== undefined) {
    const { renderMetrics } = await import("../report/metrics.ts");
    writeAtomic("--metrics", metrics, renderMetrics(result, Date.now()), "everybody");
  }
  // A table says it itself.
  if (isDemo && !quiet && format !== "table") sayLines([DEMO_LABEL]);
  const isEmpty = result.rows.length === 0 && result.rowsOmitted === 0;
  if (isEmpty && !quiet) sayNothingFound(result, arePathsGiven);
  const text =
    isEmpty && isForPeople(format)
      ? ""
      : await render(result, format, () => lookAt(settings, environment, isDemo, showsTimes(result)));
  return writeText(text, settings);
}

/** False when nobody reads stdout any more. */
export async function writeText(text: string, { output }: Settings): Promise<boolean> {
  if (output === undefined) return writeStdout(text);
  writeAtomic("--output", output, text, "owner");
  return true;
}

export function sayNothingFound(result: ScanResult, arePathsGiven = false): void {
  if (result.stats.transcripts > 0) sayLines(noRows(result));
  else sayLines([...noTranscripts(result, arePathsGiven), ...(arePathsGiven ? [] : [DEMO_HINT])]);
}

export function sayRemarks(result: ScanResult, { stats, output, format = "table" }: Settings): void {
  const lines = [...diagnosticLines(result), ...(stats ? statsLines(result) : [])];
  // Where both go to one terminal, the table ends before what is said of it.
  const isBelowTable = output === undefined && isForPeople(format) && lines.length > 0;
  sayLines(isBelowTable ? ["", ...lines] : lines);
}

function isForPeople(format: Format): boolean {
  return format === "table" || format === "md";
}

/** `hasTimes`: whether the zone is asked for. */
export async function lookAt(
  { output, color, timezone }: Settings,
  environment: Environment,
  isDemo: boolean,
  hasTimes: boolean,
): Promise<Look> {
  const { variables, home } = environment;
  const isToFile = output !== undefined;
  const calendar = await calendarFor(timezone, environment, hasTimes);
  return {
    width: outputWidth(variables, isToFile),
    palette: choosePalette(color, variables, isToFile),
    home,
    offsetMs: (instantMs) => calendar.offsetMs(instantMs),
    demoLabel: isDemo ? DEMO_LABEL : undefined,
  };
}
