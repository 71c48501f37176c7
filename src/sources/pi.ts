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
  readUsage(cells, shift);
  const { input, output, cacheRead, cacheCreation5m, cacheCreation1h } = draft.usage;
  const cacheWrite = cacheCreation5m + cacheCreation1h;
  // A request that was aborted before it began tells zeros.
  if (hasUsage && input + output + cacheRead + cacheWrite > 0) {
    draft.flags = FLAG.usage;
    // What a summary was asked of, `src/tally/pi.ts` says.
    if (draft.model === 0 && !isSummary) draft.model = events.textNumber(UNKNOWN);
  }
  setIds(cells, `${input} ${output} ${cacheRead} ${cacheWrite}`);
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

function readUsage(cells: Cells, shift: number): void {
  const output = cells.count(usage.output + shift);
  const cacheWrite = cells.count(usage.cacheWrite + shift);
  const cacheWrite1h = Math.min(cells.count(usage.cacheWrite1h + shift), cacheWrite);
  draft.usage.input = cells.count(usage.input + shift);
  draft.usage.output = output;
  draft.usage.reasoning = Math.min(cells.count(usage.reasoning + shift), output);
  draft.usage.cacheRead = cells.count(usage.cacheRead + shift);
  draft.usage.cacheCreation5m = cacheWrite - cacheWrite1h;
  draft.usage.cacheCreation1h = cacheWrite1h;
  draft.usage.recordedCost = recordedCost(cells.decimal(usage.cost.total + shift));
}

/** An entry with neither id nor time is like no other. */
function setIds(cells: Cells, numbers: string): void {
  const id = cells.has(slots.id) ? cells.textOf(slots.id) : "";
  const isKnown = id !== "" || draft.timeMs === draft.timeMs;
  const isResponse = isKnown && (draft.flags & FLAG.usage) !== 0;
  const { low, high } =
    isResponse || draft.toolUses > 0 ? hashText(`${id} ${draft.timeMs} ${numbers}`) : { low: 0, high: 0 };
  draft.idLow = isKnown ? low : 0;
  draft.idHigh = isKnown ? high : 0;
  draft.responseLow = isResponse ? low : 0;
  draft.responseHigh = isResponse ? high : 0;
  draft.requestLow = isResponse ? REQUEST : 0;
  if (isResponse) draft.flags |= FLAG.responseId | FLAG.requestId;
}
