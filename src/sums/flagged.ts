/** Transcripts with events that bear flags. */
import type { MergedTable } from "../merge.ts";
import { bindTable } from "../tally/repeated.ts";

/** Those with an event that bears any of `flags`. */
export function transcriptsWith(flags: number, table: MergedTable): Set<number> {
  const { memory, length, transcriptOf } = table;
  // Cursors that were written since it was merged were a table of their own.
  bindTable(table);
  const found = new Set<number>();
  const next = (from: number) => memory.native.nextWith(flags, from, length);
  for (let i = next(0); i < length; i = next(i + 1)) found.add(transcriptOf[i] as number);
  return found;
}
