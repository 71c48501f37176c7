/**
 * Qwen Code (`formats/others.md`): a response has a line of its own, `type: "assistant"` with `usageMetadata`, and one of telemetry,
 * `type: "system"`; some have only the latter (`src/tally/telemetry.ts`). Numbers are Gemini's, so are the old documents; `src/tally/gemini.ts`
 * settles both.
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
  type: oneOf("assistant", "user", "system"),
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
  // Of a line of the request log.
  id: hash,
  source: text,
  feature: oneOf("subagent"),
  inputTokens: count,
  outputTokens: count,
  thoughtsTokens: count,
  cachedTokens: count,
  totalTokens: count,
  systemPayload: within({
    uiEvent: object({
      "event.name": oneOf("qwen-code.api_response"),
      response_id: hash,
      model: text,
      subagent_name: text,
      input_token_count: count,
      output_token_count: count,
      thoughts_token_count: count,
      cached_content_token_count: count,
      total_token_count: count,
    }),
  }),
});

/** Who asked, where no subagent did. */
const MAIN = "main";
const LF = 10;
const unpackDocument = unpackJson(linesOf);
const TYPE = { assistant: 1, user: 2, system: 3 } as const;
const { slots } = assignSlots(RECORD);
const { usageMetadata: usage } = slots;
const { uiEvent: telemetry } = slots.systemPayload;

export const qwen: Source = {
  name: "qwen",
  record: RECORD,
  decode,
  unpack: (bytes, path) => (path.endsWith(".json") ? unpackDocument(bytes, path) : wholeLines(bytes)),
};

/** The end of a line that is still being written stands by itself. */
function wholeLines(bytes: Buffer): Buffer | undefined {
  return bytes.at(-1) === LF ? bytes : undefined;
}

const draft = emptyDraft();

function decode(cells: Cells, events: EventWriter): boolean {
  const type = cells.integer(slots.type);
  if (type === TYPE.system && cells.integer(telemetry["event.name"]) === 1) return decodeTelemetry(cells, events);
  if (type === 0 && cells.has(slots.inputTokens) && cells.has(slots.totalTokens)) return decodeRequest(cells, events);
  const isResponse = type === TYPE.assistant;
  const hasUsage = isResponse && cells.has(usage.self);
  if (hasUsage && cells.hasBadCount(usage.self, usage.totalTokenCount)) return false;
  const toolUses = isResponse && cells.has(slots.message.parts) ? countCalls(cells.json(slots.message.parts)) : 0;
  if (toolUses === undefined) return false;

  if (type === TYPE.user && events.wantsMessage) {
    noteLine(cells.line(), events, ({ message }) => (isObject(message) ? message["parts"] : undefined));
  }
  decodeSurroundings(cells, events, 0);
  draft.flags = isResponse ? FLAG.state | (hasUsage ? FLAG.usage : 0) : 0;
  draft.responseLow = isResponse ? cells.hashLow(slots.uuid) : 0;
  draft.responseHigh = isResponse ? cells.hashHigh(slots.uuid) : 0;
  draft.requestLow = isResponse ? cells.hashLow(slots.forkedFrom.sessionId) : 0;
  draft.requestHigh = isResponse ? cells.hashHigh(slots.forkedFrom.sessionId) : 0;
  draft.model = isResponse ? cells.text(slots.model) : 0;
  draft.toolUses = toolUses;
  setUsage(
    cells.count(usage.promptTokenCount),
    cells.count(usage.candidatesTokenCount),
    cells.count(usage.thoughtsTokenCount),
    cells.count(usage.cachedContentTokenCount),
    cells.count(usage.totalTokenCount),
  );
  if (isResponse || draft.timeMs === draft.timeMs) events.add(draft);
  return true;
}

