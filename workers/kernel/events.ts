/**
 * Records to events, in columns (`src/events.ts`). The host drafts records that are seldom, and whatever it must read
 * as text; ordinary ones are drafted here (`claude.ts`, `codex.ts`). Both are taken in by `addRecord`, in the order of the bytes.
 */
import * as L from "./layout";
import { forgetReading, isRepeat } from "./readings";

/** What must be equal for records to be one event. */
const ALIKE: u32 = L.FLAG_SIDE_CHAIN | L.FLAG_NESTED | L.FLAG_RESPONSE_ID | L.FLAG_REQUEST_ID;
/** Records without these, a model or tool uses tell nothing but their time. */
const SAYS_MORE: u32 = L.FLAG_RESPONSE_ID | L.FLAG_USAGE | L.FLAG_NESTED | L.FLAG_STANDS_ALONE;
const NO_EVENT: u32 = u32.MAX_VALUE;
const NO_USAGE: u32 = u32.MAX_VALUE;

const WIDE: usize = L.ROOM * 8;
const NARROW: usize = L.ROOM * 4;

const FIRST_MS: usize = L.EVENT_COLUMNS;
const LAST_MS: usize = FIRST_MS + WIDE;
const CHOSEN_MS: usize = LAST_MS + WIDE;
const RESPONSE_LOW: usize = CHOSEN_MS + WIDE;
const RESPONSE_HIGH: usize = RESPONSE_LOW + NARROW;
const REQUEST_LOW: usize = RESPONSE_HIGH + NARROW;
const REQUEST_HIGH: usize = REQUEST_LOW + NARROW;
const FLAGS: usize = REQUEST_HIGH + NARROW;
const USAGE: usize = FLAGS + NARROW;
const MODEL: usize = USAGE + NARROW;
const TOOL_USES: usize = MODEL + NARROW;
const CONTEXT: usize = TOOL_USES + NARROW;
const EARLIEST_RECORD: usize = CONTEXT + NARROW;
const CHOSEN_RECORD: usize = EARLIEST_RECORD + NARROW;
const FIRST_RECORD: usize = CHOSEN_RECORD + NARROW;
const LAST_RECORD: usize = FIRST_RECORD + NARROW;

const RECORD_MS: usize = L.RECORD_COLUMNS;
const ID_LOW: usize = RECORD_MS + WIDE;
const ID_HIGH: usize = ID_LOW + NARROW;
const EVENT_OF_RECORD: usize = ID_HIGH + NARROW;
const TOOL_USES_OF_RECORD: usize = EVENT_OF_RECORD + NARROW;

const OUTPUT: usize = L.USAGE_COLUMNS + WIDE;
const TERMS: usize = L.USAGE_COLUMNS + L.AMOUNTS * WIDE;
/** Of the draft. */
const DRAFT_OUTPUT: usize = L.DRAFT_AMOUNTS + 8;

/** The events of the range that the next record may belong to. */
let lastResponse: u32 = NO_EVENT;
let lastTimes: u32 = NO_EVENT;

/** The next record begins an event of its own. */
export function cutEvents(): void {
  lastResponse = NO_EVENT;
  lastTimes = NO_EVENT;
}

/** Another range begins: nothing is known of it yet. */
export function beginRange(wantsMessage: u32): void {
  memory.fill(L.RANGE_SESSION_ID, 0, L.RANGE_CWD_TIME - L.RANGE_SESSION_ID);
  store<f64>(L.RANGE_CWD_TIME, Infinity);
  store<u32>(L.STATE_WANTS_MESSAGE, wantsMessage);
  cutEvents();
  forgetReading();
}

/** Keeps what the range says first. */
// @ts-ignore: decorator
@inline
export function noteFirst(at: usize, text: u32): void {
  if (text && !load<u32>(at)) store<u32>(at, text);
}

/** The earliest stays; one without a time is the latest. */
// @ts-ignore: decorator
@inline
export function noteCwd(cwd: u32, timeMs: f64): void {
  if (!cwd) return;
  const at = timeMs == timeMs ? timeMs : Infinity;
  if (load<u32>(L.RANGE_CWD) && at >= load<f64>(L.RANGE_CWD_TIME)) return;
  store<u32>(L.RANGE_CWD, cwd);
  store<f64>(L.RANGE_CWD_TIME, at);
}

