/**
 * Codex: which fields of a record matter (`spec/accounting.md`, "Codex"; `formats/codex.md`). Records are kept as
 * they stand, running totals included: what they add depends on records before them and on other rollouts, and is
 * decided on every run by `src/tally/codex.ts`. Numbers in comments are those of `docs/decisions/0010`.
 */
import type { EventWriter } from "../event-writer.ts";
import type { Extra } from "../record-draft.ts";
import { FLAG, type UsageNumbers } from "../events.ts";
import { noUsage } from "./usage.ts";
import { emptyDraft } from "./draft.ts";
import { assignSlots, count, hash, json, object, oneOf, text, time, within } from "./fields.ts";
import { noteLine } from "./messages.ts";
import { isObject, type Json } from "../json.ts";
import type { Cells, Source } from "./source.ts";
import { decompress } from "./zstd.ts";

/** A rollout decompressed may have, at most: as much as the longest line that can be asked for. */
const LONGEST_BYTES = 512 << 20;

const TOKENS = object({
  input_tokens: count,
  cached_input_tokens: count,
  cache_write_input_tokens: count,
  output_tokens: count,
  reasoning_output_tokens: count,
  total_tokens: count,
});

export const RECORD = object({
  timestamp: time,
  type: oneOf("event_msg", "response_item", "turn_context", "session_meta"),
  payload: object({
    type: oneOf(
      "token_count",
      "entered_review_mode",
      "exited_review_mode",
      "function_call",
      "custom_tool_call",
      "user_message",
    ),
    info: object({ total_token_usage: TOKENS, last_token_usage: TOKENS, model: text }),
    model: text,
    id: text,
    forked_from_id: hash,
    cwd: text,
    cli_version: text,
    source: json,
    git: object({ branch: text }),
    /** The rollout whose history this one goes on from, without copies of it. */
    history_base: within({ thread_id: hash }),
  }),
});

const TYPE = { eventMessage: 1, responseItem: 2, turnContext: 3, sessionMeta: 4 } as const;
const PAYLOAD = {
  tokenCount: 1,
  enteredReview: 2,
  exitedReview: 3,
  functionCall: 4,
  customToolCall: 5,
  userMessage: 6,
} as const;

const { slots } = assignSlots(RECORD);
const { payload } = slots;
const TOTAL = payload.info.total_token_usage.self;
const LAST = payload.info.last_token_usage.self;
/** Of a vector's slots, the last one behind its own. */
const VECTOR_SLOTS = payload.info.total_token_usage.total_tokens - TOTAL;

export const codex: Source = {
  name: "codex",
  record: RECORD,
  decode,
  // One that is cut off, since it is being written, is none yet.
  unpack: (bytes) => decompress(bytes, LONGEST_BYTES),
};

const draft = emptyDraft();
const last: { readonly model: string; readonly usage: UsageNumbers } = { model: "", usage: noUsage() };
const LAST_ONLY: readonly Extra[] = [last];
const NO_EXTRAS: readonly Extra[] = [];

function decode(cells: Cells, events: EventWriter): boolean {
  const type = cells.integer(slots.type);
  const kind = cells.integer(payload.type);
  draft.timeMs = cells.time(slots.timestamp);
  draft.responseLow = draft.responseHigh = draft.requestLow = draft.requestHigh = 0;
  draft.flags = draft.model = draft.toolUses = 0;
  draft.extras = NO_EXTRAS;
  draft.context = events.contextNumber(0, 0, 0, 0, 0);

  if (type === TYPE.eventMessage) {
    if (kind === PAYLOAD.tokenCount) {
      if (!readTokenCount(cells)) return false;
    } else if (kind === PAYLOAD.enteredReview) {
      draft.flags = FLAG.reviewStart;
    } else if (kind === PAYLOAD.exitedReview) {
      draft.flags = FLAG.reviewEnd;
    } else if (kind === PAYLOAD.userMessage && events.wantsMessage) {
      noteLine(cells.line(), events, messageIn);
    }
  } else if (type === TYPE.responseItem) {
    draft.toolUses = kind === PAYLOAD.functionCall || kind === PAYLOAD.customToolCall ? 1 : 0;
  } else if (type === TYPE.turnContext) {
    draft.model = cells.text(payload.model);
    if (draft.model !== 0) draft.flags = FLAG.turn;
    noteFolder(cells, events);
  } else if (type === TYPE.sessionMeta && !readSession(cells, events)) {
    return false;
  }
  if (draft.flags !== 0 || draft.toolUses > 0 || draft.timeMs === draft.timeMs) events.add(draft);
  return true;
}

