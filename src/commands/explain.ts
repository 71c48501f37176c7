/** `tokensift prices explain`: what the costs of a scan, or of rows of it, are the sum of. */
import { didYouMean } from "../config/suggest.ts";
import type { Settings } from "../config/settings.ts";
import type { Environment } from "../environment.ts";
import { invalidOption, ScanError } from "../errors.ts";
import { makePattern } from "../filters.ts";
import { printableJson } from "../report/printable.ts";
import { diagnosticLines } from "../report/diagnostics.ts";
import { noRows, noTranscripts } from "../report/empty.ts";
import { keyText } from "../report/keys.ts";
import { explanationLines } from "../report/prices.ts";
import type { Dimension, Row, ScanResult } from "../types.ts";
import { engineOptions } from "./engine-options.ts";
import { EXIT } from "./exit-code.ts";
import { scanWithProgress } from "./scanning.ts";
import { outputWidth } from "./terminal/look.ts";
import { sayLines, writeStdout } from "./terminal/streams.ts";

/** What only counts where it is asked for on the command line: a config file's is about scans. */
export interface Asked {
  /** Files and folders; none: where the agents keep their transcripts. */
  readonly paths: readonly string[];
  /** Undefined: everything together. */
  readonly by: readonly Dimension[] | undefined;
  readonly sort: string | undefined;
  readonly top: number | undefined;
  /** Names of rows, in the order of `by` with commas between. */
  readonly rows: readonly string[] | undefined;
}

/** The exit code. Rejects with a `ScanError` when it could not run. */
export async function explain(
  settings: Settings,
  asked: Asked,
  environment: Environment,
  isJson: boolean,
): Promise<number> {
  // A config file's is about reports, which may do without costs.
  const cost = settings.cost === "none" && settings.origins.cost !== "--cost" ? undefined : settings.cost;
  if (cost === "none") {
    throw new ScanError("INVALID_OPTION", `--cost: none has nothing to explain (leave it out, or give auto)`);
  }
  const by = asked.by ?? ["none"];
  const asksForRows = by.some((dimension) => dimension !== "none");
  if (!asksForRows && asked.rows !== undefined) {
    throw invalidOption("--row", asked.rows[0] ?? "", "needs --by, which says what rows are named by (--by model)");
  }
  const { sort, top } = asked;
  const paths = asked.paths.length > 0 ? asked.paths : undefined;
  const options = { ...engineOptions(settings), paths, by, sort, top, cost, breakdown: false, explain: true };
  const result = await scanWithProgress(options, settings, environment);
  const rows = asked.rows === undefined ? result.rows : await rowsNamed(result, asked.rows, environment.home);
  const { totals, costBasis, costLines, window, rowsOmitted, diagnostics } = result;
  const json = { window, by: result.by, rows, rowsOmitted, totals, costBasis, costLines, diagnostics };
  const { home, variables } = environment;
  const look = { home, width: outputWidth(variables, false) };
  const lines = explanationLines(result, asksForRows ? rows : undefined, look);
  await writeStdout(isJson ? `${printableJson(JSON.stringify(json))}\n` : `${lines.join("\n")}\n`);
  if (!settings.quiet) {
    if (result.stats.transcripts === 0) sayLines(noTranscripts(result, paths !== undefined));
    else if (result.rows.length === 0 && rowsOmitted === 0) sayLines(noRows(result));
    sayLines(diagnosticLines(result));
  }
  return EXIT.done;
}

/** The rows that any of `asked` names, each of which has to name one. */
async function rowsNamed(result: ScanResult, asked: readonly string[], home: string): Promise<Row[]> {
  const tests = await Promise.all(
    asked.map(async (text) => {
      const names = namesIn(text, result.by);
      const patterns = await Promise.all(names.map(async (name) => makePattern([name])));
      const test = (row: Row) => patterns.every((matches, at) => spellings(row, at, result, home).some(matches));
      if (!result.rows.some(test)) throw noSuchRow(text, result, home);
      return test;
    }),
  );
  return result.rows.filter((row) => tests.some((test) => test(row)));
}

/** A name of one dimension may have commas in it. */
function namesIn(text: string, by: readonly Dimension[]): readonly string[] {
  const names = by.length === 1 ? [text] : text.split(",").map((name) => name.trim());
  if (names.length === by.length) return names;
  throw invalidOption("--row", text, `is not as --by ${by.join(",")} names rows (give ${by.length} names, * for any)`);
}

/** As transcripts have a name, and as tables do. */
function spellings(row: Row, at: number, { by }: ScanResult, home: string): readonly string[] {
  const dimension = by[at] as Dimension;
  return [row.key[dimension] ?? [], keyText(row, dimension, home)].flat();
}

function noSuchRow(text: string, result: ScanResult, home: string): ScanError {
  const { by, rows } = result;
  const names = rows.map((row) => by.map((dimension) => keyText(row, dimension, home)).join(","));
  const hint =
    rows.length === 0 ? "there are none" : `${didYouMean(text, names)}see tokensift scan --by ${by.join(",")}`;
  return invalidOption("--row", text, `names no row by ${by.join(",")} (${hint})`);
}
