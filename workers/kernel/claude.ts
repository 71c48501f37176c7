/**
 * Ordinary records of Claude Code, made events where they are read. `decode` of `src/sources/claude.ts` says what a
 * record means and can read any; this does the same for those of which it needs only numbers and texts met before,
 * nearly all of them. `test/kernel/ordinary.test.ts` holds the two against each other.
 */
import { addRecord, contextNumber, noteCwd, noteFirst } from "./events";
import * as L from "./layout";
import { cell, oddBits, presentBits } from "./row";
import { bit, count, id, integer, text, time } from "./values";

// Slots, as `assignSlots` numbers them.
export const TYPE: u32 = 1;
export const TIMESTAMP: u32 = 2;
export const UUID: u32 = 3;
export const REQUEST_ID: u32 = 4;
export const SESSION_ID: u32 = 5;
export const IS_SIDECHAIN: u32 = 6;
export const CWD: u32 = 7;
export const GIT_BRANCH: u32 = 8;
export const VERSION: u32 = 9;
export const AGENT_NAME: u32 = 10;
export const ATTRIBUTION_AGENT: u32 = 11;
export const TEAM_NAME: u32 = 12;
export const TEAM_TEAM_NAME: u32 = 13;
export const MESSAGE_ID: u32 = 14;
export const MODEL: u32 = 15;
export const STOP_REASON: u32 = 16;
export const HAS_USAGE: u32 = 17;
export const INPUT_TOKENS: u32 = 18;
export const OUTPUT_TOKENS: u32 = 19;
export const CACHE_CREATION_TOKENS: u32 = 20;
export const CACHE_READ_TOKENS: u32 = 21;
export const SPLIT_5M: u32 = 22;
export const SPLIT_1H: u32 = 23;
export const THINKING_TOKENS: u32 = 24;
export const WEB_SEARCHES: u32 = 25;
export const ITERATIONS: u32 = 26;
export const OWN_MESSAGES: u32 = 27;
export const SPEED: u32 = 28;
export const SERVICE_TIER: u32 = 29;
export const INFERENCE_GEO: u32 = 30;
export const CONTENT: u32 = 31;
export const TOOL_USES: u32 = 32;
export const THINKING: u32 = 33;
export const TOOL_NAME: u32 = 34;
export const RESULT_AGENT_ID: u32 = 35;
export const RESULT_OTHER_AGENT_ID: u32 = 36;
export const FORKED_FROM: u32 = 37;
export const COST_USD: u32 = 38;
export const DATA_TYPE: u32 = 39;
export const NESTED_TYPE: u32 = 40;
export const NESTED_UUID: u32 = 41;
export const NESTED_REQUEST_ID: u32 = 42;
export const NESTED_TIMESTAMP: u32 = 43;
/** The message of a nested record has its slots so far on. */
export const NESTED: u32 = 30;

const TYPE_ASSISTANT: u32 = 1;
const TYPE_PROGRESS: u32 = 2;
const TYPE_AGENT_NAME: u32 = 3;
const TYPE_USER: u32 = 4;
const TIER_BATCH: u32 = 1;
const TIER_PRIORITY: u32 = 2;

/** A record that has one of these is not ordinary. */
const SELDOM: u64 = bit(FORKED_FROM) | bit(COST_USD);
/** Nor is one of these, where dispatches are wanted. */
const NAMES_AGENT: u64 = bit(RESULT_AGENT_ID) | bit(RESULT_OTHER_AGENT_ID);
/** Content may be text. Texts may have escapes: they are known by their bytes. The made-up model must be told by its text. */
const MAY_BE_ODD: u64 =
  bit(SESSION_ID) |
  bit(CWD) |
  bit(GIT_BRANCH) |
  bit(VERSION) |
  bit(AGENT_NAME) |
  bit(ATTRIBUTION_AGENT) |
  bit(TEAM_NAME) |
  bit(TEAM_TEAM_NAME) |
  bit(CONTENT) |
  bit(CONTENT + NESTED);
/** A record without these, a time, names and tool uses is no event. */
const MAKES_EVENT: u64 = bit(UUID) | bit(MESSAGE_ID) | bit(HAS_USAGE) | bit(TIMESTAMP);

/** Whether a user may have written the record taken in last, and that is wanted. */
export let hasMessage: bool = false;

