/**
 * OpenCode (`formats/others.md`; `docs/decisions/0012`): one record a message, from a file of its own or from a row of a
 * database, and one a part. Steps repeat what their message tells, so only the tool calls of parts count.
 */
import { isObject, type Json } from "../json.ts";
import type { EventWriter } from "../event-writer.ts";
import { FLAG } from "../events.ts";
import { documentLines } from "./documents.ts";
import { emptyDraft } from "./draft.ts";
import { assignSlots, count, decimal, hash, object, oneOf, text, time, within } from "./fields.ts";
import { recordedCost } from "./money.ts";
import { modelIn, readNewerMessage } from "./opencode-newer.ts";
import { partsBeside, stepsIn, tokensOfSteps } from "./opencode-steps.ts";
import type { Cells, Source } from "./source.ts";

const RECORD = object({
  id: hash,
  sessionID: text,
  messageID: hash,
  type: oneOf("tool"),
  role: oneOf("assistant"),
  agent: text,
  mode: text,
  modelID: text,
  providerID: oneOf(
    "anthropic",
    "amazon-bedrock",
    "google-vertex-anthropic",
    "github-copilot",
    "openrouter",
    "google",
    "google-vertex",
    "opencode",
  ),
  toolUses: count,
  path: within({ cwd: text }),
  time: within({ created: time }),
  state: within({ time: within({ start: time }) }),
  cost: decimal,
  tokens: object({
    input: count,
    output: count,
    reasoning: count,
    total: count,
    cache: within({ read: count, write: count }),
  }),
});

const { slots } = assignSlots(RECORD);
const { tokens } = slots;

export const opencode: Source = {
  name: "opencode",
  record: RECORD,
  decode,
  unpack,
};

const PROVIDER = {
  anthropic: 1,
  bedrock: 2,
  vertexAnthropic: 3,
  copilot: 4,
  openRouter: 5,
  google: 6,
  vertex: 7,
  zen: 8,
} as const;
/** Version 1.0.62, and before the first of those that kept messages so. */
const [CACHED_BESIDE_FROM_MS, FIRST_MESSAGES_MS] = [Date.UTC(2025, 10, 13), Date.UTC(2025, 4, 1)];

const draft = emptyDraft();
/** Messages are told apart by their own ids, so all have one and the same request. */
const REQUEST = 0x6f63;

function decode(cells: Cells, events: EventWriter): boolean {
  const hasTokens = cells.has(tokens.self);
  if (hasTokens && cells.hasBadCount(tokens.self, tokens.cache.write)) return false;
  const session = cells.text(slots.sessionID);
  if (session !== 0) events.noteFirst("sessionId", session);
  const isAnswer = cells.integer(slots.role) === 1;
  const isPart = cells.has(slots.messageID);
  draft.timeMs = cells.time(isPart ? slots.state.time.start : slots.time.created);
  const cwd = cells.text(slots.path.cwd);
  if (cwd !== 0 && !isPart) events.noteCwd(cwd, draft.timeMs);
  const agent = cells.text(slots.agent) || cells.text(slots.mode);
  draft.context = events.contextNumber(0, isAnswer ? agent : 0, 0, 0, 0);
  draft.flags = 0;
  draft.model = isAnswer ? cells.text(slots.modelID) : 0;
  draft.toolUses = isPart ? cells.integer(slots.type) : isAnswer ? cells.count(slots.toolUses) : 0;
  setIds(cells, isPart ? slots.messageID : slots.id);
  if (isAnswer && hasTokens) setUsage(cells);
  // Parts are many, and of most only their message tells anything.
  if (isPart ? draft.toolUses > 0 : draft.flags !== 0 || draft.timeMs === draft.timeMs) events.add(draft);
  return true;
}

/** A part is a record of its own, and one of its message's. */
function setIds(cells: Cells, message: number): void {
  const isKnown = cells.has(message);
  draft.idLow = cells.hashLow(slots.id);
  draft.idHigh = cells.hashHigh(slots.id);
  draft.responseLow = cells.hashLow(message);
  draft.responseHigh = cells.hashHigh(message);
  draft.requestLow = isKnown ? REQUEST : 0;
  if (isKnown) draft.flags |= FLAG.responseId | FLAG.requestId;
}

