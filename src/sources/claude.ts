/**
 * Claude Code: which fields of a record matter and what they mean (`spec/accounting.md`, "Claude Code";
 * the numbers in comments are those of `docs/decisions/0002`).
 */
import type { EventWriter } from "../event-writer.ts";
import type { Extra } from "../record-draft.ts";
import { FLAG } from "../events.ts";
import { recordedCost } from "./money.ts";
import { GEOGRAPHIES, readIterations, SERVICE_TIERS, setUsage, SPEEDS, SYNTHETIC, termsOf } from "./claude-usage.ts";
import { messageText, TOOL_RESULT } from "./claude-messages.ts";
import { contentText, parsed } from "./messages.ts";
import { dispatchesOf, nameInResult } from "./dispatches.ts";
import {
  assignSlots,
  count,
  decimal,
  each,
  eachWith,
  flag,
  hash,
  object,
  oneOf,
  text,
  time,
  within,
} from "./fields.ts";
import { emptyDraft } from "./draft.ts";
import { hasAmounts } from "./usage.ts";
import type { Cells, Source } from "./source.ts";

const USAGE_FIELDS = object({
  input_tokens: count,
  output_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  cache_creation: within({ ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count }),
  output_tokens_details: within({ thinking_tokens: count }),
  server_tool_use: within({ web_search_requests: count }),
  iterations: each("type", { ownMessages: ["message"] }),
  speed: oneOf(...SPEEDS),
  service_tier: oneOf(...SERVICE_TIERS),
  inference_geo: oneOf(...GEOGRAPHIES),
});

const BLOCKS = { toolUses: ["tool_use"], thinking: ["thinking", "redacted_thinking"] } as const;
const MESSAGE_FIELDS = { id: hash, model: text, stop_reason: oneOf(), usage: USAGE_FIELDS } as const;

export const RECORD = object({
  type: oneOf("assistant", "progress", "agent-name", "user"),
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
  team: within({ teamName: text }),
  message: within({ ...MESSAGE_FIELDS, content: eachWith("type", BLOCKS, { name: oneOf("Agent", "Task") }) }),
  toolUseResult: within({ agentId: text, agent_id: text }),
  forkedFrom: within({ messageUuid: hash }),
  costUSD: decimal,
  data: within({
    type: oneOf("agent_progress"),
    message: within({
      type: oneOf("assistant"),
      uuid: hash,
      requestId: hash,
      timestamp: time,
      message: within({ ...MESSAGE_FIELDS, content: each("type", BLOCKS) }),
    }),
  }),
});

const TYPE_ASSISTANT = 1;
const TYPE_PROGRESS = 2;
const TYPE_AGENT_NAME = 3;
const TYPE_USER = 4;
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
const COST_USD = slots.costUSD;
const RESULT_AGENT_ID = slots.toolUseResult.agentId;
const RESULT_OTHER_AGENT_ID = slots.toolUseResult.agent_id;
const FORKED_FROM = slots.forkedFrom.messageUuid;
const DATA_TYPE = slots.data.type;
const NESTED_TYPE = slots.data.message.type;
const NESTED_UUID = slots.data.message.uuid;
const NESTED_REQUEST_ID = slots.data.message.requestId;
const NESTED_TIMESTAMP = slots.data.message.timestamp;
const { message } = slots;
const MESSAGE_ID = message.id;
const MODEL = message.model;
const STOP_REASON = message.stop_reason;
const CONTENT = message.content.self;
const TOOL_NAME = message.content.name;
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
const SPEED = message.usage.speed;
const SERVICE_TIER = message.usage.service_tier;
const INFERENCE_GEO = message.usage.inference_geo;
/** The message of a nested record is declared alike, but for what comes last, so its slots are those of a record's message, this far on. */
const NESTED = slots.data.message.message.id - message.id;

export const claude: Source = { name: "claude", record: RECORD, decode, noteMessage };

