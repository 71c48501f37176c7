/** One scan from top to bottom: roots, transcripts, shards, batches, events, figures. */
import { calendarFor } from "./calendar.ts";
import { discover } from "./discover/index.ts";
import type { Transcript } from "./discover/transcript.ts";
import { merge } from "./merge.ts";
import { checkOptions, defaultThreads, type ScanOptions } from "./options.ts";
import { plan } from "./plan.ts";
import { scanShards } from "./pool.ts";
import { describeScan } from "./result.ts";
import { Stages } from "./stages.ts";
import { tally } from "./tally/index.ts";
import { findPlaces } from "./tally/places.ts";
import { isTimeDimension, type ScanResult } from "./types.ts";
import { parseWindow } from "./window.ts";

/**
 * Scans transcripts and tells what they consumed.
 *
 * Bad lines and unreadable files are counted and listed in the result. Rejects with a `ScanError`: a bad option,
 * a path that does not exist, a sum beyond 2^53 - 1, or an abort.
 *
 * @example
 * const { totals, rows } = await scan({ by: ["project"], since: "7d" });
 */
export async function scan(options: ScanOptions = {}): Promise<ScanResult> {
  const checked = checkOptions(options);
  const stages = new Stages();
  const asksForDays = checked.by.some(isTimeDimension) || checked.since !== undefined || checked.until !== undefined;
  const calendar = await calendarFor(checked.timezone, checked.environment, asksForDays);
  const window = parseWindow(checked.since, checked.until, calendar, checked.nowMs);

  const found = discover(checked.paths, checked.environment);
  const bytesTotal = found.transcripts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const threads = checked.threads ?? defaultThreads(bytesTotal, found.transcripts.length);
  const shards = plan(found.transcripts, { threads, rangeBytes: checked.rangeBytes });
  stages.end("discover");

  let bytesDone = 0;
  const batches = await scanShards(shards, {
    threads,
    limits: {
      chunkBytes: checked.chunkBytes,
      maxLineBytes: checked.maxLineBytes,
      folds: checked.count === "responses",
    },
    signal: checked.signal,
    onShard: (shard) => {
      for (const { start, end } of shard.ranges) bytesDone += end - start;
      checked.onProgress?.({ bytesDone, bytesTotal });
    },
  });
  stages.end("scan");

  const table = merge(batches, found.transcripts.length);
  stages.end("merge");

  const asksForAgents = checked.by.includes("agent") || (checked.filters?.agent?.length ?? 0) > 0;
  const agentTypes = asksForAgents ? await agentTypesOf(found.transcripts) : new Map<number, string>();
  const tallied = await tally(table, findPlaces(found.transcripts, table), {
    ...checked,
    breakdown: checked.breakdown ?? false,
    filters: checked.filters,
    window,
    calendar,
    agentTypes,
  });
  stages.end("tally");
  return describeScan({ checked, calendar, window, found, table, tallied, bytesTotal, threads, stages });
}

async function agentTypesOf(transcripts: readonly Transcript[]): Promise<ReadonlyMap<number, string>> {
  const { readAgentTypes } = await import("./discover/agent-types.ts");
  return readAgentTypes(transcripts);
}