/** Takes in the record whose cells have just been written; false, with nothing done, when it is the host's. */
export function takeClaude(): bool {
  const present = presentBits(u64.MAX_VALUE);
  const wantsDispatches = load<u32>(L.STATE_WANTS_DISPATCHES) != 0;
  const seldom = wantsDispatches ? SELDOM | NAMES_AGENT : SELDOM;
  const mayBeOdd = wantsDispatches ? MAY_BE_ODD : MAY_BE_ODD | NAMES_AGENT;
  if ((present & seldom) | (oddBits(u64.MAX_VALUE) & ~mayBeOdd)) return false;
  // A record, and one nested in it.
  if (load<u32>(L.STATE_RECORDS) + 2 > <u32>L.ROOM) return false;
  const type = integer(present, TYPE);
  const hasNested =
    type == TYPE_PROGRESS && integer(present, DATA_TYPE) == 1 && (present & bit(HAS_USAGE + NESTED)) != 0;
  if (hasPasses(present, 0) || (hasNested && hasPasses(present, NESTED))) return false;
  const isSideChain = integer(present, IS_SIDECHAIN) == 1;
  const toolUses = type == TYPE_ASSISTANT ? integer(present, TOOL_USES) : 0;
  if (wantsDispatches && toolUses && (integer(present, TOOL_NAME) || integer(present, CONTENT) > 1)) return false;

  hasMessage = type == TYPE_USER && load<u32>(L.STATE_WANTS_MESSAGE) != 0 && !isSideChain && mayHoldText(present);
  const sessionId = text(present, SESSION_ID);
  const cwd = text(present, CWD);
  const agentName = type == TYPE_AGENT_NAME ? 0 : text(present, AGENT_NAME);
  const agentType = text(present, ATTRIBUTION_AGENT);
  const teamWithin = text(present, TEAM_TEAM_NAME);
  const teamName = text(present, TEAM_NAME);
  const team = teamName ? teamName : teamWithin;
  const model = text(present, MODEL);
  const branch = text(present, GIT_BRANCH);
  const version = text(present, VERSION);
  const nestedModel = hasNested ? text(present, MODEL + NESTED) : 0;
  if ((model && isMadeUp(MODEL)) || (nestedModel && isMadeUp(MODEL + NESTED))) return false;
  const context = contextNumber(agentName, agentType, team, branch, version, teamWithin == team ? 0 : teamWithin);

  const timeMs = time(present, TIMESTAMP);
  noteFirst(L.RANGE_SESSION_ID, sessionId);
  noteCwd(cwd, timeMs);
  noteFirst(L.RANGE_AGENT_NAME, agentName);
  noteFirst(L.RANGE_AGENT_TYPE, agentType);
  noteFirst(L.RANGE_TEAM, team);
  if ((present & MAKES_EVENT) != 0 || (toolUses | agentName | agentType | team | model) != 0) {
    store<f64>(L.DRAFT_TIME, timeMs);
    store<u64>(L.DRAFT_ID, id(present, UUID));
    store<u64>(L.DRAFT_REQUEST, id(present, REQUEST_ID));
    store<u32>(L.DRAFT_TOOL_USES, toolUses);
    store<u32>(L.DRAFT_CONTEXT, context);
    let flags: u32 = isSideChain ? L.FLAG_SIDE_CHAIN : 0;
    if (present & bit(REQUEST_ID)) flags |= L.FLAG_REQUEST_ID;
    addMessage(present, 0, model, flags);
  }
  if (hasNested) {
    store<f64>(L.DRAFT_TIME, time(present, NESTED_TIMESTAMP));
    store<u64>(L.DRAFT_ID, id(present, NESTED_UUID));
    store<u64>(L.DRAFT_REQUEST, id(present, NESTED_REQUEST_ID));
    store<u32>(
      L.DRAFT_TOOL_USES,
      integer(present, NESTED_TYPE) == TYPE_ASSISTANT ? integer(present, TOOL_USES + NESTED) : 0,
    );
    store<u32>(L.DRAFT_CONTEXT, contextNumber(0, 0, team, branch, version, 0));
    let flags: u32 = L.FLAG_SIDE_CHAIN | L.FLAG_NESTED;
    if (present & bit(NESTED_REQUEST_ID)) flags |= L.FLAG_REQUEST_ID;
    addMessage(present, NESTED, nestedModel, flags);
  }
  return true;
}

