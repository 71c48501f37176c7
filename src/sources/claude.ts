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

const { slots } = assignSlots(RECORD);

// Plain numbers, each read once here: they are used for every record.
const TYPE = slots.type;
const TIMESTAMP = slots.timestamp;
const UUID = slots.uuid;
const REQUEST_ID = slots.requestId;
const SESSION_ID = slots.sessionId;
const IS_SIDECHAIN = slots.isSidechain;
const CWD = slots.cwd;
const GIT_BRANCH = slots.gitBranch;
const VERSION = slots.version;
const AGENT_NAME = slots.agentName;
const ATTRIBUTION_AGENT = slots.attributionAgent;
const TEAM_NAME = slots.teamName;
const TEAM_TEAM_NAME = slots.team.teamName;
const DATA_TYPE = slots.data.type;
const NESTED_TYPE = slots.data.message.type;
const NESTED_UUID = slots.data.message.uuid;
const NESTED_REQUEST_ID = slots.data.message.requestId;
const NESTED_TIMESTAMP = slots.data.message.timestamp;
const { message } = slots;
const MESSAGE_ID = message.id;
const MODEL = message.model;
const STOP_REASON = message.stop_reason;
const TOOL_USES = message.content.toolUses;
const THINKING = message.content.thinking;
const HAS_USAGE = message.usage.self;
const LAST_OF_USAGE = message.usage.server_tool_use.web_search_requests;
const INPUT_TOKENS = message.usage.input_tokens;
const OUTPUT_TOKENS = message.usage.output_tokens;
const CACHE_CREATION_TOKENS = message.usage.cache_creation_input_tokens;
const CACHE_READ_TOKENS = message.usage.cache_read_input_tokens;
const SPLIT_5M = message.usage.cache_creation.ephemeral_5m_input_tokens;
const SPLIT_1H = message.usage.cache_creation.ephemeral_1h_input_tokens;
const THINKING_TOKENS = message.usage.output_tokens_details.thinking_tokens;
const WEB_SEARCHES = message.usage.server_tool_use.web_search_requests;
const ITERATIONS = message.usage.iterations.self;
const OWN_MESSAGES = message.usage.iterations.ownMessages;
/** The message of a nested record is declared alike, so its slots are those of a record's message, this far on. */
const NESTED = slots.data.message.message.self - message.self;

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
  const type = cells.integer(TYPE);
  const hasNested = type === TYPE_PROGRESS && cells.integer(DATA_TYPE) === 1 && cells.has(HAS_USAGE + NESTED);
  // Everything that can be bad is looked at before anything is written.
  if (cells.has(HAS_USAGE) && hasBadUsage(cells, 0)) return false;
  if (hasNested && hasBadUsage(cells, NESTED)) return false;
  const extras = readExtras(cells, 0);
  const nestedExtras = hasNested ? readExtras(cells, NESTED) : NO_EXTRAS;
  if (extras === undefined || nestedExtras === undefined) return false;

  const timeMs = cells.time(TIMESTAMP);
  const firsts = events.range.columns;
  const sessionId = cells.text(SESSION_ID);
  if (sessionId !== 0) events.noteFirst(firsts.sessionId, sessionId);
  const cwd = cells.text(CWD);
  if (cwd !== 0) events.noteCwd(cwd, timeMs);
  const agentName = type === TYPE_AGENT_NAME ? 0 : cells.text(AGENT_NAME);
  if (agentName !== 0) events.noteFirst(firsts.agentName, agentName);
  const agentType = cells.text(ATTRIBUTION_AGENT);
  if (agentType !== 0) events.noteFirst(firsts.agentType, agentType);
  const team = cells.text(TEAM_NAME) || cells.text(TEAM_TEAM_NAME);
  if (team !== 0) events.noteFirst(firsts.team, team);

  const hasIds = cells.has(UUID) || cells.has(MESSAGE_ID);
  const toolUses = type === TYPE_ASSISTANT ? cells.integer(TOOL_USES) : 0;
  const model = cells.text(MODEL);
  const isEvent =
    hasIds || cells.has(HAS_USAGE) || !Number.isNaN(timeMs) || toolUses + agentName + agentType + team + model > 0;
  if (!isEvent && !hasNested) return true;

  const tail = cells.isTail ? FLAG.tail : 0;
  const branch = cells.text(GIT_BRANCH);
  const version = cells.text(VERSION);
  if (isEvent) {
    const i = events.event.add();
    const e = events.event.columns;
    e.timeMs[i] = timeMs;
    e.recordLow[i] = cells.hashLow(UUID);
    e.recordHigh[i] = cells.hashHigh(UUID);
    e.requestLow[i] = cells.hashLow(REQUEST_ID);
    e.requestHigh[i] = cells.hashHigh(REQUEST_ID);
    e.toolUses[i] = toolUses;
    e.context[i] = events.contextNumber(agentName, agentType, team, branch, version);
    const flags =
      tail |
      (cells.integer(IS_SIDECHAIN) === 1 ? FLAG.sideChain : 0) |
      (cells.has(UUID) ? FLAG.recordId : 0) |
      (cells.has(REQUEST_ID) ? FLAG.requestId : 0);
    writeMessage(cells, 0, i, flags, model, extras, events);
  }
  if (hasNested) {
    const i = events.event.add();
    const e = events.event.columns;
    e.timeMs[i] = cells.time(NESTED_TIMESTAMP);
    e.recordLow[i] = cells.hashLow(NESTED_UUID);
    e.recordHigh[i] = cells.hashHigh(NESTED_UUID);
    e.requestLow[i] = cells.hashLow(NESTED_REQUEST_ID);
    e.requestHigh[i] = cells.hashHigh(NESTED_REQUEST_ID);
    e.toolUses[i] = cells.integer(NESTED_TYPE) === 1 ? cells.integer(TOOL_USES + NESTED) : 0;
    e.context[i] = events.contextNumber(0, 0, team, branch, version);
    const flags =
      tail |
      FLAG.sideChain |
      FLAG.nested |
      (cells.has(NESTED_UUID) ? FLAG.recordId : 0) |
      (cells.has(NESTED_REQUEST_ID) ? FLAG.requestId : 0);
    writeMessage(cells, NESTED, i, flags, cells.text(MODEL + NESTED), nestedExtras, events);
  }
  return true;
}

