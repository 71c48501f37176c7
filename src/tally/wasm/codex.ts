/**
 * What the records of one Codex rollout add, event after event (`spec/accounting.md`, "Codex"; `docs/decisions/0010`). Running
 * totals are vectors of six doubles: input, cached and written input, output, reasoning, and the total as it was written
 * (`src/tally/vectors.ts`).
 */
import * as T from "./table";
import { areSame, forgetVectors, isNew, PARTS, TOTAL, VECTOR_BYTES } from "./vectors";
import { f64At, setF64, setU32, u32At } from "./table";

const OUTPUT: u32 = 3;
const REASONING: u32 = 4;

/** Vectors: the rollout's own total, that of the review inside it, what the event at hand adds, a total that is looked at, and that of a review before the rollout told any. */
const own = memory.data(48, 8);
const review = memory.data(48, 8);
const added = memory.data(48, 8);
const total = memory.data(48, 8);
const ended = memory.data(48, 8);

let isInReview: bool = false;
/** Whether that review has told a reading, and whether no marker ends it. */
let hasBegun: bool = false;
let isOpen: bool = false;
/** Whether the total last read went down in some part, so that it began anew. */
let fell: bool = false;
/** Of the turn that events are in. */
let model: u32 = 0;
let nextExtra: u32 = 0;
let clamped: u32 = 0;
/** The context of all events; `NO_CONTEXT`: they keep theirs. */
let context: u32 = 0;
const NO_CONTEXT: u32 = u32.MAX_VALUE;

// What the first reading of a rollout adds (`GOES_ON` of `src/tally/rollouts.ts`): what it says its request used, or nothing.
const GOES_ON_WITH_A_REPEAT: u32 = 2;

/** The first event from `from` on that has one of these flags; `to`: none before that. */
export function nextWith(flags: u32, from: u32, to: u32): u32 {
  let i = from;
  while (i < to && !(u32At(T.eventFlags, i) & flags)) i++;
  return i;
}

/** Lists each vector once, by the event where it stands first; returns how many there are. `vectors`, `places`: see `forgetVectors`. */
export function findDistinct(from: u32, to: u32, found: usize, vectors: usize, places: usize): u32 {
  forgetVectors(vectors, places);
  let count: u32 = 0;
  for (let i = nextWith(T.READING, from, to); i < to; i = nextWith(T.READING, i + 1, to)) {
    takeTold(i);
    if (isNew(added)) setU32(found, count++, i);
  }
  return count;
}

/**
 * Settles a rollout's events. Those before `ownFrom` are copies; `told` lists those that a review's own rollout tells,
 * ascending. Where `goesOn` is not 0 the first reading goes on from a total that stands elsewhere. Returns how many said more cached input than input.
 */
export function settleRollout(
  from: u32,
  to: u32,
  ownFrom: u32,
  isReview: bool,
  goesOn: u32,
  contextOfAll: u32,
  told: usize,
  toldCount: u32,
  vectors: usize,
  places: usize,
): u32 {
  begin(from, contextOfAll);
  forgetVectors(vectors, places);
  let nextTold: u32 = 0;
  let start = goesOn;
  for (let i = from; i < to; i++) {
    const flags = u32At(T.eventFlags, i);
    if (flags & T.REVIEW_START) {
      if (leaveOpenReview()) start = 0;
      enterReview(i, to);
    } else if (flags & T.REVIEW_END) {
      if (isInReview && hasBegun && f64At(own, TOTAL) == 0) memory.copy(ended, review, VECTOR_BYTES);
      isInReview = false;
    } else if (flags & T.TURN && leaveOpenReview()) {
      start = 0;
    }
    const isOwn = i >= ownFrom;
    if (!(flags & T.USAGE)) {
      settleOther(i, isOwn);
      continue;
    }
    let adds = isOwn;
    if (flags & T.READING) findChain(i);
    else hasBegun = true;
    if (flags & T.READING) {
      while (nextTold < toldCount && u32At(told, nextTold) < i) nextTold++;
      if (isInReview && !isReview && nextTold < toldCount && u32At(told, nextTold) == i) adds = false;
      const chain = read(i);
      if (!isNew(chain)) adds = false;
      if (start && !isInReview) {
        if (start == GOES_ON_WITH_A_REPEAT || !takeLast(i)) adds = false;
        start = 0;
      } else if (adds && fell) {
        takeLast(i);
      }
    } else {
      addLast(i);
    }
    write(i, adds, false);
  }
  return clamped;
}

