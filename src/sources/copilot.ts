/**
 * Copilot CLI (`formats/others.md`; `docs/decisions/0012`). A session tells running totals by model where it ends, and with
 * each message no more than its output. Both are kept as they stand; `src/tally/copilot.ts` decides what adds what.
 */
import { isObject } from "../json.ts";
import type { EventWriter } from "../event-writer.ts";
import { FLAG } from "../events.ts";
import { readCount } from "./documents.ts";
import { emptyDraft } from "./draft.ts";
import { assignSlots, count, each, flag, hash, json, object, oneOf, text, time, within } from "./fields.ts";
import { hashText } from "./hash.ts";
import type { Cells, Source } from "./source.ts";

const RECORD = object({
  type: oneOf(
    "session.start",
    "session.resume",
    "session.shutdown",
    "session.compaction_complete",
    "session.model_change",
    "assistant.message",
    "tool.execution_complete",
    "user.message",
    "store.request",
  ),
  id: text,
  timestamp: time,
  data: within({
    sessionId: text,
    copilotVersion: text,
    context: within({ cwd: text, branch: text }),
    selectedModel: text,
    newModel: text,
    model: text,
    outputTokens: count,
    toolRequests: each("type", {}),
    parentToolCallId: hash,
    success: flag,
    modelMetrics: json,
  }),
  /** Of a row of the session store (`src/databases/copilot.ts`). */
  usage: object({
    inputTokens: count,
    outputTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    reasoningTokens: count,
  }),
});

const TYPE = {
  start: 1,
  resume: 2,
  shutdown: 3,
  compacted: 4,
  modelChange: 5,
  message: 6,
  toolDone: 7,
  userMessage: 8,
  request: 9,
} as const;

const { slots } = assignSlots(RECORD);
const { data, usage } = slots;

export const copilot: Source = {
  name: "copilot",
  record: RECORD,
  decode,
  // A session of the session store comes as lines.
  unpack: (bytes) => bytes.toString("utf8"),
};

const draft = emptyDraft();
/** All responses are told apart by their own key, so all messages have one and the same request. */
const REQUEST = 0x636f7069;

function decode(cells: Cells, events: EventWriter): boolean {
  const type = cells.integer(slots.type);
  if (type === TYPE.message && cells.hasBadCount(data.outputTokens, data.outputTokens)) return false;
  if (type === TYPE.request && cells.hasBadCount(usage.self, usage.reasoningTokens)) return false;
  const totals = type === TYPE.shutdown ? readTotals(cells) : NO_TOTALS;
  if (totals === undefined) return false;

  draft.timeMs = cells.time(slots.timestamp);
  draft.idLow = draft.idHigh = draft.responseLow = draft.responseHigh = draft.requestLow = draft.requestHigh = 0;
  draft.flags = draft.model = draft.toolUses = 0;
  draft.context = events.contextNumber(0, 0, 0, 0, 0);
  if (type === TYPE.start || type === TYPE.resume) readSession(cells, events);
  else if (type === TYPE.message) readMessage(cells);
  else if (type === TYPE.request) readRequest(cells);
  else if (type === TYPE.modelChange) noteModel(cells.text(data.newModel));
  else if (type === TYPE.toolDone) noteModel(cells.text(data.model));
  else if (type === TYPE.compacted && cells.integer(data.success) === 1) draft.flags = FLAG.restart;
  else if (type === TYPE.userMessage && events.wantsMessage) {
    const said = messageText(cells.line());
    if (said !== "") events.noteMessage(said);
  }
  if (totals.length > 0) addTotals(totals, cells, events);
  else if (draft.flags !== 0 || draft.toolUses > 0 || draft.timeMs === draft.timeMs) events.add(draft);
  return true;
}

function readSession(cells: Cells, events: EventWriter): void {
  const id = cells.text(data.sessionId);
  if (id !== 0) events.noteFirst("sessionId", id);
  const cwd = cells.text(data.context.cwd);
  if (cwd !== 0) events.noteCwd(cwd, draft.timeMs);
  draft.context = events.contextNumber(0, 0, 0, cells.text(data.context.branch), cells.text(data.copilotVersion));
  noteModel(cells.text(data.selectedModel));
  draft.flags |= FLAG.session;
}

