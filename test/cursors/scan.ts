/** Scans with cursors, and what has to be the same with and without them. */
import { scan } from "tokensift";
import type { ScanOptions } from "../../src/options.ts";
import type { ScanResult } from "../../src/types.ts";
import { answerOf } from "../transcripts.ts";

export type CachedOptions = ScanOptions & { readonly cache?: boolean; readonly cacheDirectory?: string };

export const scanCached: (options: CachedOptions) => Promise<ScanResult> = scan;

/** An answer without what only says how it was come by. */
export function sayingsOf(result: ScanResult) {
  const answer = answerOf(result);
  const { transcriptsUnchanged: _, ...stats } = answer.stats;
  return { ...answer, stats };
}
