/**
 * Pi (`formats/others.md`): a session is a tree of entries in one file; every branch of it was used, so every line counts.
 * Forks are new files with copies, whose entry ids are too short to tell entries apart: id, time and numbers together do.
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

const RECORD = object({
  type: oneOf("session", "message"),
  id: text,
  timestamp: time,
  cwd: text,
  message: object({
    role: oneOf("assistant", "user"),
    model: text,
    content: each("type", { toolCalls: ["toolCall"] }),
    usage: object({
      input: count,
      output: count,
      cacheRead: count,
      cacheWrite: count,
      totalTokens: count,
      cost: within({ total: decimal }),
    }),
  }),
});

const TYPE = { session: 1, message: 2 } as const;
const ROLE = { assistant: 1, user: 2 } as const;
const { slots } = assignSlots(RECORD);
const { message } = slots;
const { usage } = message;

export const pi: Source = { name: "pi", record: RECORD, decode };

const draft = emptyDraft();
/** All responses are told apart by their own key, so all have one and the same request. */
const REQUEST = 0x7069;

function decode(cells: Cells, events: EventWriter): boolean {
  const type = cells.integer(slots.type);
  const role = type === TYPE.message ? cells.integer(message.role) : 0;
  const isAnswer = role === ROLE.assistant;
  const hasUsage = isAnswer && cells.has(usage.self);
  if (hasUsage && cells.hasBadCount(usage.self, usage.totalTokens)) return false;

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
  draft.model = isAnswer ? cells.text(message.model) : 0;
  draft.toolUses = isAnswer ? cells.integer(message.content.toolCalls) : 0;
  draft.context = events.contextNumber(0, 0, 0, 0, 0);
  draft.usage.input = cells.count(usage.input);
  draft.usage.output = cells.count(usage.output);
  draft.usage.cacheRead = cells.count(usage.cacheRead);
  draft.usage.cacheCreation5m = cells.count(usage.cacheWrite);
  draft.usage.recordedCost = recordedCost(cells.decimal(usage.cost.total));
  const { input, output, cacheRead, cacheCreation5m } = draft.usage;
  // A request that was aborted before it began tells zeros.
  if (hasUsage && input + output + cacheRead + cacheCreation5m > 0) draft.flags = FLAG.usage;
  setIds(cells, `${input} ${output} ${cacheRead} ${cacheCreation5m}`);
  if (draft.flags !== 0 || draft.toolUses + draft.model > 0 || draft.timeMs === draft.timeMs) events.add(draft);
  return true;
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