/** Its total starts from zero, and the rollout's own goes on behind it from where it stood. */
function enterReview(i: u32, to: u32): void {
  memory.fill(review, 0, VECTOR_BYTES);
  isInReview = true;
  hasBegun = false;
  const next = nextWith(T.REVIEW_START | T.REVIEW_END, i + 1, to);
  isOpen = next == to || (u32At(T.eventFlags, next) & T.REVIEW_START) != 0;
}

/** At what only the rollout itself does: a review that no marker ends was killed, and the next process goes on from the last total there is. */
function leaveOpenReview(): bool {
  if (!isInReview || !isOpen || !hasBegun) return false;
  memory.copy(own, review, VECTOR_BYTES);
  isInReview = false;
  return true;
}

/** A session may also review by itself: then its own total goes on through the review, as the first reading in it shows, or the first behind it. */
function findChain(i: u32): void {
  if (isInReview && hasBegun) return;
  if (isInReview && goesOnFrom(own, i)) {
    isInReview = false;
  } else if (goesOnFrom(ended, i)) {
    memory.copy(own, ended, VECTOR_BYTES);
    isInReview = false;
  }
  setF64(ended, TOTAL, 0);
  hasBegun = true;
}

/** Whether reading `i` repeats the total of a chain, or is that and what its request used. */
function goesOnFrom(chain: usize, i: u32): bool {
  if (f64At(chain, TOTAL) == 0) return false;
  takeTold(i);
  if (areSame(added, chain)) return true;
  memory.copy(total, added, VECTOR_BYTES);
  if (!takeLast(i)) return false;
  for (let part: u32 = 0; part < PARTS; part++) {
    if (f64At(total, part) - f64At(added, part) != f64At(chain, part)) return false;
  }
  return true;
}

/** As older collectors did: every event counts what it says its last request used. Returns what `settleRollout` does. */
export function settleEach(from: u32, to: u32, contextOfAll: u32): u32 {
  begin(from, contextOfAll);
  for (let i = from; i < to; i++) {
    const flags = u32At(T.eventFlags, i);
    if (!(flags & T.USAGE)) {
      settleOther(i, true);
      continue;
    }
    if (flags & T.READING) {
      read(i);
      takeLast(i);
    } else {
      addLast(i);
    }
    write(i, true, true);
  }
  return clamped;
}

function begin(from: u32, contextOfAll: u32): void {
  memory.fill(own, 0, VECTOR_BYTES);
  memory.fill(ended, 0, VECTOR_BYTES);
  isInReview = hasBegun = isOpen = false;
  model = 0;
  clamped = 0;
  context = contextOfAll;
  nextExtra = from < T.events ? firstExtraFrom(from) : T.extras;
}