/** The record at hand; one object for all records, since only numbers leave it. */
const draft = emptyDraft();
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
  const sessionId = cells.text(SESSION_ID);
  if (sessionId !== 0) events.noteFirst("sessionId", sessionId);
  const cwd = cells.text(CWD);
  if (cwd !== 0) events.noteCwd(cwd, timeMs);
  const agentName = type === TYPE_AGENT_NAME ? 0 : cells.text(AGENT_NAME);
  if (agentName !== 0) events.noteFirst("agentName", agentName);
  const agentType = cells.text(ATTRIBUTION_AGENT);
  if (agentType !== 0) events.noteFirst("agentType", agentType);
  const team = cells.text(TEAM_NAME) || cells.text(TEAM_TEAM_NAME);
  if (team !== 0) events.noteFirst("team", team);
  const teamWithin = cells.text(TEAM_TEAM_NAME);
  const otherTeam = teamWithin === team ? 0 : teamWithin;

  if (type === TYPE_USER) noteMessage(cells, events);

  // Number 36: a fork may give its copies ids of their own.
  const uuid = cells.has(FORKED_FROM) ? FORKED_FROM : UUID;
  const hasIds = cells.has(uuid) || cells.has(MESSAGE_ID);
  const toolUses = type === TYPE_ASSISTANT ? cells.integer(TOOL_USES) : 0;
  const model = cells.text(MODEL);
  const dispatches = events.wantsDispatches ? noteDispatches(cells, events, toolUses) : 0;
  const isEvent =
    hasIds ||
    cells.has(HAS_USAGE) ||
    !Number.isNaN(timeMs) ||
    toolUses + agentName + agentType + team + model + dispatches > 0;
  if (!isEvent && !hasNested) return true;

  const branch = cells.text(GIT_BRANCH);
  const version = cells.text(VERSION);
  if (isEvent) {
    draft.timeMs = timeMs;
    draft.idLow = cells.hashLow(uuid);
    draft.idHigh = cells.hashHigh(uuid);
    draft.requestLow = cells.hashLow(REQUEST_ID);
    draft.requestHigh = cells.hashHigh(REQUEST_ID);
    draft.toolUses = toolUses;
    draft.context = events.contextNumber(agentName, agentType, team, branch, version, otherTeam, dispatches);
    draft.flags =
      (cells.integer(IS_SIDECHAIN) === 1 ? FLAG.sideChain : 0) | (cells.has(REQUEST_ID) ? FLAG.requestId : 0);
    addMessage(cells, 0, model, extras, events);
  }
  if (hasNested) {
    draft.timeMs = cells.time(NESTED_TIMESTAMP);
    draft.idLow = cells.hashLow(NESTED_UUID);
    draft.idHigh = cells.hashHigh(NESTED_UUID);
    draft.requestLow = cells.hashLow(NESTED_REQUEST_ID);
    draft.requestHigh = cells.hashHigh(NESTED_REQUEST_ID);
    draft.toolUses = cells.integer(NESTED_TYPE) === 1 ? cells.integer(TOOL_USES + NESTED) : 0;
    draft.context = events.contextNumber(0, 0, team, branch, version);
    draft.flags = FLAG.sideChain | FLAG.nested | (cells.has(NESTED_REQUEST_ID) ? FLAG.requestId : 0);
    addMessage(cells, NESTED, cells.text(MODEL + NESTED), nestedExtras, events);
  }
  if (uuid === FORKED_FROM) addAlias(cells, events);
  return true;
}

/** Number 36: what is copied from this copy names it by its own id. */
function addAlias(cells: Cells, events: EventWriter): void {
  const [low, high] = [cells.hashLow(UUID), cells.hashHigh(UUID)];
  const [fromLow, fromHigh] = [cells.hashLow(FORKED_FROM), cells.hashHigh(FORKED_FROM)];
  if (!cells.has(UUID) || (low === fromLow && high === fromHigh)) return;
  draft.timeMs = NaN;
  draft.idLow = draft.idHigh = draft.model = draft.toolUses = 0;
  draft.responseLow = fromLow;
  draft.responseHigh = fromHigh;
  draft.requestLow = low;
  draft.requestHigh = high;
  draft.context = events.contextNumber(0, 0, 0, 0, 0);
  draft.flags = FLAG.alias;
  draft.extras = NO_EXTRAS;
  events.add(draft);
}

function noteMessage(cells: Cells, events: EventWriter): void {
  if (!events.wantsMessage || !mayHoldText(cells)) return;
  if (!cells.has(CONTENT) && !cells.isText(CONTENT)) return;
  // Only the record itself says that the client made it up; nearly none does.
  const mayBeMeta = mayHaveKey(cells, "isMeta");
  const text = mayBeMeta ? messageText(cells.line()) : contentText(parsed(cells.json(CONTENT)));
  if (text !== "") events.noteMessage(text);
}

/** Whether a key may be somewhere in the record but in its content, which is most of the line. Keys may be written with escapes. */
function mayHaveKey(cells: Cells, key: string): boolean {
  return cells.standsBeside(CONTENT, `"${key}"`) || cells.standsBeside(CONTENT, String.raw`\u00`);
}

