/** A question to the oracle, as the engine is asked it. */
import { WEEKDAYS } from "../../src/calendar.ts";
import type { ScanOptions } from "../../src/options.ts";
import type { Asked } from "./generate.ts";

/** How the work is cut; nothing of it may show in the answer. */
export interface Cut {
  readonly threads: number;
  readonly chunkBytes: number | null;
  readonly rangeBytes: number | null;
}

export function toEngine(
  { since, until, startOfWeek, maxLine, onRule: _, ...rest }: Asked,
  cut: Cut,
): ScanOptions & { readonly paths: string[] } {
  return {
    ...rest,
    threads: cut.threads,
    ...(cut.chunkBytes === null ? {} : { chunkBytes: cut.chunkBytes }),
    ...(cut.rangeBytes === null ? {} : { rangeBytes: cut.rangeBytes }),
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    ...(startOfWeek === undefined ? {} : { startOfWeek: WEEKDAYS[startOfWeek]! }),
    ...(maxLine === undefined ? {} : { maxLineBytes: maxLine }),
  };
}
