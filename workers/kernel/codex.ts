/**
 * Ordinary records of Codex, made events where they are read: those that tell no more than a time and a call of a tool,
 * turns, and readings of a running total that has not fallen. As `claude.ts` does; `src/sources/codex.ts` says what they mean.
 */
import { addRecord, contextNumber, noteCwd } from "./events";
import * as L from "./layout";
import { fallsBehind } from "./readings";
import { oddBits, presentBits } from "./row";
import { bit, count, integer, text, time } from "./values";

// Slots, as `assignSlots` numbers them.
export const TIMESTAMP: u32 = 1;
export const TYPE: u32 = 2;
export const PAYLOAD_TYPE: u32 = 4;
export const TOTAL: u32 = 6;
export const TOTAL_INPUT: u32 = 7;
export const TOTAL_CACHED_INPUT: u32 = 8;
export const TOTAL_CACHE_WRITE: u32 = 9;
export const TOTAL_OUTPUT: u32 = 10;
export const TOTAL_REASONING: u32 = 11;
export const TOTAL_TOKENS: u32 = 12;
export const LAST: u32 = 13;
export const LAST_TOKENS: u32 = 19;
export const INFO_MODEL: u32 = 20;
export const PAYLOAD_MODEL: u32 = 21;
export const PAYLOAD_CWD: u32 = 24;

const EVENT_MESSAGE: u32 = 1;
const RESPONSE_ITEM: u32 = 2;
const TURN_CONTEXT: u32 = 3;
const SESSION_META: u32 = 4;
const TOKEN_COUNT: u32 = 1;
const ENTERED_REVIEW: u32 = 2;
const EXITED_REVIEW: u32 = 3;
const FUNCTION_CALL: u32 = 4;
const CUSTOM_TOOL_CALL: u32 = 5;
const USER_MESSAGE: u32 = 6;

/** Takes in the record whose cells have just been written; false, with nothing done, when it is the host's. */
export function takeCodex(): bool {
  const present = presentBits(u64.MAX_VALUE);
  if (oddBits(bit(TIMESTAMP))) return false;
  if (load<u32>(L.STATE_RECORDS) == <u32>L.ROOM) return false;
  const type = integer(present, TYPE);
  const kind = integer(present, PAYLOAD_TYPE);
  if (type == SESSION_META) return false;
  store<f64>(L.DRAFT_TIME, time(present, TIMESTAMP));
  let flags: u32 = 0;
  let model: u32 = 0;
  let toolUses: u32 = 0;
  if (type == RESPONSE_ITEM) {
    toolUses = kind == FUNCTION_CALL || kind == CUSTOM_TOOL_CALL ? 1 : 0;
  } else if (type == TURN_CONTEXT) {
    model = text(present, PAYLOAD_MODEL);
    if (model) flags = L.FLAG_TURN;
    noteCwd(text(present, PAYLOAD_CWD), NaN);
  } else if (type == EVENT_MESSAGE) {
    if (kind == ENTERED_REVIEW || kind == EXITED_REVIEW) return false;
    if (kind == USER_MESSAGE && load<u32>(L.STATE_WANTS_MESSAGE)) return false;
    if (kind == TOKEN_COUNT && present & (bit(TOTAL) | bit(LAST))) {
      if (!(present & bit(TOTAL)) || !load<u32>(L.STATE_FOLDS)) return false;
      if (oddBits(slotsFrom(TOTAL, LAST_TOKENS))) return false;
      draftTotal(present);
      // What the last request used is asked for where the total falls.
      if (fallsBehind()) return false;
      model = text(present, INFO_MODEL);
      if (!model) model = text(present, PAYLOAD_MODEL);
      flags = L.FLAG_USAGE | L.FLAG_READING;
    }
  }
  if (!(present & bit(TIMESTAMP)) && !(flags | toolUses)) return true;
  store<u64>(L.DRAFT_ID, 0);
  store<u64>(L.DRAFT_RESPONSE, 0);
  store<u64>(L.DRAFT_REQUEST, 0);
  store<u32>(L.DRAFT_FLAGS, flags);
  store<u32>(L.DRAFT_MODEL, model);
  store<u32>(L.DRAFT_TOOL_USES, toolUses);
  store<u32>(L.DRAFT_CONTEXT, contextNumber(0, 0, 0, 0, 0, 0));
  store<u32>(L.DRAFT_HAS_EXTRAS, 0);
  addRecord();
  return true;
}

/** As `readVector` of `src/sources/codex.ts`. */
function draftTotal(present: u64): void {
  store<f64>(L.DRAFT_AMOUNTS, count(present, TOTAL_INPUT));
  store<f64>(L.DRAFT_AMOUNTS, count(present, TOTAL_OUTPUT), 8);
  store<f64>(L.DRAFT_AMOUNTS, count(present, TOTAL_REASONING), 16);
  store<f64>(L.DRAFT_AMOUNTS, count(present, TOTAL_CACHE_WRITE), 24);
  store<f64>(L.DRAFT_AMOUNTS, 0, 32);
  store<f64>(L.DRAFT_AMOUNTS, count(present, TOTAL_CACHED_INPUT), 40);
  store<f64>(L.DRAFT_AMOUNTS, count(present, TOTAL_TOKENS), 48);
  store<f64>(L.DRAFT_AMOUNTS, 0, 56);
  store<u32>(L.DRAFT_TERMS, 0);
}

/** Bits of the slots from `first` to `last`. */
// @ts-ignore: decorator
@inline
function slotsFrom(first: u32, last: u32): u64 {
  return (bit(last) << 1) - bit(first);
}
