/**
 * Responses of Qwen Code that only telemetry or the request log tells of (numbers 11 to 13 of `docs/decisions/0011`). Both tell of every response, without an
 * id in common with messages or each other; so of those that tell the same numbers in one session as many are known as there are messages.
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
  /** Of the request log. */
  readonly logged: readonly number[];
  /** What its agent says that it used in all; 0: nothing. */
  readonly sumTokens: number;
}

/** Within this, what is written of one request in two places is: at once, in each. */
const SAME_MS = 5000;

/**
 * Leaves of the request log what no telemetry tells of. Where a session has none at all, the log stands for it in what is returned.
 * Of a session whose transcript is gone, telemetry may be left in a branch: that is of the same time.
 */
export function takeRequestLog(table: EventTable, sessions: readonly ToldOfSession[]): ToldOfSession[] {
  if (sessions.every(({ logged }) => logged.length === 0)) return [...sessions];
  const { event } = table;
  // Of servers that say no numbers there is nothing to count.
  const hasUsage = (i: number) => ((event.flags[i] as number) & FLAG.usage) !== 0 && sumOf(table, [i]) > 0;
  const telemetry = sessions.flatMap(({ states }, session) =>
    states.filter((i) => hasUsage(i) && isTelemetry(table, i)).map((i) => ({ i, session })),
  );
  const left = groupBy(telemetry, ({ i }) => inputsOf(table, i));
  const awayMs = (a: number, b: number) => Math.abs((event.firstMs[a] as number) - (event.firstMs[b] as number));
  const take = (one: number, session: number | undefined): boolean => {
    const alike = left.get(inputsOf(table, one)) ?? [];
    let nearest: (typeof alike)[number] | undefined;
    for (const other of alike) {
      const isNear = session === undefined ? awayMs(other.i, one) <= SAME_MS : other.session === session;
      if (!isNear || !haveSameOutput(table, other.i, one)) continue;
      if (!nearest || awayMs(other.i, one) < awayMs(nearest.i, one)) nearest = other;
    }
    if (nearest) alike.splice(alike.indexOf(nearest), 1);
    return nearest !== undefined;
  };
  const unknown = sessions.map(({ logged }, session) => logged.filter((i) => hasUsage(i) && !take(i, session)));
  // Those of its own session choose first.
  const rest = unknown.map((logged) => logged.filter((i) => !take(i, undefined)));
  const counts = new Set(rest.flat());
  for (const i of sessions.flatMap(({ logged }) => logged)) if (!counts.has(i)) drop(table, i);
  const withTelemetry = new Set(telemetry.map(({ session }) => session));
  return sessions.map((told, session) =>
    withTelemetry.has(session) ? told : { ...told, states: [...told.states, ...(rest[session] as number[])] },
  );
}

/** What Qwen Code says that its sessions used in all, which holds what it asked for itself too, against what their transcripts tell. */
export class QwenSums {
  readonly #sessions: ReadonlyArray<Pick<ToldOfSession, "logged" | "sumTokens"> & { readonly tokens: number }>;

  /** Before anything is taken from the transcripts: a branch's sum holds what it copied. */
  constructor(table: EventTable, sessions: Iterable<ToldOfSession>) {
    const withSum = [...sessions].filter(({ sumTokens }) => sumTokens > 0);
    const usedIn = (some: readonly number[]) =>
      some.filter((i) => ((table.event.flags[i] as number) & FLAG.usage) !== 0);
    this.#sessions = withSum.map(({ states, logged, sumTokens }) => {
      const telemetry = usedIn(states).filter((i) => isTelemetry(table, i));
      if (telemetry.length > 0) return { logged, sumTokens, tokens: sumOf(table, telemetry) };
      // The log stands for it.
      const tokens = Math.max(sumOf(table, usedIn(states)), sumOf(table, usedIn(logged)));
      return { logged: [], sumTokens, tokens };
    });
  }

  /** Tokens that are in a sum and nowhere else, when the rest is settled. */
  untold(table: EventTable): number {
    const { event } = table;
    return this.#sessions.reduce((untold, { logged, sumTokens, tokens }) => {
      const counted = logged.filter((i) => ((event.flags[i] as number) & FLAG.usage) !== 0);
      return untold + Math.max(0, sumTokens - tokens - sumOf(table, counted));
    }, 0);
  }
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

/** The log says cached input where there is no other. */
function inputsOf({ event, usage }: EventTable, i: number): string {
  const at = event.usage[i] as number;
  const cached = usage.cacheRead[at] as number;
  return `${(usage.input[at] as number) || cached} ${usage.reasoning[at]} ${cached}`;
}

/** Where no total was told, the log makes one up, which has the thoughts beside the output. */
function haveSameOutput({ event, usage }: EventTable, a: number, b: number): boolean {
  const [one, other] = [event.usage[a] as number, event.usage[b] as number];
  const more = Math.abs((usage.output[one] as number) - (usage.output[other] as number));
  return more === 0 || more === usage.reasoning[one];
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
