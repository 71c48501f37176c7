/** `tokensift blocks`: what was consumed in each of the five-hour windows that Claude's limits are counted in. */
import { scanBlocks } from "../blocks/index.ts";
import type { Layer } from "../config/layer.ts";
import { readSettings } from "../config/read.ts";
import { parseTokens } from "../config/values.ts";
import { thisEnvironment } from "../environment.ts";
import { ScanError } from "../errors.ts";
import { renderBlocks } from "../report/blocks.ts";
import { renderJson } from "../report/json.ts";
import type { ScanResult } from "../types.ts";
import { DEMO_FOLDER, DEMO_LABEL } from "./demo.ts";
import { engineOptions } from "./engine-options.ts";
import { EXIT } from "./exit-code.ts";
import { findFailures } from "./failures.ts";
import { checkOutput } from "./no-transcript.ts";
import { lookAt, sayNothingFound, sayRemarks, writeText } from "./reports.ts";
import { withProgress } from "./scanning.ts";
import { sayLines } from "./terminal/streams.ts";

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
  const { output, demo = false, quiet } = settings;
  if (output !== undefined) checkOutput("--output", output, { environment });
  const options = {
    ...engineOptions(settings),
    ...(demo && { paths: [DEMO_FOLDER] }),
    show: active ? ("active" as const) : recent ? ("recent" as const) : ("all" as const),
    tokenLimit: limit,
  };
  const report = await withProgress(options, settings, environment, scanBlocks);
  const result: ScanResult = { ...report, by: ["none"], rows: [], rowsOmitted: 0 };

  const isJson = settings.format === "json";
  const isEmpty = report.blocks.length === 0 && report.blocksOmitted === 0;
  if (isEmpty && !quiet) sayNothingFound(result);
  if (limit === "max" && report.tokenLimit === null && !isEmpty && !quiet)
    sayLines(["--token-limit max: no block is over, so there is no largest one"]);
  if (demo && isJson && !quiet) sayLines([DEMO_LABEL]);
  const look = async () => lookAt(settings, environment, demo, true);
  const text = isJson ? renderJson(report) : isEmpty ? "" : renderBlocks(report, await look(), active === true);
  const isRead = await writeText(text, settings);
  if (isRead && !quiet) sayRemarks(result, settings);
  const failures = findFailures(result, settings);
  if (isRead) sayLines(failures.map((failure) => `tokensift: ${failure}`));
  return failures.length > 0 ? EXIT.found : EXIT.done;
}

function parseLimit(text: string): number | "max" {
  if (text.trim().toLowerCase() === "max") return "max";
  return parseTokens(text, "--token-limit");
}