/**
 * Takes in the record that is drafted; there is room for it. Returns whether it began an event. What it tells no more is taken
 * from the draft.
 */
export function addRecord(): bool {
  const i = load<u32>(L.STATE_RECORDS);
  store<u32>(L.STATE_RECORDS, i + 1);
  const record = load<u32>(L.STATE_RECORD_BASE) + i;
  const timeMs = load<f64>(L.DRAFT_TIME);
  let flags = load<u32>(L.DRAFT_FLAGS);
  if (flags & L.FLAG_STANDS_ALONE && load<u32>(L.STATE_FOLDS) && isRepeat(flags)) {
    store<u32>(L.RANGE_USAGE_RECORDS, load<u32>(L.RANGE_USAGE_RECORDS) + 1);
    flags = 0;
    store<u32>(L.DRAFT_FLAGS, 0);
    store<u32>(L.DRAFT_MODEL, 0);
  }
  const toolUses = load<u32>(L.DRAFT_TOOL_USES);
  store<f64>(((<usize>i) << 3) + RECORD_MS, timeMs);
  const narrow = (<usize>i) << 2;
  store<u32>(narrow + ID_LOW, load<u32>(L.DRAFT_ID));
  store<u32>(narrow + ID_HIGH, load<u32>(L.DRAFT_ID, 4));
  store<u32>(narrow + TOOL_USES_OF_RECORD, toolUses);
  if (flags & L.FLAG_USAGE) store<u32>(L.RANGE_USAGE_RECORDS, load<u32>(L.RANGE_USAGE_RECORDS) + 1);

  const onlyTells = (flags & SAYS_MORE) == 0 && (load<u32>(L.DRAFT_MODEL) | toolUses) == 0;
  const last = onlyTells ? lastTimes : lastResponse;
  if (last != NO_EVENT && belongsTo(last, flags)) {
    store<u32>(narrow + EVENT_OF_RECORD, load<u32>(L.STATE_EVENT_BASE) + last);
    fold(last, record, flags);
    return false;
  }
  const begun = begin(record, flags);
  store<u32>(narrow + EVENT_OF_RECORD, load<u32>(L.STATE_EVENT_BASE) + begun);
  if (load<u32>(L.STATE_FOLDS) && timeMs == timeMs && !load<u32>(L.DRAFT_HAS_EXTRAS)) {
    if (onlyTells) lastTimes = begun;
    else if (flags & L.FLAG_RESPONSE_ID) lastResponse = begun;
  }
  return true;
}

/** Whether a record that may be folded says the same as event `i` about where it belongs. */
function belongsTo(i: u32, flags: u32): bool {
  const narrow = (<usize>i) << 2;
  const timeMs = load<f64>(L.DRAFT_TIME);
  return (
    load<u32>(narrow + CONTEXT) == load<u32>(L.DRAFT_CONTEXT) &&
    ((load<u32>(narrow + FLAGS) ^ flags) & ALIKE) == 0 &&
    load<u32>(narrow + RESPONSE_LOW) == load<u32>(L.DRAFT_RESPONSE) &&
    load<u32>(narrow + RESPONSE_HIGH) == load<u32>(L.DRAFT_RESPONSE, 4) &&
    load<u32>(narrow + REQUEST_LOW) == load<u32>(L.DRAFT_REQUEST) &&
    load<u32>(narrow + REQUEST_HIGH) == load<u32>(L.DRAFT_REQUEST, 4) &&
    timeMs == timeMs &&
    !load<u32>(L.DRAFT_HAS_EXTRAS)
  );
}