/** Writes what `message` says into event `i`. */
function writeMessage(
  cells: Cells,
  shift: number,
  i: number,
  flags: number,
  model: number,
  extras: readonly Extra[],
  events: EventWriter,
): void {
  const e = events.event.columns;
  e.responseLow[i] = cells.hashLow(MESSAGE_ID + shift);
  e.responseHigh[i] = cells.hashHigh(MESSAGE_ID + shift);
  if (cells.has(MESSAGE_ID + shift)) flags |= FLAG.responseId;
  if (cells.has(STOP_REASON + shift)) flags |= FLAG.final;
  if (cells.integer(TOOL_USES + shift) + cells.integer(THINKING + shift) > 0) flags |= FLAG.longBlock;
  let usageIndex = NO_USAGE;
  let hasUsage = cells.has(HAS_USAGE + shift);
  if (hasUsage) {
    readUsage(cells, shift);
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

function hasBadUsage(cells: Cells, shift: number): boolean {
  return cells.hasBadCount(HAS_USAGE + shift, LAST_OF_USAGE + shift);
}

function readUsage(cells: Cells, shift: number): void {
  setUsage(
    usage,
    cells.count(INPUT_TOKENS + shift),
    cells.count(OUTPUT_TOKENS + shift),
    cells.count(CACHE_CREATION_TOKENS + shift),
    cells.count(CACHE_READ_TOKENS + shift),
    cells.count(SPLIT_5M + shift),
    cells.count(SPLIT_1H + shift),
    cells.count(THINKING_TOKENS + shift),
    cells.count(WEB_SEARCHES + shift),
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
function readExtras(cells: Cells, shift: number): readonly Extra[] | undefined {
  if (!cells.has(ITERATIONS + shift)) return NO_EXTRAS;
  if (cells.integer(ITERATIONS + shift) === 1 && cells.integer(OWN_MESSAGES + shift) === 1) return NO_EXTRAS;
  let entries: Array<Record<string, unknown>>;
  try {
    entries = (JSON.parse(spellOutCounts(cells.json(ITERATIONS + shift))) as unknown[]).filter(isObject);
  } catch {
    return undefined;
  }
  const ownModel = cells.has(MODEL + shift) ? cells.textOf(MODEL + shift) : UNKNOWN;
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

/**
 * JSON with each number that is not plain digits written as the integer it is, or as -1 where it is none:
 * `JSON.parse` would round `4503599627370496.4` to one.
 */
function spellOutCounts(json: string): string {
  return json.replace(
    /"(?:[^"\\]|\\.)*"|-?\d+(?:\.(\d+))?(?:[eE]([+-]?\d+))?/g,
    (token, fraction = "", exponent = "0") => {
      if (token.startsWith('"') || /^\d{1,15}$/.test(token)) return token;
      const digits = token
        .replace(/[eE].*/, "")
        .replace(/[-.]/g, "")
        .replace(/^0+/, "");
      const significant = digits.replace(/0+$/, "");
      if (significant === "") return "0";
      const zeros = digits.length - significant.length + Number(exponent) - String(fraction).length;
      if (token.startsWith("-") || zeros < 0 || significant.length + zeros > 16) return "-1";
      return significant + "0".repeat(zeros);
    },
  );
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