/** Whether it lists API passes other than the one `message` that repeats the response's numbers. */
// @ts-ignore: decorator
@inline
function hasPasses(present: u64, shift: u32): bool {
  if (!(present & bit(ITERATIONS + shift))) return false;
  return integer(present, ITERATIONS + shift) != 1 || integer(present, OWN_MESSAGES + shift) != 1;
}

/** Adds the drafted record with what its `message` says. */
function addMessage(present: u64, shift: u32, model: u32, flags: u32): void {
  store<u64>(L.DRAFT_RESPONSE, id(present, MESSAGE_ID + shift));
  store<u32>(L.DRAFT_MODEL, model);
  store<u32>(L.DRAFT_HAS_EXTRAS, 0);
  if (present & bit(MESSAGE_ID + shift)) flags |= L.FLAG_RESPONSE_ID;
  if (integer(present, TOOL_USES + shift) | integer(present, THINKING + shift)) flags |= L.FLAG_LONG_BLOCK;
  if (present & bit(HAS_USAGE + shift)) {
    flags |= present & bit(STOP_REASON + shift) ? L.FLAG_USAGE | L.FLAG_FINAL : L.FLAG_USAGE;
    draftUsage(present, shift);
  }
  store<u32>(L.DRAFT_FLAGS, flags);
  addRecord();
}

/** As `setUsage` and `termsOf` of `src/sources/claude-usage.ts`. */
function draftUsage(present: u64, shift: u32): void {
  const output = count(present, OUTPUT_TOKENS + shift);
  const split5m = count(present, SPLIT_5M + shift);
  const split1h = count(present, SPLIT_1H + shift);
  store<f64>(L.DRAFT_AMOUNTS, count(present, INPUT_TOKENS + shift));
  store<f64>(L.DRAFT_AMOUNTS, output, 8);
  store<f64>(L.DRAFT_AMOUNTS, min(count(present, THINKING_TOKENS + shift), output), 16);
  store<f64>(L.DRAFT_AMOUNTS, max(count(present, CACHE_CREATION_TOKENS + shift), split5m + split1h) - split1h, 24);
  store<f64>(L.DRAFT_AMOUNTS, split1h, 32);
  store<f64>(L.DRAFT_AMOUNTS, count(present, CACHE_READ_TOKENS + shift), 40);
  store<f64>(L.DRAFT_AMOUNTS, count(present, WEB_SEARCHES + shift), 48);
  store<f64>(L.DRAFT_AMOUNTS, 0, 56); // what the record says it cost: a seldom one
  const tier = integer(present, SERVICE_TIER + shift);
  let terms: u32 = integer(present, SPEED + shift) ? L.TERM_FAST : 0;
  if (tier == TIER_BATCH) terms |= L.TERM_BATCH;
  else if (tier == TIER_PRIORITY) terms |= L.TERM_PRIORITY;
  if (integer(present, INFERENCE_GEO + shift)) terms |= L.TERM_US;
  store<u32>(L.DRAFT_TERMS, terms);
}

/** Whether the model may be `<synthetic>`. */
// @ts-ignore: decorator
@inline
function isMadeUp(slot: u32): bool {
  return load<u8>(load<u32>(cell(slot), 8)) == 0x3c;
}

/** Whether a record of type `user` is anything but one tool's result, in one of the two ways in which these are written. */
function mayHoldText(present: u64): bool {
  if (integer(present, CONTENT) != 1) return true;
  let p = <usize>load<u32>(cell(CONTENT), 8);
  if (load<u16>(p) != 0x7b5b) return true; // [{
  p += 2;
  // "tool_use_id":"
  if (load<u64>(p) == 0x73755f6c6f6f7422 && load<u64>(p, 7) == 0x223a2264695f6573) {
    p += 15;
    const limit = p + 64;
    while (p < limit && load<u8>(p) != 0x22 && load<u8>(p) != 0x5c) p++;
    if (load<u16>(p) != 0x2c22) return true; // ",
    p += 2;
  }
  // "type":"tool_result
  return (
    load<u64>(p) != 0x223a226570797422 || load<u64>(p, 8) != 0x7365725f6c6f6f74 || load<u32>(p, 16) != 0x22746c75
  );
}