function begin(record: u32, flags: u32): u32 {
  const i = load<u32>(L.STATE_EVENTS);
  store<u32>(L.STATE_EVENTS, i + 1);
  const timeMs = load<f64>(L.DRAFT_TIME);
  const hasTime = timeMs == timeMs;
  const wide = (<usize>i) << 3;
  store<f64>(wide + FIRST_MS, hasTime ? timeMs : Infinity);
  const lastMs = hasTime ? timeMs : -Infinity;
  store<f64>(wide + LAST_MS, lastMs);
  store<f64>(wide + CHOSEN_MS, lastMs);
  const narrow = (<usize>i) << 2;
  store<u32>(narrow + RESPONSE_LOW, load<u32>(L.DRAFT_RESPONSE));
  store<u32>(narrow + RESPONSE_HIGH, load<u32>(L.DRAFT_RESPONSE, 4));
  store<u32>(narrow + REQUEST_LOW, load<u32>(L.DRAFT_REQUEST));
  store<u32>(narrow + REQUEST_HIGH, load<u32>(L.DRAFT_REQUEST, 4));
  store<u32>(narrow + FLAGS, flags);
  store<u32>(narrow + USAGE, flags & L.FLAG_USAGE ? newUsage() : NO_USAGE);
  store<u32>(narrow + MODEL, load<u32>(L.DRAFT_MODEL));
  store<u32>(narrow + TOOL_USES, load<u32>(L.DRAFT_TOOL_USES));
  store<u32>(narrow + CONTEXT, load<u32>(L.DRAFT_CONTEXT));
  store<u32>(narrow + EARLIEST_RECORD, record);
  store<u32>(narrow + CHOSEN_RECORD, record);
  store<u32>(narrow + FIRST_RECORD, record);
  store<u32>(narrow + LAST_RECORD, record);
  return i;
}

/** Adds a record with a time to event `i`, by the rules for records of one response (numbers 16 and 17 of decision 0002). */
function fold(i: u32, record: u32, flags: u32): void {
  const wide = (<usize>i) << 3;
  const narrow = (<usize>i) << 2;
  const timeMs = load<f64>(L.DRAFT_TIME);
  store<u32>(narrow + LAST_RECORD, record);
  if (timeMs < load<f64>(wide + FIRST_MS)) {
    store<f64>(wide + FIRST_MS, timeMs);
    store<u32>(narrow + EARLIEST_RECORD, record);
  }
  if (timeMs > load<f64>(wide + LAST_MS)) store<f64>(wide + LAST_MS, timeMs);
  store<u32>(narrow + TOOL_USES, load<u32>(narrow + TOOL_USES) + load<u32>(L.DRAFT_TOOL_USES));
  const before = load<u32>(narrow + FLAGS);
  store<u32>(narrow + FLAGS, before | flags);
  const isLater = timeMs >= load<f64>(wide + CHOSEN_MS);
  const model = load<u32>(L.DRAFT_MODEL);
  if (flags & L.FLAG_USAGE) {
    if (before & L.FLAG_USAGE) {
      const usage = load<u32>(narrow + USAGE) - load<u32>(L.STATE_USAGE_BASE);
      const more = load<f64>(DRAFT_OUTPUT) - load<f64>(((<usize>usage) << 3) + OUTPUT);
      if (more < 0 || (more == 0 && !isLater)) return;
      writeUsage(usage);
    } else {
      store<u32>(narrow + USAGE, newUsage());
    }
  } else if (before & L.FLAG_USAGE || model == 0 || (load<u32>(narrow + MODEL) != 0 && !isLater)) {
    return;
  }
  store<u32>(narrow + MODEL, model);
  store<f64>(wide + CHOSEN_MS, timeMs);
  store<u32>(narrow + CHOSEN_RECORD, record);
}

/** Its number. */
function newUsage(): u32 {
  const i = load<u32>(L.STATE_USAGES);
  store<u32>(L.STATE_USAGES, i + 1);
  writeUsage(i);
  return load<u32>(L.STATE_USAGE_BASE) + i;
}

function writeUsage(i: u32): void {
  const wide = (<usize>i) << 3;
  for (let k: usize = 0; k < L.AMOUNTS; k++) {
    store<f64>(wide + L.USAGE_COLUMNS + k * WIDE, load<f64>(L.DRAFT_AMOUNTS + (k << 3)));
  }
  store<u32>(((<usize>i) << 2) + TERMS, load<u32>(L.DRAFT_TERMS));
}

