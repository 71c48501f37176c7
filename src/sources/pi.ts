/**
 * Pi (`formats/others.md`, `docs/decisions/0015`): a session is a tree of entries in one file; every branch of it was used, so every
 * line counts. Forks are new files with copies, whose entry ids are too short to tell entries apart: id, time and numbers together do.
 */
import type { EventWriter } from "../event-writer.ts";
import { FLAG } from "../events.ts";
import { emptyDraft } from "./draft.ts";
import { assignSlots, count, decimal, each, object, oneOf, text, time, within } from "./fields.ts";
import { hashText } from "./hash.ts";
import { recordedCost } from "./money.ts";
import { isObject } from "../json.ts";
import { noteLine } from "./messages.ts";
import type { Cells, Source } from "./source.ts";

const USAGE_FIELDS = object({
  input: count,
  output: count,
  cacheRead: count,
  cacheWrite: count,
  /** Part of `cacheWrite`. */
  cacheWrite1h: count,
  /** Part of `output`. */
  reasoning: count,
  totalTokens: count,
  cost: within({ total: decimal }),
});

const RECORD = object({
  type: oneOf("session", "message", "model_change", "compaction", "branch_summary"),
  id: text,
  timestamp: time,
  cwd: text,
  modelId: text,
  message: object({
    role: oneOf("assistant", "user", "toolResult"),
    /** When it was asked for; the entry's is when it was written. */
    timestamp: time,
    api: oneOf("google-generative-ai", "google-vertex", "openai-completions", "openai-responses"),
    model: text,
    /** What served it, where that is another one. */
    responseModel: text,
    content: each("type", { toolCalls: ["toolCall"] }),
    usage: USAGE_FIELDS,
  }),
  /** Of a summary. */
  usage: USAGE_FIELDS,
});

const TYPE = { session: 1, message: 2, modelChange: 3, compaction: 4, branchSummary: 5 } as const;
const ROLE = { assistant: 1, user: 2, toolResult: 3 } as const;
const API = { google: 1, vertex: 2, completions: 3, responses: 4 } as const;
/** Version 0.12.7: the input of OpenAI's answers is without the cached tokens. */
const OPENAI_UNTIL_MS = Date.UTC(2025, 11, 4, 2, 11, 3);
/** From when on messages say when they were asked for, and from when on entries have ids (version 0.31.0). */
const [ASKED_FROM_MS, IDS_FROM_MS] = [Date.UTC(2025, 9, 25), Date.UTC(2026, 0, 2, 0, 59, 59)];
const { slots } = assignSlots(RECORD);
const { message } = slots;
/** A summary's usage is declared as a message's is, so its slots are those of a message's, this far on. */
const SUMMARY = slots.usage.self - message.usage.self;
const { usage } = message;
/** The model of what names none and is no summary. */
const UNKNOWN = "unknown";
const ROUTER = /(?:^|\/)auto$/;

export const pi: Source = { name: "pi", record: RECORD, decode };

const draft = emptyDraft();
/** All responses are told apart by their own key, so all have one and the same request. */
const REQUEST = 0x7069;

