/**
 * Claude Code: which fields of a record matter and what they mean (`spec/accounting.md`, "Claude Code";
 * the numbers in comments are those of `docs/decisions/0002`).
 */
import { type EventWriter, FLAG, NO_USAGE, type UsageNumbers } from "../events.ts";
import { assignSlots, count, each, flag, hash, object, oneOf, text, time } from "./fields.ts";
import type { Cells, Source } from "./source.ts";

const USAGE_FIELDS = object({
  input_tokens: count,
  output_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  cache_creation: object({ ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count }),
  output_tokens_details: object({ thinking_tokens: count }),
  server_tool_use: object({ web_search_requests: count }),
  iterations: each("type", { ownMessages: ["message"] }),
});

const MESSAGE = object({
  id: hash,
  model: text,
  stop_reason: oneOf(),
  content: each("type", { toolUses: ["tool_use"], thinking: ["thinking", "redacted_thinking"] }),
  usage: USAGE_FIELDS,
});

const RECORD = object({
  type: oneOf("assistant", "progress", "agent-name"),
  timestamp: time,
  uuid: hash,
  requestId: hash,
  sessionId: text,
  isSidechain: flag,
  cwd: text,
  gitBranch: text,
  version: text,
  agentName: text,
  attributionAgent: text,
  teamName: text,
  team: object({ teamName: text }),
  message: MESSAGE,
  data: object({
    type: oneOf("agent_progress"),
    message: object({ type: oneOf("assistant"), uuid: hash, requestId: hash, timestamp: time, message: MESSAGE }),
  }),
});

const TYPE_ASSISTANT = 1;
const TYPE_PROGRESS = 2;
const TYPE_AGENT_NAME = 3;
const SYNTHETIC = "<synthetic>";
/** The model of a response that names none. */
const UNKNOWN = "unknown";

const { slots: at } = assignSlots(RECORD);
type MessageSlots = typeof at.message;

export const claude: Source = { name: "claude", record: RECORD, decode };

/** The usage of the record at hand; one object for all records, since only numbers leave it. */
const usage: UsageNumbers = {
  input: 0,
  output: 0,
  reasoning: 0,
  cacheCreation5m: 0,
  cacheCreation1h: 0,
  cacheRead: 0,
  webSearches: 0,
};

interface Extra {
  readonly model: string;
  readonly usage: UsageNumbers;
}
const NO_EXTRAS: readonly Extra[] = [];

