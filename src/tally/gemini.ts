/**
 * Which state of a message counts (`spec/accounting.md`, "Gemini"; `docs/decisions/0011`), also for Qwen Code, a fork of it. States of one message, in one
 * file or in several, become one response by ids that the groups of `buckets.ts` go by.
 */
import type { Transcript } from "../discover/transcript.ts";
import { FLAG, NO_USAGE } from "../events.ts";
import { dropBranchCopies, isCopied } from "./branches.ts";
import type { CountMode } from "./groups.ts";
import { dropImported, type SessionStates } from "./imports.ts";
import type { Places } from "./places.ts";
import type { EventTable } from "./table.ts";
import { dropTelemetry, QwenSums, settleTelemetry, takeRequestLog, type ToldOfSession } from "./telemetry.ts";

/** Marks made-up request ids: those of other agents are hashes. */
const REQUEST_HIGH = 0x67656d69;

/** In the place of the session's number, of messages whose own session is gone. */
const NO_SESSION = 0;

/**
 * Settles the states of all messages in place. Returns how many responses said more cached input than input, and how many tokens
 * no message tells of.
 */
export function settleGemini(table: EventTable, places: Places, count: CountMode) {
  const { event } = table;
  const states = findStates(table, places.transcripts);
  let untoldTokens = 0;
  if (count === "responses") {
    const sums = new QwenSums(table, states.toldOfQwen.values());
    // Before request ids are made up.
    chooseStates(table, places, NO_SESSION, dropBranchCopies(table, states.ofQwen));
    dropImported(table, states.ofGemini);
    for (const [session, messages] of states.bySession) chooseStates(table, places, session, messages);
    const told = takeRequestLog(table, [...states.toldOfQwen.values()]);
    untoldTokens = settleTelemetry(table, told) + sums.untold(table);
  } else {
    dropTelemetry(table, states.ofQwen);
  }
  let clamped = 0;
  for (const i of states.all) {
    if (((event.flags[i] as number) & FLAG.usage) !== 0 && writeFigures(table, i)) clamped++;
  }
  return { clamped, untoldTokens };
}

interface States {
  readonly all: readonly number[];
  readonly ofQwen: readonly number[];
  readonly ofGemini: readonly SessionStates[];
  /** By the number of the file's own session. */
  readonly toldOfQwen: ReadonlyMap<number, ToldOfSession>;
  /** By the number of the file's own session, by message id, its states in transcript and byte order; without branches' copies. */
  readonly bySession: ReadonlyMap<number, ReadonlyMap<string, readonly number[]>>;
}

/** A subagent's messages are of its own session, though they count for its parent's. */
function findStates(table: EventTable, transcripts: readonly Transcript[]): States {
  const { event, transcript, texts, length } = table;
  const all: number[] = [];
  const ofQwen: number[] = [];
  const toldOfQwen = new Map<number, { states: number[]; sure: Set<number>; logged: number[]; sumTokens: number }>();
  const numbers = new Map<string, number>();
  const bySession = new Map<number, Map<string, number[]>>();
  const ofGemini = new Map<number, SessionStates & { firstMs: number }>();
  for (const [t, { source, stem, isMain, content, sumTokens = 0 }] of transcripts.entries()) {
    if (source !== "gemini" && source !== "qwen") continue;
    const name = `${source} ${texts[transcript.sessionId[t] as number] || stem}`;
    const session = numbers.get(name) ?? numbers.size + 1;
    numbers.set(name, session);
    const messages = bySession.get(session) ?? new Map<string, number[]>();
    bySession.set(session, messages);
    const told = toldOfQwen.get(session) ?? { states: [], sure: new Set(), logged: [], sumTokens: 0 };
    told.sumTokens = Math.max(told.sumTokens, sumTokens);
    if (source === "qwen") toldOfQwen.set(session, told);
    const ofSession = ofGemini.get(session) ?? { name, firstMs: Infinity, messages };
    if (source === "gemini") ofGemini.set(session, ofSession);
    const to = transcript.firstEvent[t + 1] ?? length;
    for (let i = transcript.firstEvent[t] as number; i < to; i++) {
      ofSession.firstMs = Math.min(ofSession.firstMs, event.firstMs[i] as number);
      if (((event.flags[i] as number) & FLAG.state) === 0) continue;
      all.push(i);
      if (source === "qwen") {
        ofQwen.push(i);
        (content ? told.logged : told.states).push(i);
        if (isCopied(table, i)) continue;
        if (isMain && !content) told.sure.add(i);
      }
      const [low, high] = [event.responseLow[i] as number, event.responseHigh[i] as number];
      if (low === 0 && high === 0) continue;
      const key = `${low} ${high}`;
      const states = messages.get(key);
      if (states) states.push(i);
      else messages.set(key, [i]);
    }
  }
  return { all, ofQwen, ofGemini: [...ofGemini.values()], toldOfQwen, bySession };
}