/** Another batch begins: its texts and contexts are numbered anew. */
export function forgetNumbers(): void {
  memory.fill(L.KNOWN_TEXTS, 0, L.KNOWN_TEXTS_LENGTH * L.KNOWN_TEXT_BYTES);
  memory.fill(L.KNOWN_CONTEXTS, 0, L.KNOWN_CONTEXTS_LENGTH * L.KNOWN_CONTEXT_BYTES);
}

/** Has the host number a text of `length` bytes at `start`, which may have escapes. Never 0. */
@external("env", "numberText")
declare function numberText(start: usize, length: u32, hasEscapes: u32): u32;

/** Has the host number a context. */
@external("env", "numberContext")
declare function numberContext(
  agentName: u32,
  agentType: u32,
  team: u32,
  branch: u32,
  version: u32,
  otherTeam: u32,
): u32;

/** The number of a text, of which the hash of its bytes as they stand is known. */
export function textNumber(low: u32, high: u32, start: usize, length: u32, hasEscapes: u32): u32 {
  let at = placeOfText(low, 0);
  for (let step: u32 = 0; step < PROBES; step++) {
    const place = placeOfText(low, step);
    const number = load<u32>(place, 8);
    if (!number) {
      at = place;
      break;
    }
    if (load<u32>(place) == low && load<u32>(place, 4) == high) return number;
  }
  // Where all places are taken, the text at the first is forgotten.
  const number = numberText(start, length, hasEscapes);
  store<u32>(at, low);
  store<u32>(at, high, 4);
  store<u32>(at, number, 8);
  return number;
}

/** Places at which a text, or a context, may be. */
const PROBES: u32 = 8;

// @ts-ignore: decorator
@inline
function placeOfText(low: u32, step: u32): usize {
  return L.KNOWN_TEXTS + ((<usize>(low + step)) & (L.KNOWN_TEXTS_LENGTH - 1)) * L.KNOWN_TEXT_BYTES;
}

/** The number of a context that names no dispatches (`CONTEXT` of `src/events.ts`). Takes text numbers. */
export function contextNumber(
  agentName: u32,
  agentType: u32,
  team: u32,
  branch: u32,
  version: u32,
  otherTeam: u32,
): u32 {
  const hash = hashOfContext(agentName, agentType, team, branch, version, otherTeam);
  let at = placeOfContext(hash, 0);
  for (let step: u32 = 0; step < PROBES; step++) {
    const place = placeOfContext(hash, step);
    const found = load<u32>(place, 24);
    if (!found) {
      at = place;
      break;
    }
    const isIt =
      load<u32>(place) == agentName &&
      load<u32>(place, 4) == agentType &&
      load<u32>(place, 8) == team &&
      load<u32>(place, 12) == branch &&
      load<u32>(place, 16) == version &&
      load<u32>(place, 20) == otherTeam;
    if (isIt) return found - 1;
  }
  const number = numberContext(agentName, agentType, team, branch, version, otherTeam);
  store<u32>(at, agentName);
  store<u32>(at, agentType, 4);
  store<u32>(at, team, 8);
  store<u32>(at, branch, 12);
  store<u32>(at, version, 16);
  store<u32>(at, otherTeam, 20);
  store<u32>(at, number + 1, 24);
  return number;
}

// @ts-ignore: decorator
@inline
function hashOfContext(
  agentName: u32,
  agentType: u32,
  team: u32,
  branch: u32,
  version: u32,
  otherTeam: u32,
): u32 {
  const mixed = ((((agentName * 31 + agentType) * 31 + team) * 31 + branch) * 31 + version) * 31 + otherTeam;
  return (mixed * 0x9e3779b1) >> 16;
}

// @ts-ignore: decorator
@inline
function placeOfContext(hash: u32, step: u32): usize {
  return L.KNOWN_CONTEXTS + ((<usize>(hash + step)) & (L.KNOWN_CONTEXTS_LENGTH - 1)) * L.KNOWN_CONTEXT_BYTES;
}