function decode(cells: Cells, events: EventWriter): boolean {
  const type = cells.integer(at.type);
  const hasNested =
    type === TYPE_PROGRESS && cells.integer(at.data.type) === 1 && cells.has(at.data.message.message.usage.self);
  // Everything that can be bad is looked at before anything is written.
  if (cells.has(at.message.usage.self) && hasBadUsage(cells, at.message)) return false;
  if (hasNested && hasBadUsage(cells, at.data.message.message)) return false;
  const extras = readExtras(cells, at.message);
  const nestedExtras = hasNested ? readExtras(cells, at.data.message.message) : NO_EXTRAS;
  if (extras === undefined || nestedExtras === undefined) return false;

  const timeMs = cells.time(at.timestamp);
  const sessionId = cells.text(at.sessionId);
  if (sessionId !== 0) events.noteFirst("sessionId", sessionId);
  const cwd = cells.text(at.cwd);
  if (cwd !== 0) events.noteCwd(cwd, timeMs, cells.offset);
  const agentName = type === TYPE_AGENT_NAME ? 0 : cells.text(at.agentName);
  if (agentName !== 0) events.noteFirst("agentName", agentName);
  const agentType = cells.text(at.attributionAgent);
  if (agentType !== 0) events.noteFirst("agentType", agentType);
  const team = cells.text(at.teamName) || cells.text(at.team.teamName);
  if (team !== 0) events.noteFirst("team", team);

  const hasIds = cells.has(at.uuid) || cells.has(at.message.id);
  const toolUses = type === TYPE_ASSISTANT ? cells.integer(at.message.content.toolUses) : 0;
  const model = cells.text(at.message.model);
  const isEvent =
    hasIds ||
    cells.has(at.message.usage.self) ||
    !Number.isNaN(timeMs) ||
    toolUses + agentName + agentType + team + model > 0;
  if (!isEvent && !hasNested) return true;

  const tail = cells.isTail ? FLAG.tail : 0;
  const branch = cells.text(at.gitBranch);
  const version = cells.text(at.version);
  if (isEvent) {
    const i = events.event.add();
    const e = events.event.columns;
    e.timeMs[i] = timeMs;
    e.offset[i] = cells.offset;
    e.recordLow[i] = cells.hashLow(at.uuid);
    e.recordHigh[i] = cells.hashHigh(at.uuid);
    e.requestLow[i] = cells.hashLow(at.requestId);
    e.requestHigh[i] = cells.hashHigh(at.requestId);
    e.toolUses[i] = toolUses;
    e.context[i] = events.contextNumber(agentName, agentType, team, branch, version);
    const flags =
      tail |
      (cells.integer(at.isSidechain) === 1 ? FLAG.sideChain : 0) |
      (cells.has(at.uuid) ? FLAG.recordId : 0) |
      (cells.has(at.requestId) ? FLAG.requestId : 0);
    writeMessage(cells, at.message, i, flags, model, extras, events);
  }
  if (hasNested) {
    const nested = at.data.message;
    const i = events.event.add();
    const e = events.event.columns;
    e.timeMs[i] = cells.time(nested.timestamp);
    e.offset[i] = cells.offset;
    e.recordLow[i] = cells.hashLow(nested.uuid);
    e.recordHigh[i] = cells.hashHigh(nested.uuid);
    e.requestLow[i] = cells.hashLow(nested.requestId);
    e.requestHigh[i] = cells.hashHigh(nested.requestId);
    e.toolUses[i] = cells.integer(nested.type) === 1 ? cells.integer(nested.message.content.toolUses) : 0;
    e.context[i] = events.contextNumber(0, 0, team, branch, version);
    const flags =
      tail |
      FLAG.sideChain |
      FLAG.nested |
      (cells.has(nested.uuid) ? FLAG.recordId : 0) |
      (cells.has(nested.requestId) ? FLAG.requestId : 0);
    writeMessage(cells, nested.message, i, flags, cells.text(nested.message.model), nestedExtras, events);
  }
  return true;
}

/** Writes what `message` says into event `i`. */
function writeMessage(
  cells: Cells,
  slots: MessageSlots,
  i: number,
  flags: number,
  model: number,
  extras: readonly Extra[],
  events: EventWriter,
): void {
  const e = events.event.columns;
  e.responseLow[i] = cells.hashLow(slots.id);
  e.responseHigh[i] = cells.hashHigh(slots.id);
  if (cells.has(slots.id)) flags |= FLAG.responseId;
  if (cells.has(slots.stop_reason)) flags |= FLAG.final;
  if (cells.integer(slots.content.toolUses) + cells.integer(slots.content.thinking) > 0) flags |= FLAG.longBlock;
  let usageIndex = NO_USAGE;
  let hasUsage = cells.has(slots.usage.self);
  if (hasUsage) {
    readUsage(cells, slots.usage);
    // Number 11: records the client made up count only if they have tokens.
    if (model !== 0 && model === events.textNumber(SYNTHETIC)) {
      hasUsage = Object.values(usage).some((number) => number > 0);
      model = hasUsage ? events.textNumber("synthetic") : 0;
    }
  } else if (model !== 0 && model === events.textNumber(SYNTHETIC)) {
    model = 0;
  }
  if (hasUsage) {
    flags |= FLAG.usage;
    usageIndex = events.usage.add();
    writeUsage(events.usage.columns, usageIndex, usage);
    for (const extra of extras) {
      const x = events.extra.add();
      events.extra.columns.owner[x] = usageIndex;
      events.extra.columns.model[x] = extra.model === "" ? 0 : events.textNumber(extra.model);
      writeUsage(events.extra.columns, x, extra.usage);
    }
  }
  e.model[i] = model;
  e.usage[i] = usageIndex;
  e.flags[i] = flags;
}

