/** Settings as the engine takes them. */
import type { Settings } from "../config/settings.ts";
import type { ScanOptions } from "../options.ts";

export function engineOptions(settings: Settings): ScanOptions {
  const {
    source: sources,
    by,
    breakdown,
    sort,
    top,
    count,
    cost,
    prices,
    since,
    until,
    timezone,
    startOfWeek,
    threads,
  } = settings;
  const { project, session, model, agent, team, maxLine: maxLineBytes } = settings;
  // Ids are in lower case, as transcripts name them in any.
  const task = settings.task?.map((pattern) => pattern.trim().toLowerCase());
  const { cache, cacheDir: cacheDirectory, taskPattern } = settings;
  const filters = {
    ...(project && { project }),
    ...(session && { session }),
    ...(model && { model }),
    ...(agent && { agent }),
    ...(team && { team }),
    ...(task && { task }),
  };
  const rows = { sources, by, breakdown, sort, top, count, cost, prices, since, until, timezone, startOfWeek, filters };
  return { ...rows, threads, maxLineBytes, cache, cacheDirectory, taskPattern };
}
