/**
 * Which of several messages of OpenCode count (`docs/decisions/0012`), and for how much. It moved them from files into a
 * database and left the files; a fork of a session holds copies of its messages, under ids of their own; and of a message
 * that took several requests only the files of its steps tell what all of them used.
 */
import { FLAG, NO_USAGE, USAGE } from "../events.ts";
import type { CountMode } from "./groups.ts";
import type { Places } from "./places.ts";
import type { EventTable } from "./table.ts";

export function settleOpenCode(table: EventTable, places: Places, count: CountMode): void {
  const [stored, inFiles] = [eventsOf(table, places, true), eventsOf(table, places, false)];
  const steps = inFiles.filter((i) => hasFlag(table, i, FLAG.step));
  const stepsOf = count === "records" ? new Map<string, Steps>() : severalStepsOf(table, steps);
  // Those of a database are told with what all their steps used.
  for (const i of stored) settleUsage(table, i);
  for (const i of inFiles) if (!hasFlag(table, i, FLAG.step)) settleUsage(table, i, stepsOf.get(messageOf(table, i)));
  // What they tell stands with their message.
  for (const i of steps) drop(table, i);
  if (count === "records") return;
  const isKnown = (i: number) => hasFlag(table, i, FLAG.responseId);
  const [known, left] = [stored.filter(isKnown), inFiles.filter(isKnown)];
  const storedKeys = new Set(known.map((i) => messageOf(table, i)));
  const isStored = (i: number) => storedKeys.has(messageOf(table, i));
  for (const i of left) if (isStored(i)) drop(table, i);
  dropCopies(table, places, [...known, ...left.filter((i) => !isStored(i))]);
}

/** Events of what databases hold, or of what files do. */
function eventsOf({ transcript, length }: EventTable, { transcripts }: Places, isStored: boolean): number[] {
  const events: number[] = [];
  for (const [t, { source, content }] of transcripts.entries()) {
    if (source !== "opencode" || (content !== undefined) !== isStored) continue;
    const to = transcript.firstEvent[t + 1] ?? length;
    for (let i = transcript.firstEvent[t] as number; i < to; i++) events.push(i);
  }
  return events;
}

type Counts = Record<(typeof COUNTS)[number], number>;
const COUNTS = ["input", "output", "reasoning", "cacheRead", "cacheCreation5m"] as const;

/** The steps of a message that has several, in the order of their files, and what they tell together. */
interface Steps {
  readonly events: readonly number[];
  readonly counts: Counts;
}

/** Number 11 of decision 0012: by message, where all of its steps tell what they used. */
function severalStepsOf(table: EventTable, steps: readonly number[]): ReadonlyMap<string, Steps> {
  const byMessage = new Map<string, Map<string | number, number>>();
  for (const i of steps) {
    const message = messageOf(table, i);
    const ofMessage = byMessage.get(message) ?? new Map<string | number, number>();
    // A copy of its file is the same step.
    byMessage.set(message, ofMessage.set(partOf(table, i), i));
  }
  const several = new Map<string, Steps>();
  for (const [message, byPart] of byMessage) {
    const events = [...byPart.values()];
    if (events.length < 2 || !events.every((i) => hasFlag(table, i, FLAG.usage))) continue;
    const counts = countsOf(table, events[0] as number);
    for (const i of events.slice(1)) for (const name of COUNTS) counts[name] += countsOf(table, i)[name];
    several.set(message, { events, counts });
  }
  return several;
}

function countsOf({ event, usage }: EventTable, i: number): Counts {
  const at = event.usage[i] as number;
  const [input, output, reasoning, cacheRead, cacheCreation5m] = COUNTS.map((name) => usage[name][at] as number);
  return { input, output, reasoning, cacheRead, cacheCreation5m } as Counts;
}