function decode(cells: Cells, events: EventWriter): boolean {
  const type = cells.integer(slots.type);
  const role = type === TYPE.message ? cells.integer(message.role) : 0;
  const isAnswer = role === ROLE.assistant;
  const isSummary = type === TYPE.compaction || type === TYPE.branchSummary;
  const shift = isSummary ? SUMMARY : 0;
  const tellsUsage = isAnswer || isSummary || role === ROLE.toolResult;
  const hasUsage = tellsUsage && cells.has(usage.self + shift);
  if (hasUsage && cells.hasBadCount(usage.self + shift, usage.totalTokens + shift)) return false;

  if (type === TYPE.session) {
    const id = cells.text(slots.id);
    if (id !== 0) events.noteFirst("sessionId", id);
    const cwd = cells.text(slots.cwd);
    if (cwd !== 0) events.noteCwd(cwd, NaN);
  }
  if (role === ROLE.user && events.wantsMessage) {
    noteLine(cells.line(), events, ({ message: said }) => (isObject(said) ? said["content"] : undefined));
  }
  draft.timeMs = cells.time(slots.timestamp);
  draft.flags = 0;
  draft.model = isAnswer ? cells.text(modelSlot(cells)) : 0;
  draft.toolUses = isAnswer ? cells.integer(message.content.toolCalls) : 0;
  draft.context = events.contextNumber(0, 0, 0, 0, 0);
  const askedMs = isAnswer ? cells.time(message.timestamp) : NaN;
  const { input, output, cacheRead, cacheWrite } = readUsage(cells, shift);
  if (isAnswer && isCachedInside(cells, askedMs)) {
    draft.usage.input -= cacheRead;
    // Pi made it of both.
    draft.usage.recordedCost = 0;
  }
  // A request that was aborted before it began tells zeros.
  if (hasUsage && input + output + cacheRead + cacheWrite > 0) {
    draft.flags = FLAG.usage;
    // What a summary was asked of, `src/tally/pi.ts` says.
    if (draft.model === 0 && !isSummary) draft.model = events.textNumber(UNKNOWN);
  }
  setIds(cells, askedMs, `${input} ${output} ${cacheRead} ${cacheWrite}`);
  if (type === TYPE.modelChange) {
    draft.model = cells.text(slots.modelId);
    if (draft.model !== 0) draft.flags = FLAG.turn;
  }
  if (draft.flags !== 0 || draft.toolUses + draft.model > 0 || draft.timeMs === draft.timeMs) events.add(draft);
  return true;
}

/** Who left the choice to a router is told what it chose; elsewhere the other name is one that a server has for the same model. */
function modelSlot(cells: Cells): number {
  const isRouted = cells.has(message.responseModel) && ROUTER.test(cells.textOf(message.model));
  return isRouted ? message.responseModel : message.model;
}

/** Returns what stands there, for `draft.usage` is not always left so. */
function readUsage(cells: Cells, shift: number) {
  const input = cells.count(usage.input + shift);
  const output = cells.count(usage.output + shift);
  const cacheRead = cells.count(usage.cacheRead + shift);
  const cacheWrite = cells.count(usage.cacheWrite + shift);
  const cacheWrite1h = Math.min(cells.count(usage.cacheWrite1h + shift), cacheWrite);
  draft.usage.input = input;
  draft.usage.output = output;
  draft.usage.reasoning = Math.min(cells.count(usage.reasoning + shift), output);
  draft.usage.cacheRead = cacheRead;
  draft.usage.cacheCreation5m = cacheWrite - cacheWrite1h;
  draft.usage.cacheCreation1h = cacheWrite1h;
  draft.usage.recordedCost = recordedCost(cells.decimal(usage.cost.total + shift));
  return { input, output, cacheRead, cacheWrite };
}

/** Number 8 of decision 0015: older versions left the cached tokens of some providers in the input. */
function isCachedInside(cells: Cells, askedMs: number): boolean {
  const api = cells.integer(message.api);
  const [input, cacheRead] = [cells.count(usage.input), cells.count(usage.cacheRead)];
  if (api === 0 || cacheRead === 0 || cacheRead > input) return false;
  const hasTotal = cells.has(usage.totalTokens);
  if (api === API.google || api === API.vertex)
    return !hasTotal || cells.count(usage.totalTokens) === input + cells.count(usage.output);
  return !hasTotal && (askedMs === askedMs ? askedMs : draft.timeMs) < OPENAI_UNTIL_MS;
}

/** An entry with neither id nor time is like no other. Number 9: copies of one that had no id have in common when it was asked for. */
function setIds(cells: Cells, askedMs: number, numbers: string): void {
  const id = cells.has(slots.id) ? cells.textOf(slots.id) : "";
  const isKnown = id !== "" || draft.timeMs === draft.timeMs;
  const isResponse = isKnown && (draft.flags & FLAG.usage) !== 0;
  const own = askedMs >= ASKED_FROM_MS && askedMs < IDS_FROM_MS ? ` ${askedMs}` : `${id} ${draft.timeMs}`;
  const { low, high } = isResponse || draft.toolUses > 0 ? hashText(`${own} ${numbers}`) : { low: 0, high: 0 };
  draft.idLow = isKnown ? low : 0;
  draft.idHigh = isKnown ? high : 0;
  draft.responseLow = isResponse ? low : 0;
  draft.responseHigh = isResponse ? high : 0;
  draft.requestLow = isResponse ? REQUEST : 0;
  if (isResponse) draft.flags |= FLAG.responseId | FLAG.requestId;
}
