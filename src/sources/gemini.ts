/**
 * Gemini CLI: which fields of a record matter (`spec/accounting.md`, "Gemini"; `formats/gemini.md`). A message is written
 * again with each change, in two file formats; every state is kept as it stands, and which one counts is decided by
 * `src/tally/gemini.ts`. A `.json` document is taken apart into the lines its session would have as `.jsonl`.
 */
import type { EventWriter } from "../event-writer.ts";
import { FLAG } from "../events.ts";
import { isObject, type Json } from "../json.ts";
import { unpackJson, readCount, textOf } from "./documents.ts";
import { emptyDraft } from "./draft.ts";
import { assignSlots, count, each, hash, json, object, oneOf, text, time } from "./fields.ts";
import { hashText } from "./hash.ts";
import { firstTexts, noteLine } from "./messages.ts";
import type { Cells, Source } from "./source.ts";
import { parseTime } from "./time.ts";

const TOKENS = object({ input: count, output: count, cached: count, thoughts: count, tool: count, total: count });

const RECORD = object({
  id: hash,
  timestamp: time,
  type: oneOf("gemini", "user"),
  model: text,
  tokens: TOKENS,
  toolCalls: each("name", {}),
  sessionId: text,
  kind: oneOf("subagent"),
  startTime: time,
  messages: json,
  $set: object({ lastUpdated: time, messages: json }),
});

const TYPE = { gemini: 1, user: 2 } as const;
const { slots } = assignSlots(RECORD);
const { tokens, $set } = slots;

export const gemini: Source = {
  name: "gemini",
  record: RECORD,
  decode,
  unpack: unpackJson(linesOf),
};

const draft = emptyDraft();

function decode(cells: Cells, events: EventWriter): boolean {
  if (cells.has(tokens.self) && hasBadTokens(cells)) return false;
  const checkpoint = cells.has($set.messages) ? readMessages(cells.json($set.messages)) : [];
  const isWhole = cells.has(slots.sessionId) && cells.has(slots.messages);
  const whole = isWhole ? readMessages(cells.json(slots.messages)) : [];
  if (checkpoint === undefined || whole === undefined) return false;

  const sessionId = cells.text(slots.sessionId);
  if (sessionId !== 0) {
    events.noteFirst("sessionId", sessionId);
    if (cells.integer(slots.kind) !== 0) events.noteFirst("agentName", events.textNumber("subagent"));
  }
  const type = cells.integer(slots.type);
  // A checkpoint repeats messages that stood in lines of their own.
  if (type === TYPE.user && events.wantsMessage) noteLine(cells.line(), events, ({ content }) => content);
  clearDraft(events);
  const own = cells.time(slots.timestamp);
  draft.timeMs =
    own === own ? own : cells.has(slots.startTime) ? cells.time(slots.startTime) : cells.time($set.lastUpdated);
  if (type === TYPE.gemini) {
    draft.flags = FLAG.state;
    draft.responseLow = cells.hashLow(slots.id);
    draft.responseHigh = cells.hashHigh(slots.id);
    draft.model = cells.text(slots.model);
    draft.toolUses = cells.integer(slots.toolCalls.self);
    if (cells.has(tokens.self)) {
      setTokens(
        cells.count(tokens.input),
        cells.count(tokens.output),
        cells.count(tokens.cached),
        cells.count(tokens.thoughts),
        cells.count(tokens.tool),
      );
    }
  }
  if (draft.flags !== 0 || draft.timeMs === draft.timeMs) events.add(draft);
  for (const message of checkpoint) addMessage(message, events);
  for (const message of whole) addMessage(message, events);
  return true;
}

function hasBadTokens(cells: Cells): boolean {
  return cells.hasBadCount(tokens.self, tokens.total);
}

function clearDraft(events: EventWriter): void {
  draft.responseLow = draft.responseHigh = 0;
  draft.flags = draft.model = draft.toolUses = 0;
  draft.context = events.contextNumber(0, 0, 0, 0, 0);
}

/** As they stand: cached tokens are part of the input, thoughts beside the output. */
function setTokens(input: number, output: number, cached: number, thoughts: number, tool: number): void {
  draft.flags |= FLAG.usage;
  draft.usage.input = input;
  draft.usage.output = output;
  draft.usage.cacheRead = cached;
  draft.usage.reasoning = thoughts;
  draft.usage.webSearches = tool;
}

/** The messages of a checkpoint, or of a session on one line, that can carry tokens; undefined when it is damaged or one has a bad number. */
function readMessages(text: string): readonly Json[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    const messages = Array.isArray(list) ? list.filter(isObject) : [];
    for (const { tokens: told } of messages) {
      if (isObject(told)) for (const name of Object.keys(TOKENS.fields)) readCount(told[name]);
    }
    return messages.filter(({ type }) => type === "gemini");
  } catch {
    return undefined;
  }
}

function addMessage(message: Json, events: EventWriter): void {
  clearDraft(events);
  const { id, timestamp, model, tokens: told, toolCalls } = message;
  const { low, high } = textOf(id) === "" ? { low: 0, high: 0 } : hashText(textOf(id));
  draft.timeMs = parseTime(timestamp);
  draft.flags = FLAG.state;
  draft.responseLow = low;
  draft.responseHigh = high;
  draft.model = events.textNumber(textOf(model));
  draft.toolUses = Array.isArray(toolCalls) ? toolCalls.length : 0;
  if (isObject(told)) {
    const { input, output, cached, thoughts, tool } = told;
    setTokens(readCount(input), readCount(output), readCount(cached), readCount(thoughts), readCount(tool));
  }
  events.add(draft);
}

/** The lines that a document's session would have. */
function linesOf({ sessionId, startTime, lastUpdated, kind }: Json, messages: readonly Json[]): object[] {
  const written = firstTexts(messages, ({ type }) => type === "user");
  const lines = messages.map((message) => {
    const { id, timestamp, type, model, tokens: told, toolCalls } = message;
    // How many is all that counts.
    const calls = Array.isArray(toolCalls) ? toolCalls.map(() => 0) : undefined;
    return { id, timestamp, type, model, tokens: told, toolCalls: calls, content: written.get(message) };
  });
  return [{ sessionId, startTime, kind }, { $set: { lastUpdated } }, ...lines];
}