/** From what a message was told to use to what that means, or to what its steps used. */
function settleUsage(table: EventTable, i: number, steps?: Steps): void {
  const { event, usage } = table;
  const own = event.usage[i] as number;
  // What has neither tokens nor a model is a tool call, or a user's.
  if (own === NO_USAGE && (!steps || event.model[i] === 0)) return;
  // No step needs the place of its own any more.
  const at = own === NO_USAGE ? (event.usage[steps?.events[0] as number] as number) : own;
  const { input, output, reasoning, cacheRead, cacheCreation5m } = steps?.counts ?? countsOf(table, i);
  const tellers = steps?.events ?? [i];
  const hasTotal = tellers.every((teller) => hasFlag(table, teller, FLAG.hasTotal));
  // Older versions had reasoning in the output, newer ones beside it: the total tells which, or who told it.
  const isBeside = hasTotal
    ? tellers.every((teller) => hasFlag(table, teller, FLAG.totalIsSum))
    : hasFlag(table, i, FLAG.reasonsBeside);
  const isCachedInside =
    hasFlag(table, i, FLAG.cachedInside) && cacheRead > 0 && cacheRead <= input && cacheCreation5m === 0;
  usage.input[at] = isCachedInside ? input - cacheRead : input;
  usage.output[at] = isBeside || reasoning > output ? output + reasoning : output;
  usage.reasoning[at] = reasoning;
  usage.cacheRead[at] = cacheRead;
  usage.cacheCreation5m[at] = cacheCreation5m;
  // A message's cost is that of all its steps, and OpenCode made it of the cached tokens twice where they are inside.
  usage.recordedCost[at] = own === NO_USAGE || isCachedInside ? 0 : (usage.recordedCost[own] as number);
  const usedAny = input + output + reasoning + cacheRead + cacheCreation5m > 0;
  event.usage[i] = usedAny ? at : NO_USAGE;
  event.flags[i] = usedAny ? (event.flags[i] as number) | FLAG.usage : (event.flags[i] as number) & ~FLAG.usage;
}

function hasFlag({ event }: EventTable, i: number, flag: number): boolean {
  return ((event.flags[i] as number) & flag) !== 0;
}

/** The part that an event is; a part without an id is like no other. */
function partOf({ event, record }: EventTable, i: number): string | number {
  const r = event.firstRecord[i] as number;
  const [low, high] = [record.idLow[r], record.idHigh[r]];
  return low === 0 && high === 0 ? i : `${low} ${high}`;
}

/** The message that an event is of, or whose part it is. */
function messageOf({ event }: EventTable, i: number): string {
  return `${event.responseLow[i]} ${event.responseHigh[i]}`;
}

/** Copies keep time, model and numbers. The oldest session has the original: ids of sessions are made to sort newest first. */
function dropCopies(table: EventTable, { sessionOf, sessions }: Places, events: readonly number[]): void {
  const sessionAt = (i: number) => sessions[sessionOf[table.transcriptOf[i] as number] as number] as string;
  const originals = new Map<string, number>();
  const copies = new Set<string>();
  for (const i of events) {
    const key = contentOf(table, i);
    if (key === undefined) continue;
    const other = originals.get(key);
    const isOlder = other === undefined || sessionAt(i) > sessionAt(other);
    if (other !== undefined && sessionAt(i) !== sessionAt(other)) copies.add(messageOf(table, isOlder ? other : i));
    if (isOlder) originals.set(key, i);
  }
  if (copies.size === 0) return;
  // With their parts.
  for (const i of events) if (copies.has(messageOf(table, i))) drop(table, i);
}

/** Undefined: it is no message that used anything, or may be any. */
function contentOf({ event, usage }: EventTable, i: number): string | undefined {
  const at = event.usage[i] as number;
  if (!Number.isFinite(event.firstMs[i])) return undefined;
  if (at === NO_USAGE && (event.model[i] === 0 || event.toolUses[i] === 0)) return undefined;
  if (at === NO_USAGE) return `${event.firstMs[i]} ${event.model[i]}`;
  const numbers = NUMBERS.map((name) => usage[name][at]);
  return `${event.firstMs[i]} ${event.model[i]} ${numbers.join(" ")}`;
}

const NUMBERS = Object.keys(USAGE) as Array<keyof typeof USAGE>;

function drop({ event, record }: EventTable, i: number): void {
  event.flags[i] = (event.flags[i] as number) & ~FLAG.usage;
  event.usage[i] = NO_USAGE;
  event.model[i] = event.toolUses[i] = 0;
  const to = event.lastRecord[i] as number;
  for (let r = event.firstRecord[i] as number; r <= to; r++) if (record.event[r] === i) record.toolUses[r] = 0;
}
