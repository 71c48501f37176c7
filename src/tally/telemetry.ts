/**
 * Responses of Qwen Code that only telemetry tells of (number 11 of `docs/decisions/0011`). It tells of every response, without an id
 * in common with messages; so of those that tell the same numbers in one session as many are known as there are messages.
 */
import { FLAG, NO_USAGE } from "../events.ts";
import { groupBy } from "./group-by.ts";
import type { EventTable } from "./table.ts";

/** What is told of one session. */
export interface ToldOfSession {
  /** Its states, of messages and of telemetry. */
  readonly states: readonly number[];
  /** Of messages that stand in its own transcript and were not copied: telemetry tells of each. */
  readonly sure: ReadonlySet<number>;
}

/** Leaves of telemetry what no message tells. Returns the tokens that it tells beyond messages of sessions where it cannot be told which. */
export function settleTelemetry(table: EventTable, sessions: Iterable<ToldOfSession>): number {
  let untoldTokens = 0;
  for (const { states, sure } of sessions) {
    const { event } = table;
    const withUsage = states.filter((i) => ((event.flags[i] as number) & FLAG.usage) !== 0);
    const telemetry = withUsage.filter((i) => isTelemetry(table, i));
    if (telemetry.length === 0) continue;
    const messages = withUsage.filter((i) => !isTelemetry(table, i));
    const left = groupBy(telemetry, (i) => numbersOf(table, i));
    // The sure ones choose first.
    const unmatched = [...messages.filter((i) => sure.has(i)), ...messages.filter((i) => !sure.has(i))].filter(
      (i) => !takeNearest(table, i, left.get(numbersOf(table, i)) ?? []),
    );
    // They do not tell alike: then nothing shows which of them are the same.
    const isSure = !unmatched.some((i) => sure.has(i));
    if (!isSure) untoldTokens += Math.max(0, sumOf(table, telemetry) - sumOf(table, messages));
    // Of servers that say no numbers it has none.
    const counts = new Set(isSure ? [...left.values()].flat().filter((i) => sumOf(table, [i]) > 0) : []);
    for (const i of telemetry) if (!counts.has(i)) drop(table, i);
  }
  return untoldTokens;
}

/** Older collectors knew none. */
export function dropTelemetry(table: EventTable, states: readonly number[]): void {
  for (const i of states) if (isTelemetry(table, i)) drop(table, i);
}

function isTelemetry({ event }: EventTable, i: number): boolean {
  return ((event.flags[i] as number) & FLAG.telemetry) !== 0;
}

/** Takes what telemetry told of a message from those with its numbers: the nearest in time. False: there is none. */
function takeNearest({ event }: EventTable, message: number, alike: number[]): boolean {
  const awayMs = (i: number) => Math.abs((event.firstMs[i] as number) - (event.firstMs[message] as number));
  const [first, ...others] = alike;
  if (first === undefined) return false;
  const nearest = others.reduce((best, i) => (awayMs(i) < awayMs(best) ? i : best), first);
  alike.splice(alike.indexOf(nearest), 1);
  // Messages of subagents name no model.
  if (event.model[message] === 0) event.model[message] = event.model[nearest] as number;
  return true;
}

function numbersOf({ event, usage }: EventTable, i: number): string {
  const at = event.usage[i] as number;
  return `${usage.input[at]} ${usage.output[at]} ${usage.reasoning[at]} ${usage.cacheRead[at]}`;
}

function sumOf({ event, usage }: EventTable, states: readonly number[]): number {
  return states.reduce((sum, i) => {
    const at = event.usage[i] as number;
    return sum + (usage.input[at] as number) + (usage.output[at] as number) + (usage.reasoning[at] as number);
  }, 0);
}

/** It still tells a time. */
function drop({ event }: EventTable, i: number): void {
  event.flags[i] = (event.flags[i] as number) & ~FLAG.usage;
  event.usage[i] = NO_USAGE;
  event.model[i] = 0;
}
