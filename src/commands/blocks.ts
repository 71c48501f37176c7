/** `tokensift blocks`: what was consumed in each of the five-hour windows that Claude's limits are counted in. */
import { scanBlocks } from "../blocks/index.ts";
import { calendarFor } from "../calendar.ts";
import type { Layer } from "../config/layer.ts";
import { readSettings } from "../config/read.ts";
import type { Settings } from "../config/settings.ts";
import { parseTokens } from "../config/values.ts";
import { thisEnvironment } from "../environment.ts";
import { ScanError } from "../errors.ts";
import { checkWritable, writeAtomic } from "../files/atomic.ts";
import { renderBlocks } from "../report/blocks.ts";
import { noRows, noTranscripts } from "../report/empty.ts";
import { renderJson } from "../report/json.ts";
import type { ScanResult } from "../types.ts";
import { DEMO_FOLDER, DEMO_LABEL } from "./demo.ts";
import { engineOptions } from "./engine-options.ts";
import { EXIT } from "./exit-code.ts";
import { findFailures } from "./failures.ts";
import { checkIsNoTranscript } from "./no-transcript.ts";
import { DEMO_HINT, sayRemarks } from "./reports.ts";
import { scanWithProgress } from "./scanning.ts";
import { choosePalette, outputWidth } from "./terminal/look.ts";
import { sayLines, writeStdout } from "./terminal/streams.ts";

/** As commander has them. */
type BlocksWritten = Layer["written"] & {
  readonly active?: boolean;
  readonly recent?: boolean;
  readonly tokenLimit?: string;
};

/** The exit code. Rejects with a `ScanError` when it could not run. */
export async function runBlocks({ active, recent, tokenLimit, ...written }: BlocksWritten): Promise<number> {
  if (active && recent)
    throw new ScanError("INVALID_OPTION", "--active and --recent: two choices of blocks (give one of them)");
  const limit = tokenLimit === undefined ? undefined : parseLimit(tokenLimit);
  const environment = thisEnvironment();
  const settings = readSettings(written, environment);
  const { output, demo, timezone, color, quiet } = settings;
  if (output !== undefined) {
    checkWritable("--output", output);
    checkIsNoTranscript("--output", output, { paths: [], environment });
  }
  const options = {
    ...engineOptions(settings),
    ...(demo && { paths: [DEMO_FOLDER] }),
    show: active ? ("active" as const) : recent ? ("recent" as const) : ("all" as const),
    tokenLimit: limit,
  };
  const report = await scanWithProgress(options, settings, environment, scanBlocks);
  const result: ScanResult = { ...report, by: ["none"], rows: [], rowsOmitted: 0 };

  const isJson = settings.format === "json";
  const isEmpty = report.blocks.length === 0 && report.blocksOmitted === 0;
  if (isEmpty && !quiet)
    sayLines(result.stats.transcripts > 0 ? noRows(result) : [...noTranscripts(result), DEMO_HINT]);
  if (limit === "max" && report.tokenLimit === null && !isEmpty && !quiet)
    sayLines(["--token-limit max: no block is over, so there is no largest one"]);
  if (demo && isJson && !quiet) sayLines([DEMO_LABEL]);
  const isToFile = output !== undefined;
  const look = async () => {
    const calendar = await calendarFor(timezone, environment, true);
    return {
      width: outputWidth(environment.variables, isToFile),
      palette: choosePalette(color, environment.variables, isToFile),
      home: environment.home,
      offsetMs: (instantMs: number) => calendar.offsetMs(instantMs),
      demoLabel: demo ? DEMO_LABEL : undefined,
    };
  };
  const text = isJson ? renderJson(report) : isEmpty ? "" : renderBlocks(report, await look(), active === true);
  const isRead = await write(text, settings);
  if (isRead && !quiet) sayRemarks(result, settings);
  const failures = findFailures(result, settings);
  if (isRead) sayLines(failures.map((failure) => `tokensift: ${failure}`));
  return failures.length > 0 ? EXIT.found : EXIT.done;
}

function parseLimit(text: string): number | "max" {
  if (text.trim().toLowerCase() === "max") return "max";
  return parseTokens(text, "--token-limit");
}

/** False when nobody reads stdout any more. */
async function write(text: string, { output }: Settings): Promise<boolean> {
  if (output === undefined) return writeStdout(text);
  writeAtomic("--output", output, text, "owner");
  return true;
}
