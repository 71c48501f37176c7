/** Where blocks begin. */
import { BLOCK_MS } from "./types.ts";

/** `hoursMs`: full hours with a response, ascending. Returns starts, ascending: blocks of five hours never overlap. */
export function findStarts(hoursMs: readonly number[]): number[] {
  const starts: number[] = [];
  let endMs = -Infinity;
  for (const hourMs of hoursMs) {
    if (hourMs < endMs) continue;
    starts.push(hourMs);
    endMs = hourMs + BLOCK_MS;
  }
  return starts;
}

/**
 * The start of the block that an hour is of. An hour in no block has only tool uses, of a response in the block
 * before. Undefined: there is no block.
 */
export function startOf(hourMs: number, starts: readonly number[]): number | undefined {
  return starts.findLast((startMs) => startMs <= hourMs) ?? starts[0];
}

/** An hour's name in UTC, as rows have it, to ms; NaN: no time is known. */
export function hourMs(name: string): number {
  return Date.parse(name.replace(/\+00:00$/, ":00Z"));
}