function chooseStates(
  table: EventTable,
  places: Places,
  session: number,
  messages: ReadonlyMap<string, readonly number[]>,
): void {
  const { event, record } = table;
  const updatedMs = new Map<number, number>();
  const order = (i: number) => {
    const t = table.transcriptOf[i] as number;
    let ms = updatedMs.get(t);
    if (ms === undefined) updatedMs.set(t, (ms = lastWrittenMs(table, t)));
    return [places.transcripts[t]?.path.endsWith(".json") ? 0 : 1, ms, i] as const;
  };
  for (const states of messages.values()) {
    let chosen: number | undefined;
    let uses: number | undefined;
    for (const i of states) {
      event.requestLow[i] = session;
      event.requestHigh[i] = REQUEST_HIGH;
      event.flags[i] = (event.flags[i] as number) | FLAG.responseId | FLAG.requestId;
      if (event.flags[i] & FLAG.usage && (chosen === undefined || isBefore(order(chosen), order(i)))) chosen = i;
      if (uses === undefined || usesBefore(table, i, uses)) uses = i;
    }
    for (const i of states) {
      if (i !== uses) event.toolUses[i] = record.toolUses[event.firstRecord[i] as number] = 0;
      if (i === chosen || chosen === undefined) continue;
      event.flags[i] = (event.flags[i] as number) & ~FLAG.usage;
      event.usage[i] = NO_USAGE;
    }
  }
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (const [at, value] of a.entries()) if (value !== b[at]) return value < (b[at] as number);
  return false;
}

/** Most tool calls, then the earliest; `i` comes after `other` in (path, offset). */
function usesBefore({ event }: EventTable, i: number, other: number): boolean {
  const more = (event.toolUses[i] as number) - (event.toolUses[other] as number);
  return more > 0 || (more === 0 && (event.firstMs[i] as number) < (event.firstMs[other] as number));
}

/** `lastUpdated` is written beside every message, as a record's time. */
function lastWrittenMs({ event, transcript, length }: EventTable, t: number): number {
  let lastMs = -Infinity;
  const to = transcript.firstEvent[t + 1] ?? length;
  for (let i = transcript.firstEvent[t] as number; i < to; i++) lastMs = Math.max(lastMs, event.lastMs[i] as number);
  return lastMs;
}

/** What stood there (`src/sources/gemini.ts`) to figures; whether cached tokens had to be clamped. */
function writeFigures({ event, usage }: EventTable, i: number): boolean {
  const at = event.usage[i] as number;
  const input = usage.input[at] as number;
  const cached = usage.cacheRead[at] as number;
  const cacheRead = Math.min(cached, input);
  usage.input[at] = input - cacheRead + (usage.webSearches[at] as number);
  usage.cacheRead[at] = cacheRead;
  usage.output[at] = (usage.output[at] as number) + (usage.reasoning[at] as number);
  usage.webSearches[at] = 0;
  return cacheRead < cached;
}