/** Nearly all records of type `user` are one tool's result, which their first bytes show. */
function mayHoldText(cells: Cells): boolean {
  if (cells.integer(IS_SIDECHAIN) === 1) return false;
  return !cells.has(CONTENT) || cells.integer(CONTENT) > 1 || !TOOL_RESULT.test(cells.startOf(CONTENT, 128));
}

/** The text number of the calls that start agents, and results that name them, in a record; few have any. */
function noteDispatches(cells: Cells, events: EventWriter, toolUses: number): number {
  const isResult = cells.has(RESULT_AGENT_ID) || cells.has(RESULT_OTHER_AGENT_ID);
  // Of several blocks only the last one's name is at hand, so they are looked at one by one.
  const isCall = toolUses > 0 && (cells.integer(TOOL_NAME) !== 0 || cells.integer(CONTENT) > 1);
  if (!isCall && !isResult) return 0;
  const textAt = (slot: number) => (cells.has(slot) ? cells.textOf(slot) : "");
  const agentIds = [textAt(RESULT_AGENT_ID), textAt(RESULT_OTHER_AGENT_ID)].filter((id) => id !== "");
  const content = cells.has(CONTENT) ? cells.json(CONTENT) : "[]";
  // Few results have a name, and no slot is left for it.
  const mayName = isResult && mayHaveKey(cells, "name");
  const found = dispatchesOf(content, isCall, agentIds, mayName ? nameInResult(cells.line()) : "");
  return found === "" ? 0 : events.textNumber(found);
}

/** Adds the drafted record with what its `message` says. */
function addMessage(cells: Cells, shift: number, model: number, extras: readonly Extra[], events: EventWriter): void {
  draft.responseLow = cells.hashLow(MESSAGE_ID + shift);
  draft.responseHigh = cells.hashHigh(MESSAGE_ID + shift);
  if (cells.has(MESSAGE_ID + shift)) draft.flags |= FLAG.responseId;
  if (cells.integer(TOOL_USES + shift) + cells.integer(THINKING + shift) > 0) draft.flags |= FLAG.longBlock;
  let hasUsage = cells.has(HAS_USAGE + shift);
  if (hasUsage) {
    readUsage(cells, shift);
    // Of the record itself; a record nested in it has none.
    draft.usage.recordedCost = shift === 0 && cells.has(COST_USD) ? recordedCost(cells.decimal(COST_USD)) : 0;
  }
  // Number 11: records the client made up count only if they have tokens.
  if (model !== 0 && model === events.textNumber(SYNTHETIC)) {
    hasUsage &&= hasAmounts(draft.usage);
    model = hasUsage ? events.textNumber("synthetic") : 0;
  }
  if (hasUsage) draft.flags |= cells.has(STOP_REASON + shift) ? FLAG.usage | FLAG.final : FLAG.usage;
  draft.model = model;
  draft.extras = hasUsage ? extras : NO_EXTRAS;
  events.add(draft);
}

function hasBadUsage(cells: Cells, shift: number): boolean {
  return cells.hasBadCount(HAS_USAGE + shift, LAST_OF_USAGE + shift);
}

function readUsage(cells: Cells, shift: number): void {
  setUsage(
    draft.usage,
    cells.count(INPUT_TOKENS + shift),
    cells.count(OUTPUT_TOKENS + shift),
    cells.count(CACHE_CREATION_TOKENS + shift),
    cells.count(CACHE_READ_TOKENS + shift),
    cells.count(SPLIT_5M + shift),
    cells.count(SPLIT_1H + shift),
    cells.count(THINKING_TOKENS + shift),
    cells.count(WEB_SEARCHES + shift),
  );
  draft.usage.terms = termsOf(
    cells.integer(SPEED + shift),
    cells.integer(SERVICE_TIER + shift),
    cells.integer(INFERENCE_GEO + shift),
  );
}

/**
 * Number 20: the API passes behind the response. Nearly every list is one `message` that repeats the response's
 * numbers, which the cells show at once.
 */
function readExtras(cells: Cells, shift: number): readonly Extra[] | undefined {
  if (!cells.has(ITERATIONS + shift)) return NO_EXTRAS;
  if (cells.integer(ITERATIONS + shift) === 1 && cells.integer(OWN_MESSAGES + shift) === 1) return NO_EXTRAS;
  return readIterations(
    cells.json(ITERATIONS + shift),
    cells.has(MODEL + shift) ? cells.textOf(MODEL + shift) : UNKNOWN,
  );
}