/** Number 11: what telemetry tells is one state of a response that it tells again in the same words. */
function decodeTelemetry(cells: Cells, events: EventWriter): boolean {
  if (cells.hasBadCount(telemetry.input_token_count, telemetry.total_token_count)) return false;
  decodeSurroundings(cells, events, cells.text(telemetry.subagent_name));
  const numbers = [
    cells.count(telemetry.input_token_count),
    cells.count(telemetry.output_token_count),
    cells.count(telemetry.thoughts_token_count),
    cells.count(telemetry.cached_content_token_count),
    cells.count(telemetry.total_token_count),
  ] as const;
  draft.flags = FLAG.state | FLAG.usage | FLAG.telemetry;
  const id = cells.has(telemetry.response_id) ? telemetry.response_id : slots.uuid;
  draft.responseLow = cells.has(id) ? mix(cells.hashLow(id), numbers) : 0;
  draft.responseHigh = cells.has(id) ? mix(cells.hashHigh(id), numbers) : 0;
  draft.requestLow = cells.hashLow(slots.forkedFrom.sessionId);
  draft.requestHigh = cells.hashHigh(slots.forkedFrom.sessionId);
  draft.model = cells.text(telemetry.model);
  draft.toolUses = 0;
  setUsage(...numbers);
  events.add(draft);
  return true;
}

/** Number 12: a request of any kind. Those of Qwen Code itself are nobody's, whatever `source` says. */
function decodeRequest(cells: Cells, events: EventWriter): boolean {
  if (cells.hasBadCount(slots.inputTokens, slots.totalTokens)) return false;
  const isAgents = cells.integer(slots.feature) === 1 || !cells.has(slots.feature);
  const isMain = !isAgents || cells.textOf(slots.source) === MAIN;
  decodeSurroundings(cells, events, isMain ? 0 : cells.text(slots.source));
  draft.flags = FLAG.state | FLAG.usage | FLAG.telemetry;
  draft.responseLow = cells.hashLow(slots.id);
  draft.responseHigh = cells.hashHigh(slots.id);
  draft.requestLow = draft.requestHigh = 0;
  draft.model = cells.text(slots.model);
  draft.toolUses = 0;
  setUsage(
    cells.count(slots.inputTokens),
    cells.count(slots.outputTokens),
    cells.count(slots.thoughtsTokens),
    cells.count(slots.cachedTokens),
    cells.count(slots.totalTokens),
  );
  events.add(draft);
  return true;
}

/** Some servers give all responses one id. */
function mix(hash: number, numbers: readonly number[]): number {
  return numbers.reduce((mixed, n) => Math.imul(mixed ^ (mixed >>> 15) ^ (n % 2 ** 32), 0x9e3779b1) >>> 0, hash);
}

/** Time, session, folder, agent, branch and version of a record. */
function decodeSurroundings(cells: Cells, events: EventWriter, agent: number): void {
  const sessionId = cells.text(slots.sessionId);
  if (sessionId !== 0) events.noteFirst("sessionId", sessionId);
  draft.timeMs = cells.time(slots.timestamp);
  const cwd = cells.text(slots.cwd);
  if (cwd !== 0) events.noteCwd(cwd, draft.timeMs);
  const isAgents = cells.integer(slots.isSidechain) === 1;
  const agentName = agent || (isAgents ? cells.text(slots.agentName) || events.textNumber("subagent") : 0);
  draft.context = events.contextNumber(agentName, 0, 0, cells.text(slots.gitBranch), cells.text(slots.version));
}

/** As it stands, but for the thoughts. */
function setUsage(input: number, output: number, thoughts: number, cached: number, total: number): void {
  draft.usage.input = input;
  draft.usage.output = areThoughtsInside(input, output, thoughts, total) ? output - thoughts : output;
  draft.usage.reasoning = thoughts;
  draft.usage.cacheRead = cached;
}

/**
 * Number 8 of `docs/decisions/0011`: of providers that count as OpenAI does, thoughts are part of the candidates, and the
 * total does not have them; of Google's they are beside them.
 */
function areThoughtsInside(prompt: number, candidates: number, thoughts: number, total: number): boolean {
  return thoughts <= candidates && total < prompt + candidates + thoughts;
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