function setUsage(cells: Cells): void {
  const [input, output] = [cells.count(tokens.input), cells.count(tokens.output)];
  const [read, write] = [cells.count(tokens.cache.read), cells.count(tokens.cache.write)];
  const reasoning = cells.count(tokens.reasoning);
  // A request that was aborted before it began tells zeros.
  if (input + output + read + write + reasoning === 0) return;
  draft.flags |= FLAG.usage;
  draft.usage.input = input;
  draft.usage.cacheRead = read;
  draft.usage.cacheCreation5m = write;
  // Older versions had reasoning in the output, newer ones beside it: the total tells which, or who told it.
  const isBeside = cells.has(tokens.total)
    ? cells.count(tokens.total) === input + output + read + write + reasoning
    : isOfGoogle(cells);
  draft.usage.output = isBeside || reasoning > output ? output + reasoning : output;
  draft.usage.reasoning = reasoning;
  draft.usage.recordedCost = recordedCost(cells.decimal(slots.cost));
  if (!isCachedInside(cells, input, read, write)) return;
  draft.usage.input -= read;
  // OpenCode made it of both.
  draft.usage.recordedCost = 0;
}

/** Number 19 of decision 0012: older versions left the cached tokens of most providers in the input. */
function isCachedInside(cells: Cells, input: number, read: number, write: number): boolean {
  if (!(draft.timeMs < CACHED_BESIDE_FROM_MS && draft.timeMs >= FIRST_MESSAGES_MS)) return false;
  if (read === 0 || read > input || write > 0) return false;
  switch (cells.integer(slots.providerID)) {
    case PROVIDER.anthropic:
    case PROVIDER.bedrock:
    case PROVIDER.vertexAnthropic:
      return false;
    case PROVIDER.copilot:
    case PROVIDER.openRouter:
      return true;
    default:
      return !/claude/i.test(cells.textOf(slots.modelID));
  }
}

/** Number 22: whether Google's own interface was asked, which tells thoughts beside the candidates. */
function isOfGoogle(cells: Cells): boolean {
  const provider = cells.integer(slots.providerID);
  if (provider === PROVIDER.zen) return /gemini/i.test(cells.textOf(slots.modelID));
  return provider === PROVIDER.google || provider === PROVIDER.vertex;
}

/** A message or a part is a document that is one line; an export is a document of many messages. A session's rows are lines already. */
function unpack(bytes: Buffer, path: string): string | undefined {
  if (!path.endsWith(".json")) return bytes.toString("utf8");
  return documentLines(bytes, (document) => {
    const { info, messages } = document;
    if (!isObject(info) || !Array.isArray(messages)) return [withSteps(document, path)];
    const location = isObject(info["location"]) ? info["location"] : {};
    const cwd = info["directory"] ?? location["directory"];
    let before: Json = {};
    const list = messages.filter(isObject).map((message) => {
      const line = isObject(message["info"])
        ? withParts(message["info"], message["parts"])
        : newerLine(message, before);
      if (message["model"] !== undefined) before = message;
      return line;
    });
    return [{ sessionID: info["id"], path: { cwd } }, ...list.filter((line) => line !== undefined)];
  });
}

/** Of a message in a file, the parts lie beside it. */
function withSteps(message: Json, path: string): Json {
  const folder = message["role"] === "assistant" ? partsBeside(path) : undefined;
  const tokens = folder === undefined ? undefined : tokensOfSteps(stepsIn(folder));
  return tokens ? { ...message, tokens } : message;
}

function withParts(message: Json, parts: unknown): Json {
  const list = Array.isArray(parts) ? parts.filter(isObject) : [];
  const tools = list.filter(({ type }) => type === "tool");
  const steps = list.filter(({ type }) => type === "step-finish").map(({ tokens: told }) => told);
  return { ...message, toolUses: tools.length, tokens: tokensOfSteps(steps) ?? message["tokens"] };
}

/** Of an export of OpenCode 2; undefined: it neither used anything nor was written by a user. */
function newerLine(message: Json, before: Json): Json | undefined {
  const told = readNewerMessage(message["type"], message, () => modelIn(before));
  return told && { ...told, id: message["id"] };
}