function writeUsage(columns: Record<keyof UsageNumbers, Float64Array>, i: number, from: UsageNumbers): void {
  columns.input[i] = from.input;
  columns.output[i] = from.output;
  columns.reasoning[i] = from.reasoning;
  columns.cacheCreation5m[i] = from.cacheCreation5m;
  columns.cacheCreation1h[i] = from.cacheCreation1h;
  columns.cacheRead[i] = from.cacheRead;
  columns.webSearches[i] = from.webSearches;
}

function hasBadUsage(cells: Cells, slots: MessageSlots): boolean {
  return cells.hasBadCount(slots.usage.self, slots.usage.server_tool_use.web_search_requests);
}

function readUsage(cells: Cells, slots: MessageSlots["usage"]): void {
  setUsage(
    usage,
    cells.count(slots.input_tokens),
    cells.count(slots.output_tokens),
    cells.count(slots.cache_creation_input_tokens),
    cells.count(slots.cache_read_input_tokens),
    cells.count(slots.cache_creation.ephemeral_5m_input_tokens),
    cells.count(slots.cache_creation.ephemeral_1h_input_tokens),
    cells.count(slots.output_tokens_details.thinking_tokens),
    cells.count(slots.server_tool_use.web_search_requests),
  );
}

/** Number 10: what the split leaves over is the 5 minute part. */
function setUsage(
  to: UsageNumbers,
  input: number,
  output: number,
  cacheCreation: number,
  cacheRead: number,
  split5m: number,
  split1h: number,
  thinking: number,
  webSearches: number,
): void {
  to.input = input;
  to.output = output;
  to.reasoning = Math.min(thinking, output);
  to.cacheCreation5m = Math.max(cacheCreation, split5m + split1h) - split1h;
  to.cacheCreation1h = split1h;
  to.cacheRead = cacheRead;
  to.webSearches = webSearches;
}

/**
 * Number 20: the API passes behind the response that its own numbers leave out. Undefined when one has a bad
 * count. Nearly every list is one `message` that repeats the response's numbers, which the cells show at once.
 */
function readExtras(cells: Cells, slots: MessageSlots): readonly Extra[] | undefined {
  const list = slots.usage.iterations;
  if (!cells.has(list.self)) return NO_EXTRAS;
  if (cells.integer(list.self) === 1 && cells.integer(list.ownMessages) === 1) return NO_EXTRAS;
  let entries: Array<Record<string, unknown>>;
  try {
    entries = (JSON.parse(cells.json(list.self)) as unknown[]).filter(isObject);
  } catch {
    return undefined;
  }
  const ownModel = cells.has(slots.model) ? cells.textOf(slots.model) : UNKNOWN;
  const lastFallback = entries.findLastIndex((entry) => entry["type"] === "fallback_message");
  const extras: Extra[] = [];
  for (const [i, entry] of entries.entries()) {
    const named = typeof entry["model"] === "string" ? entry["model"] : "";
    if (entry["type"] === "message") {
      if (i === entries.length - 1 || named === "" || named === ownModel) continue;
    } else if (i === lastFallback) {
      continue;
    }
    const numbers = parseUsage(entry);
    if (!numbers) return undefined;
    extras.push({ model: named === SYNTHETIC ? "synthetic" : named, usage: numbers });
  }
  return extras;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The usage of an entry of `iterations`; undefined when a count is bad. */
function parseUsage(entry: Record<string, unknown>): UsageNumbers | undefined {
  let isBad = false;
  const read = (from: unknown, name: string): number => {
    const value = isObject(from) ? (from[name] ?? 0) : 0;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value + 0;
    isBad = true;
    return 0;
  };
  const numbers = { ...usage };
  setUsage(
    numbers,
    read(entry, "input_tokens"),
    read(entry, "output_tokens"),
    read(entry, "cache_creation_input_tokens"),
    read(entry, "cache_read_input_tokens"),
    read(entry["cache_creation"], "ephemeral_5m_input_tokens"),
    read(entry["cache_creation"], "ephemeral_1h_input_tokens"),
    read(entry["output_tokens_details"], "thinking_tokens"),
    read(entry["server_tool_use"], "web_search_requests"),
  );
  return isBad ? undefined : numbers;
}
