/**
 * Amp (`formats/others.md`): a thread is one document. Where it has a ledger with tokens that counts, with its own cache numbers or
 * those of the messages it names; else the messages' own usage. Never both.
 */
import type { EventWriter } from "../event-writer.ts";
import { FLAG } from "../events.ts";
import { isObject, type Json } from "../json.ts";
import { unpackJson } from "./documents.ts";
import { emptyDraft } from "./draft.ts";
import { assignSlots, count, hash, json, object, text, time } from "./fields.ts";
import { firstTexts, noteTexts } from "./messages.ts";
import type { Cells, Source } from "./source.ts";

/** What `linesOf` makes of a thread; nothing else is read. */
const RECORD = object({
  thread: hash,
  name: text,
  /** What users wrote first: a list of texts. */
  written: json,
  id: hash,
  timestamp: time,
  model: text,
  toolUses: count,
  usage: object({
    inputTokens: count,
    outputTokens: count,
    cacheCreationInputTokens: count,
    cacheReadInputTokens: count,
    totalTokens: count,
  }),
});

const { slots } = assignSlots(RECORD);
const { usage } = slots;

export const amp: Source = {
  name: "amp",
  record: RECORD,
  decode,
  unpack: unpackJson(linesOf),
};

const draft = emptyDraft();

function decode(cells: Cells, events: EventWriter): boolean {
  const hasUsage = cells.has(usage.self);
  if (hasUsage && cells.hasBadCount(usage.self, usage.totalTokens)) return false;
  const name = cells.text(slots.name);
  if (name !== 0) events.noteFirst("sessionId", name);
  if (cells.has(slots.written)) noteTexts(cells.json(slots.written), events);
  const hasId = cells.has(slots.id) && cells.has(slots.thread);
  draft.timeMs = cells.time(slots.timestamp);
  draft.flags = (hasUsage ? FLAG.usage : 0) | (hasId && hasUsage ? FLAG.responseId | FLAG.requestId : 0);
  // The same thread may lie in two places.
  draft.idLow = hasId ? (cells.hashLow(slots.id) ^ cells.hashLow(slots.thread)) >>> 0 : 0;
  draft.idHigh = hasId ? (cells.hashHigh(slots.id) ^ cells.hashHigh(slots.thread)) >>> 0 : 0;
  draft.responseLow = hasUsage ? cells.hashLow(slots.id) : 0;
  draft.responseHigh = hasUsage ? cells.hashHigh(slots.id) : 0;
  draft.requestLow = hasUsage ? cells.hashLow(slots.thread) : 0;
  draft.requestHigh = hasUsage ? cells.hashHigh(slots.thread) : 0;
  draft.model = cells.text(slots.model);
  draft.toolUses = cells.count(slots.toolUses);
  draft.context = events.contextNumber(0, 0, 0, 0, 0);
  draft.usage.input = cells.count(usage.inputTokens);
  draft.usage.output = cells.count(usage.outputTokens);
  draft.usage.cacheCreation5m = cells.count(usage.cacheCreationInputTokens);
  draft.usage.cacheRead = cells.count(usage.cacheReadInputTokens);
  if (hasUsage || draft.toolUses > 0 || draft.timeMs === draft.timeMs) events.add(draft);
  return true;
}

function linesOf({ id: thread, created, usageLedger }: Json, messages: readonly Json[]): Json[] {
  const events = isObject(usageLedger) ? usageLedger["events"] : undefined;
  const ledger = Array.isArray(events) ? events.filter(isObject) : [];
  const hasTokens = ledger.some(({ tokens }) => isObject(tokens));
  const lines = hasTokens ? ledgerLines(ledger, messages) : messageLines(messages);
  const written = [...firstTexts(messages, ({ role }) => role === "user").values()];
  return [{ name: thread, timestamp: created, written }, ...lines.map((line) => ({ thread, ...line }))];
}

function messageLines(messages: readonly Json[]): Json[] {
  return messages.map((message, n) => {
    const told = isObject(message["usage"]) ? message["usage"] : undefined;
    return {
      ...toolLine(message, n),
      ...(told && { model: told["model"], timestamp: told["timestamp"], usage: told }),
    };
  });
}

const CACHE_FIELDS = ["cacheCreationInputTokens", "cacheReadInputTokens"] as const;

/** Tool calls stand in the messages, figures in the ledger. */
function ledgerLines(ledger: readonly Json[], messages: readonly Json[]): Json[] {
  const cachedOf = cacheNumbers(ledger, messages);
  const lines = ledger.map((entry, n): Json => {
    const { id, timestamp, model, tokens } = entry;
    const told = isObject(tokens) ? tokens : undefined;
    const cached = hasCacheNumbers(told) ? told : cachedOf.get(entry);
    return {
      id: `ledger ${numbered(id, n)}`,
      timestamp,
      model,
      usage: told && {
        inputTokens: told["input"],
        outputTokens: told["output"],
        cacheCreationInputTokens: cached?.["cacheCreationInputTokens"],
        cacheReadInputTokens: cached?.["cacheReadInputTokens"],
      },
    };
  });
  const tools = messages.map((message, n): Json => {
    const told = isObject(message["usage"]) ? message["usage"] : undefined;
    return { ...toolLine(message, n), timestamp: told?.["timestamp"], model: told?.["model"] };
  });
  return [...lines, ...tools.filter(({ toolUses }) => toolUses !== 0)];
}

function hasCacheNumbers(told: Json | undefined): boolean {
  return CACHE_FIELDS.some((name) => told?.[name] !== undefined);
}

/**
 * By entry, the usage of the message that it leads to. Where several lead to one, its cache numbers are still those of one response:
 * of the entry that tells its figures, else of the last.
 */
function cacheNumbers(ledger: readonly Json[], messages: readonly Json[]): ReadonlyMap<Json, Json> {
  const byId = new Map(messages.map((message, n) => [idOf(message, n), message["usage"]]));
  const chosen = new Map<string, { readonly entry: Json; readonly usage: Json; readonly isIts: boolean }>();
  for (const entry of ledger) {
    const { tokens } = entry;
    const id = String(entry["toMessageId"]);
    const usage = byId.get(id);
    if (!isObject(tokens) || hasCacheNumbers(tokens) || !isObject(usage)) continue;
    const isIts = tokens["input"] === usage["inputTokens"] && tokens["output"] === usage["outputTokens"];
    if (isIts || chosen.get(id)?.isIts !== true) chosen.set(id, { entry, usage, isIts });
  }
  return new Map(Array.from(chosen.values(), ({ entry, usage }) => [entry, usage]));
}

function toolLine(message: Json, n: number): Json {
  const blocks = message["role"] === "assistant" && Array.isArray(message["content"]) ? message["content"] : [];
  return {
    id: `message ${idOf(message, n)}`,
    toolUses: blocks.filter((block) => isObject(block) && block["type"] === "tool_use").length,
  };
}

function idOf({ messageId, id }: Json, n: number): string {
  return numbered(messageId ?? id, n);
}

/** Messages and entries of a ledger are numbered in the order of the thread where they name no id. */
function numbered(id: unknown, n: number): string {
  return (typeof id === "string" && id !== "") || typeof id === "number" ? String(id) : String(n);
}
