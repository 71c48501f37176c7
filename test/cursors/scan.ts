/** Scans with cursors, and what has to be the same with and without them. */
import type { ScanResult } from "../../src/types.ts";
import { answerOf } from "../transcripts.ts";

/** An answer without what only says how it was come by. */
export function sayingsOf(result: ScanResult) {
  const { stats, diagnostics, ...figures } = answerOf(result);
  const { transcriptsUnchanged: _, ...counts } = { transcriptsUnchanged: 0, ...stats };
  const { cache: _cache, ...remarks } = diagnostics;
  return { ...figures, stats: counts, diagnostics: remarks };
}