/** What a user wrote, in the record of a `user_message`; undefined where the client made it up. */
function messageIn({ payload: said }: Json): unknown {
  if (!isObject(said)) return undefined;
  const { kind, message } = said;
  // Older versions sent the surroundings and standing instructions as messages too.
  return kind === undefined || kind === null || kind === "plain" ? message : undefined;
}

/** False: a bad number. Without either vector (`info: null`) the record only tells its time. */
function readTokenCount(cells: Cells): boolean {
  const [hasTotal, hasLast] = [cells.has(TOTAL), cells.has(LAST)];
  if (hasTotal && cells.hasBadCount(TOTAL, TOTAL + VECTOR_SLOTS)) return false;
  if (hasLast && cells.hasBadCount(LAST, LAST + VECTOR_SLOTS)) return false;
  if (!hasTotal && !hasLast) return true;
  readVector(cells, hasTotal ? TOTAL : LAST, draft.usage);
  draft.model = cells.text(payload.info.model) || cells.text(payload.model);
  draft.flags = FLAG.usage | (hasTotal ? FLAG.reading : FLAG.onlyLast);
  if (!hasTotal || !hasLast) return true;
  readVector(cells, LAST, last.usage);
  draft.extras = LAST_ONLY;
  return true;
}

/** A vector as it stands, with the columns of `VECTOR` in `src/tally/vectors.ts`. */
function readVector(cells: Cells, at: number, to: UsageNumbers): void {
  const shift = at - TOTAL;
  const { total_token_usage: slot } = payload.info;
  to.input = cells.count(slot.input_tokens + shift);
  to.cacheRead = cells.count(slot.cached_input_tokens + shift);
  to.cacheCreation5m = cells.count(slot.cache_write_input_tokens + shift);
  to.output = cells.count(slot.output_tokens + shift);
  to.reasoning = cells.count(slot.reasoning_output_tokens + shift);
  to.webSearches = cells.count(slot.total_tokens + shift);
}

function readSession(cells: Cells, events: EventWriter): boolean {
  const agent = agentOf(cells);
  if (agent === undefined) return false;
  draft.flags = FLAG.session | (cells.has(payload.history_base.thread_id) ? FLAG.restart : 0);
  draft.responseLow = cells.hashLow(payload.id);
  draft.responseHigh = cells.hashHigh(payload.id);
  draft.requestLow = cells.hashLow(payload.forked_from_id);
  draft.requestHigh = cells.hashHigh(payload.forked_from_id);
  draft.context = events.contextNumber(0, 0, 0, cells.text(payload.git.branch), cells.text(payload.cli_version));
  const id = cells.text(payload.id);
  if (id !== 0) events.noteFirst("sessionId", id);
  events.noteFirst("agentName", events.textNumber(agent));
  noteFolder(cells, events);
  return true;
}

/** The first in the bytes: copied records may bear any time. */
function noteFolder(cells: Cells, events: EventWriter): void {
  const cwd = cells.text(payload.cwd);
  if (cwd !== 0) events.noteCwd(cwd, NaN);
}

/** Number 9: what `source` says; undefined when it is no JSON. */
function agentOf(cells: Cells): string | undefined {
  if (!cells.has(payload.source)) return "main";
  let value: unknown;
  try {
    value = JSON.parse(cells.json(payload.source));
  } catch {
    return undefined;
  }
  const subagent = typeof value === "object" && value !== null && "subagent" in value ? value.subagent : null;
  if (subagent === null) return "main";
  return subagent === "review" ? "review" : "subagent";
}