/** Extras stand in the order of the events. */
function firstExtraFrom(event: u32): u32 {
  let low: u32 = 0;
  let high: u32 = T.extras;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (u32At(T.extraEvent, middle) < event) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Goes on to the total of event `i`, and returns it. `added` is then the difference, or where it fell the total itself. */
function read(i: u32): usize {
  const chain = isInReview ? review : own;
  takeTold(i);
  fell = false;
  for (let part: u32 = 0; part < PARTS; part++) {
    const now = f64At(added, part);
    const difference = now - f64At(chain, part);
    if (difference < 0) fell = true;
    setF64(added, part, difference);
    setF64(chain, part, now);
  }
  if (fell) memory.copy(added, chain, VECTOR_BYTES);
  return chain;
}

/** Goes on by what event `i` says its request used. */
function addLast(i: u32): void {
  const chain = isInReview ? review : own;
  takeTold(i);
  for (let part: u32 = 0; part < PARTS; part++) setF64(chain, part, f64At(chain, part) + f64At(added, part));
}

/** Takes what the last request used; false where event `i` does not tell. */
function takeLast(i: u32): bool {
  while (nextExtra < T.extras && u32At(T.extraEvent, nextExtra) < i) nextExtra++;
  if (nextExtra == T.extras || u32At(T.extraEvent, nextExtra) != i) return false;
  takeVector(
    nextExtra,
    T.extraInput,
    T.extraCacheRead,
    T.extraCacheCreation5m,
    T.extraOutput,
    T.extraReasoning,
    T.extraWebSearches,
  );
  return true;
}

/** Puts what event `i` tells into `added`. */
function takeTold(i: u32): void {
  takeVector(
    u32At(T.eventUsage, i),
    T.usageInput,
    T.usageCacheRead,
    T.usageCacheCreation5m,
    T.usageOutput,
    T.usageReasoning,
    T.usageWebSearches,
  );
}

/** Puts the vector at `at` of these columns into `added`. */
// @ts-ignore: decorator
@inline
function takeVector(
  at: u32,
  input: usize,
  cacheRead: usize,
  cacheCreation: usize,
  output: usize,
  reasoning: usize,
  total: usize,
): void {
  setF64(added, 0, f64At(input, at));
  setF64(added, 1, f64At(cacheRead, at));
  setF64(added, 2, f64At(cacheCreation, at));
  setF64(added, OUTPUT, f64At(output, at));
  setF64(added, REASONING, f64At(reasoning, at));
  setF64(added, TOTAL, f64At(total, at));
}

function settleOther(i: u32, isOwn: bool): void {
  if (u32At(T.eventFlags, i) & T.TURN) model = u32At(T.eventModel, i);
  if (context != NO_CONTEXT) setU32(T.eventContext, i, context);
  if (!isOwn && u32At(T.eventToolUses, i)) {
    setU32(T.eventToolUses, i, 0);
    setU32(T.recordToolUses, u32At(T.eventFirstRecord, i), 0);
  }
  setU32(T.eventModel, i, u32At(T.eventToolUses, i) ? model : 0);
}

/** Leaves event `i` the figures of what it adds, or none. */
function write(i: u32, adds: bool, isAlways: bool): void {
  if (context != NO_CONTEXT) setU32(T.eventContext, i, context);
  if (adds && (f64At(added, 0) + f64At(added, OUTPUT) > 0 || isAlways)) {
    writeFigures(u32At(T.eventUsage, i));
    if (model) setU32(T.eventModel, i, model);
    return;
  }
  setU32(T.eventFlags, i, u32At(T.eventFlags, i) & ~T.USAGE);
  setU32(T.eventUsage, i, T.NONE);
  setU32(T.eventModel, i, 0);
}

/** As `src/tally/vectors.ts` has it for the agents that are not settled here. */
function writeFigures(usage: u32): void {
  const input = f64At(added, 0);
  const cacheRead = min(f64At(added, 1), input);
  const cacheCreation = min(f64At(added, 2), input - cacheRead);
  const output = f64At(added, OUTPUT);
  setF64(T.usageInput, usage, input - cacheRead - cacheCreation);
  setF64(T.usageOutput, usage, output);
  setF64(T.usageReasoning, usage, min(f64At(added, REASONING), output));
  setF64(T.usageCacheCreation5m, usage, cacheCreation);
  setF64(T.usageCacheCreation1h, usage, 0);
  setF64(T.usageCacheRead, usage, cacheRead);
  setF64(T.usageWebSearches, usage, 0);
  if (cacheRead < f64At(added, 1) || cacheCreation < f64At(added, 2)) clamped++;
}
