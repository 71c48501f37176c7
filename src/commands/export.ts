/** `tokensift export`: a row for every response, to stdout or to a file, as they are made. */
import type { Layer } from "../config/layer.ts";
import { readSettings } from "../config/read.ts";
import type { Settings } from "../config/settings.ts";
import { type Environment, thisEnvironment } from "../environment.ts";
import { EXPORT_FORMATS, type ExportFormat } from "../export/formats.ts";
import { EXPORT_BY, exportResponses, type ExportResult } from "../export/index.ts";
import { RowText } from "../export/text.ts";
import { diagnosticLines } from "../report/diagnostics.ts";
import { noRows, noTranscripts } from "../report/empty.ts";
import { statsLines } from "../report/stats.ts";
import { engineOptions } from "./engine-options.ts";
import { EXIT } from "./exit-code.ts";
import { findFailures } from "./failures.ts";
import { checkOutput } from "./no-transcript.ts";
import { withProgress } from "./scanning.ts";
import { sayLines } from "./terminal/streams.ts";
import { RowOutput } from "./row-output.ts";

/** The exit code. Rejects with a `ScanError` when it could not run. */
export async function runExport(paths: readonly string[], written: Layer["written"]): Promise<number> {
  const environment = thisEnvironment();
  const settings = readSettings(written, environment, process.cwd(), { command: "export", formats: EXPORT_FORMATS });
  if (settings.output !== undefined) checkOutput("--output", settings.output, { paths, environment });
  const { result, rows, isRead } = await writeRows(paths, settings, environment);
  if (isRead && !settings.quiet) {
    if (result.stats.transcripts === 0) sayLines(noTranscripts(result, paths.length > 0));
    else if (rows === 0) sayLines(noRows(result));
    sayLines([...diagnosticLines(result), ...(settings.stats ? statsLines(result) : [])]);
  }
  // Of a config file, about the totals of scans.
  const failures = findFailures(result, { ...settings, failOverUsd: undefined, failOverTokens: undefined });
  if (isRead) sayLines(failures.map((failure) => `tokensift: ${failure}`));
  return failures.length > 0 ? EXIT.found : EXIT.done;
}

interface Written {
  readonly result: ExportResult;
  readonly rows: number;
  /** False when nobody reads stdout any more. */
  readonly isRead: boolean;
}

async function writeRows(paths: readonly string[], settings: Settings, environment: Environment): Promise<Written> {
  const format: ExportFormat = settings.format === "ndjson" ? "ndjson" : "csv";
  // What a config file says of rows is about those of scans.
  const about = { by: EXPORT_BY, count: undefined, sort: undefined, top: undefined, breakdown: undefined };
  const options = { ...engineOptions(settings), ...about, paths: paths.length > 0 ? paths : undefined };
  return withProgress(options, settings, environment, async (asked, endProgress) => {
    const text = new RowText(format);
    const output = new RowOutput(settings.output, endProgress);
    let rows = 0;
    try {
      await output.add(text.header);
      const result = await exportResponses(asked, (row) => {
        rows++;
        return output.add(text.lineOf(row));
      });
      return { result, rows, isRead: await output.finish() };
    } finally {
      output.abandon();
    }
  });
}
