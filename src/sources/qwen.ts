/**
 * Qwen Code (`formats/others.md`): the response's own line counts, `type: "assistant"` with `usageMetadata`; what `system`
 * lines tell of it is a copy. Numbers are Gemini's, so are the old documents; `src/tally/gemini.ts` settles both.
 */
import type { EventWriter } from "../event-writer.ts";
import { FLAG } from "../events.ts";
import { isObject, type Json } from "../json.ts";
import { unpackJson } from "./documents.ts";
import { emptyDraft } from "./draft.ts";
import { assignSlots, count, flag, hash, json, object, oneOf, text, time, within } from "./fields.ts";
import { firstTexts, noteLine } from "./messages.ts";
import type { Cells, Source } from "./source.ts";

const RECORD = object({
  uuid: hash,
  timestamp: time,
  type: oneOf("assistant", "user"),
  sessionId: text,
  isSidechain: flag,
  agentName: text,
  /** Of what a branch copied: the session it was copied from. */
  forkedFrom: within({ sessionId: hash }),
  cwd: text,
  gitBranch: text,
  version: text,
  model: text,
  message: object({ parts: json }),
  usageMetadata: object({
    promptTokenCount: count,
    candidatesTokenCount: count,
    thoughtsTokenCount: count,
    cachedContentTokenCount: count,
    totalTokenCount: count,
  }),
});

const TYPE = { assistant: 1, user: 2 } as const;
const { slots } = assignSlots(RECORD);
const { usageMetadata: usage } = slots;

export const qwen: Source = {
  name: "qwen",
  record: RECORD,
  decode,
  unpack: unpackJson(linesOf),
};

const draft = emptyDraft();

function decode(cells: Cells, events: EventWriter): boolean {
  const type = cells.integer(slots.type);
  const isResponse = type === TYPE.assistant;
  const hasUsage = isResponse && cells.has(usage.self);
  if (hasUsage && cells.hasBadCount(usage.self, usage.totalTokenCount)) return false;
  const toolUses = isResponse && cells.has(slots.message.parts) ? countCalls(cells.json(slots.message.parts)) : 0;
  if (toolUses === undefined) return false;

  const sessionId = cells.text(slots.sessionId);
  if (sessionId !== 0) events.noteFirst("sessionId", sessionId);
  if (type === TYPE.user && events.wantsMessage) {
    noteLine(cells.line(), events, ({ message }) => (isObject(message) ? message["parts"] : undefined));
  }
  draft.timeMs = cells.time(slots.timestamp);
  const cwd = cells.text(slots.cwd);
  if (cwd !== 0) events.noteCwd(cwd, draft.timeMs);
  const isAgents = cells.integer(slots.isSidechain) === 1;
  const agentName = isAgents ? cells.text(slots.agentName) || events.textNumber("subagent") : 0;
  draft.context = events.contextNumber(agentName, 0, 0, cells.text(slots.gitBranch), cells.text(slots.version));
  draft.flags = isResponse ? FLAG.state | (hasUsage ? FLAG.usage : 0) : 0;
  draft.responseLow = isResponse ? cells.hashLow(slots.uuid) : 0;
  draft.responseHigh = isResponse ? cells.hashHigh(slots.uuid) : 0;
  draft.requestLow = isResponse ? cells.hashLow(slots.forkedFrom.sessionId) : 0;
  draft.requestHigh = isResponse ? cells.hashHigh(slots.forkedFrom.sessionId) : 0;
  draft.model = isResponse ? cells.text(slots.model) : 0;
  draft.toolUses = toolUses;
  draft.usage.input = cells.count(usage.promptTokenCount);
  draft.usage.output = cells.count(usage.candidatesTokenCount);
  draft.usage.reasoning = cells.count(usage.thoughtsTokenCount);
  if (areThoughtsInside(cells)) draft.usage.output -= draft.usage.reasoning;
  draft.usage.cacheRead = cells.count(usage.cachedContentTokenCount);
  if (isResponse || draft.timeMs === draft.timeMs) events.add(draft);
  return true;
}

/**
 * Number 8 of `docs/decisions/0011`: of providers that count as OpenAI does, thoughts are part of the candidates, and the
 * total does not have them; of Google's they are beside them.
 */
function areThoughtsInside(cells: Cells): boolean {
  const candidates = cells.count(usage.candidatesTokenCount);
  const thoughts = cells.count(usage.thoughtsTokenCount);
  const all = cells.count(usage.promptTokenCount) + candidates + thoughts;
  return thoughts <= candidates && cells.count(usage.totalTokenCount) < all;
}

/** Undefined: damaged. */
function countCalls(parts: string): number | undefined {
  try {
    const list: unknown = JSON.parse(parts);
    return Array.isArray(list) ? list.filter(isCall).length : 0;
  } catch {
    return undefined;
  }
}

function isCall(part: unknown): boolean {
  return typeof part === "object" && part !== null && "functionCall" in part;
}

/** Old builds wrote Gemini's documents. */
function linesOf({ sessionId }: Json, messages: readonly Json[]): object[] {
  const written = firstTexts(messages, ({ type }) => type === "user");
  return messages.map((one) => {
    const { id, timestamp, type, model, tokens, toolCalls } = one;
    const told = isObject(tokens) ? tokens : undefined;
    const calls = Array.isArray(toolCalls) ? toolCalls.map(() => ({ functionCall: 0 })) : [];
    const text = written.get(one);
    return {
      sessionId,
      uuid: id,
      timestamp,
      type: type === "gemini" || type === "qwen" ? "assistant" : type,
      model,
      message: { parts: text === undefined ? calls : [...calls, { text }] },
      usageMetadata: told && {
        promptTokenCount: told["input"],
        candidatesTokenCount: told["output"],
        thoughtsTokenCount: told["thoughts"],
        cachedContentTokenCount: told["cached"],
        totalTokenCount: told["total"],
      },
    };
  });
}
