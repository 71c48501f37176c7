/** Times in which an agent had no block. */
import { groupBy } from "../tally/group-by.ts";
import type { SourceName } from "../types.ts";
import type { Starts } from "./chain.ts";
import { BLOCK_MS, type Gap } from "./types.ts";

/** Those of at least a block's length, between the first block of an agent that is told and the last. */
export function gapsOf(
  told: ReadonlyArray<{ readonly source: SourceName; readonly startMs: number }>,
  starts: Starts,
): Gap[] {
  const timed = told.filter(({ startMs }) => Number.isFinite(startMs));
  const gaps = [...groupBy(timed, ({ source }) => source)].flatMap(([source, some]) => {
    const [firstMs, lastMs] = [some[0]?.startMs as number, some.at(-1)?.startMs as number];
    const between = (starts.get(source) ?? []).filter((startMs) => startMs >= firstMs && startMs <= lastMs);
    return between.slice(1).flatMap((nextMs, at) => {
      const endMs = (between[at] as number) + BLOCK_MS;
      return nextMs - endMs >= BLOCK_MS ? [{ source, endMs, nextMs }] : [];
    });
  });
  return gaps
    .sort((a, b) => a.endMs - b.endMs)
    .map(({ source, endMs, nextMs }) => {
      return { source, startAt: new Date(endMs).toISOString(), endAt: new Date(nextMs).toISOString() };
    });
}
