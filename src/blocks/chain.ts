/** Where blocks begin, and which one runs. */
import type { Row } from "../types.ts";
import { BLOCK_MS } from "./types.ts";

/** `rows` by hour in UTC, and whatever else, of one agent and of all time. Returns starts, ascending: blocks of five hours never overlap. */
export function startsIn(rows: readonly Row[]): number[] {
  const hoursMs = rows.filter(({ responses }) => responses > 0).map(({ key }) => hourMs(key.hour as string));
  const starts: number[] = [];
  let endMs = -Infinity;
  for (const ms of hoursMs.filter((one) => !Number.isNaN(one)).sort((a, b) => a - b)) {
    if (ms < endMs) continue;
    starts.push(ms);
    endMs = ms + BLOCK_MS;
  }
  return starts;
}

/**
 * The start of the block that an hour is of. An hour in no block has only tool uses, of a response in the block
 * before. Undefined: there is no block, or no time (NaN).
 */
export function startOf(ms: number, starts: readonly number[]): number | undefined {
  return Number.isNaN(ms) ? undefined : (starts.findLast((startMs) => startMs <= ms) ?? starts[0]);
}

export function isRunning(startMs: number, nowMs: number): boolean {
  return startMs <= nowMs && nowMs < startMs + BLOCK_MS;
}

/** An hour's name in UTC, as rows have it, to ms; NaN: no time is known. */
export function hourMs(name: string): number {
  return Date.parse(name.replace(/\+00:00$/, ":00Z"));
}
