/** Where blocks begin, and which one runs. */
import { responseTimes } from "../tally/ask.ts";
import type { Tallied } from "../tally/tallied.ts";
import type { SourceName } from "../types.ts";
import { BLOCK_MS } from "./types.ts";

const HOUR_MS = 3_600_000;

/** By agent: starts of its blocks, ascending. They never overlap. */
export type Starts = ReadonlyMap<SourceName, readonly number[]>;

/** Of all responses there are, whatever the scan was asked: sums are not made, so absurd numbers elsewhere stop nothing. */
export function findStarts(tallied: Tallied): Starts {
  const hoursBySource = new Map<SourceName, Set<number>>();
  for (const { source, timeMs } of responseTimes(tallied)) {
    let hours = hoursBySource.get(source);
    if (!hours) hoursBySource.set(source, (hours = new Set<number>()));
    hours.add(Math.floor(timeMs / HOUR_MS) * HOUR_MS);
  }
  return new Map([...hoursBySource].map(([source, hours]) => [source, startsIn([...hours].sort((a, b) => a - b))]));
}

/** `hoursMs`: full hours with a response, ascending. */
function startsIn(hoursMs: readonly number[]): number[] {
  const starts: number[] = [];
  let endMs = -Infinity;
  for (const ms of hoursMs) {
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