function noteModel(model: number): void {
  draft.model = model;
  if (model !== 0) draft.flags |= FLAG.turn;
}

/** Its output is all that a message tells; a message without is no answer of a model. */
function readMessage(cells: Cells): void {
  draft.model = cells.text(data.model);
  draft.toolUses = cells.integer(data.toolRequests.self);
  if (cells.has(data.parentToolCallId)) draft.flags |= FLAG.sideChain;
  if (cells.has(data.outputTokens)) {
    draft.flags |= FLAG.usage;
    setUsage(0, cells.count(data.outputTokens), 0, 0, 0);
  }
  setId(cells);
}

/** A row of the session store tells all that a request used. */
function readRequest(cells: Cells): void {
  draft.model = cells.text(data.model);
  draft.flags = FLAG.usage | FLAG.onlyLast;
  if (cells.has(data.parentToolCallId)) draft.flags |= FLAG.sideChain;
  setUsage(
    cells.count(usage.inputTokens),
    cells.count(usage.outputTokens),
    cells.count(usage.cacheReadTokens),
    cells.count(usage.cacheWriteTokens),
    cells.count(usage.reasoningTokens),
  );
  setId(cells);
}

/** No flag says that there is an id: records that have it in common are still told apart by what stands between them. */
function setId(cells: Cells): void {
  const id = cells.textOf(slots.id);
  if (id === "") return;
  const { low, high } = hashText(id);
  draft.idLow = draft.responseLow = low;
  draft.idHigh = draft.responseHigh = high;
  draft.requestLow = REQUEST;
}

/** The columns of `VECTOR` in `src/tally/vectors.ts`: cached and written tokens are parts of the input. */
function setUsage(input: number, output: number, cacheRead: number, cacheWrite: number, reasoning: number): void {
  draft.usage.input = input;
  draft.usage.output = output;
  draft.usage.cacheRead = cacheRead;
  draft.usage.cacheCreation5m = cacheWrite;
  draft.usage.reasoning = reasoning;
}

interface Total {
  readonly model: string;
  readonly counts: readonly [input: number, output: number, cacheRead: number, cacheWrite: number, reasoning: number];
}

const NO_TOTALS: readonly Total[] = [];

/** The running totals of each model; undefined when they are damaged or hold a bad number. */
function readTotals(cells: Cells): readonly Total[] | undefined {
  if (!cells.has(data.modelMetrics)) return NO_TOTALS;
  try {
    const metrics: unknown = JSON.parse(cells.json(data.modelMetrics));
    if (!isObject(metrics)) return NO_TOTALS;
    return Object.entries(metrics).flatMap(([model, told]) => {
      const usage = isObject(told) ? told["usage"] : undefined;
      if (!isObject(usage)) return [];
      const [input, output, read, write, reasoning] = NAMES.map((name) => readCount(usage[name]));
      return [{ model, counts: [input, output, read, write, reasoning] as Total["counts"] }];
    });
  } catch {
    return undefined;
  }
}

const NAMES = ["inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens", "reasoningTokens"] as const;

/** One event a model. Those of one line have one request, by which the tally knows them. */
function addTotals(totals: readonly Total[], cells: Cells, events: EventWriter): void {
  const id = cells.textOf(slots.id);
  const line = id || `${draft.timeMs} ${JSON.stringify(totals)}`;
  const request = hashText(line);
  for (const { model, counts } of totals) {
    const response = hashText(`${line} ${model}`);
    draft.flags = FLAG.usage | FLAG.counter;
    draft.model = model === "" ? 0 : events.textNumber(model);
    draft.responseLow = response.low;
    draft.responseHigh = response.high;
    draft.requestLow = request.low;
    draft.requestHigh = request.high;
    setUsage(...counts);
    events.add(draft);
  }
}

/** What a user wrote, as it was typed. */
function messageText(line: string): string {
  try {
    const { data: said } = JSON.parse(line) as { data?: { content?: unknown } };
    return typeof said?.content === "string" ? said.content.trim() : "";
  } catch {
    // Damage where nobody looked until now.
    return "";
  }
}
