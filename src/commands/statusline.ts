/** `tokensift statusline`: what Claude Code runs on every prompt. Quick, one line, and never loud. */
import { calendarFor } from "../calendar.ts";
import type { Layer } from "../config/layer.ts";
import { readSettings } from "../config/read.ts";
import { placeError, type Settings } from "../config/settings.ts";
import { type Environment, thisEnvironment } from "../environment.ts";
import { ScanError } from "../errors.ts";
import { diagnosticLines } from "../report/diagnostics.ts";
import { noTranscripts } from "../report/empty.ts";
import { statusLine } from "../report/statusline.ts";
import { type Status, statusOf } from "../statusline/index.ts";
import type { ScanResult } from "../types.ts";
import { EXIT } from "./exit-code.ts";
import { withProgress } from "./scanning.ts";
import { readStatuslineInput, type StatuslineInput } from "./statusline-input.ts";
import { choosePalette, isTerminalAt, outputWidth } from "./terminal/look.ts";
import { sayLines, writeStdout } from "./terminal/streams.ts";

const STDOUT = 1;

/** Always 0, but for a flag that cannot be: what fails is said on stderr, and the line is short. */
export async function runStatusline(written: Layer["written"]): Promise<number> {
  const environment = thisEnvironment();
  const input = await readStatuslineInput();
  const { told, problem } = input;
  let { color, quiet } = written as { color?: boolean; quiet?: boolean };
  let figures: { status: Status; result: ScanResult } | undefined;
  const said = problem === undefined ? [] : [`tokensift: ${problem}`];
  try {
    const settings = readSettings(written, environment);
    ({ color, quiet } = settings);
    figures = await scanStatus(input, settings, environment);
  } catch (error) {
    if (isOfFlag(error)) throw error;
    said.push(`tokensift: ${error instanceof ScanError ? error.message : `unexpected: ${String(error)}`}`);
  }
  const hasTranscripts = figures !== undefined && figures.result.stats.transcripts > 0;
  if (figures && !hasTranscripts) {
    const [first, ...others] = noTranscripts(figures.result);
    said.push(`tokensift: ${first}`, ...others);
  }
  const look = {
    width: widthOf(environment),
    palette: choosePalette(color, environment.variables, false),
    instead: figures ? "no transcripts" : "no figures (tokensift says why on stderr)",
  };
  const status = hasTranscripts ? figures?.status : undefined;
  const isRead = await writeStdout(`${statusLine(told, status, look)}\n`);
  if (isRead) sayLines(said);
  if (isRead && figures && !quiet) sayLines(diagnosticLines(figures.result));
  return EXIT.done;
}

/** Of what stands in the environment and in config files only where and how to read, and prices: sessions and today are whole. */
async function scanStatus(input: StatuslineInput, settings: Settings, environment: Environment) {
  const { cost, prices, timezone, threads, maxLine: maxLineBytes, cache, cacheDir: cacheDirectory } = settings;
  const nowMs = Date.now();
  const todayMs = await startOfToday(timezone, environment, nowMs).catch((error: unknown) => {
    throw error instanceof ScanError ? placeError(error, settings.origins) : error;
  });
  const options = {
    session: input.session,
    nowMs,
    todayMs,
    cost,
    prices,
    threads,
    maxLineBytes,
    cache,
    cacheDirectory,
  };
  const { status, result } = await withProgress(options, { ...settings, quiet: true }, environment, statusOf);
  return { status: input.tellsContext ? { ...status, contextTokens: undefined } : status, result };
}

/** Where the zone is the machine's, as JavaScript has it already: loading zones takes as long as all the rest. */
async function startOfToday(timezone: string | undefined, environment: Environment, nowMs: number): Promise<number> {
  if (timezone === undefined && environment.variables["TZ"] === undefined) return new Date(nowMs).setHours(0, 0, 0, 0);
  const calendar = await calendarFor(timezone, environment, true);
  return calendar.startOfDayMs(calendar.dayOf(nowMs));
}

/** Nobody but who wrote the command can mend it, and looks at it when it is tried. */
function isOfFlag(error: unknown): boolean {
  return error instanceof ScanError && error.code === "INVALID_OPTION" && error.message.startsWith("--");
}

/** Claude Code gives no terminal, and cuts what is too long itself. */
function widthOf({ variables }: Environment): number {
  return variables["COLUMNS"] === undefined && !isTerminalAt(STDOUT) ? Infinity : outputWidth(variables, false);
}
