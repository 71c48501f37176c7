/**
 * What the records of one Codex rollout add, event after event (`spec/accounting.md`, "Codex"; `docs/decisions/0010`). Running
 * totals are vectors of six doubles: input, cached and written input, output, reasoning, and the total as it was written
 * (`src/tally/vectors.ts`).
 */
import * as T from "./table";
import { f64At, setF64, setU32, u32At } from "./table";

const PARTS: u32 = 6;
const OUTPUT: u32 = 3;
const REASONING: u32 = 4;
const TOTAL: u32 = 5;
const VECTOR_BYTES: usize = 48;

/** Vectors: the rollout's own total, that of the review inside it, and what the event at hand adds. */
const own = memory.data(48, 8);
const review = memory.data(48, 8);
const added = memory.data(48, 8);

let isInReview: bool = false;
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
      // Its total starts from zero, and the rollout's own goes on behind it from where it stood.
      memory.fill(review, 0, VECTOR_BYTES);
      isInReview = true;
    } else if (flags & T.REVIEW_END) {
      isInReview = false;
    }
    const isOwn = i >= ownFrom;
    if (!(flags & T.USAGE)) {
      settleOther(i, isOwn);
      continue;
    }
    let adds = isOwn;
    if (flags & T.READING) {
      while (nextTold < toldCount && u32At(told, nextTold) < i) nextTold++;
      if (isInReview && !isReview && nextTold < toldCount && u32At(told, nextTold) == i) adds = false;
      const chain = read(i);
      if (!isNew(chain)) adds = false;
      if (start && !isInReview) {
        if (start == GOES_ON_WITH_A_REPEAT || !takeLast(i)) adds = false;
      } else if (adds && fell) {
        takeLast(i);
      }
      start = 0;
    } else {
      addLast(i);
    }
    write(i, adds, false);
  }
  return clamped;
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
  isInReview = false;
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

/** The vectors of one rollout: `seen` of them, one behind the other. */
let vectorsAt: usize = 0;
let seen: u32 = 0;
/** By hash, the number of a vector plus 1. Holds the first `listed` of them: it is filled when first asked. */
let placesAt: usize = 0;
let last: u32 = 0;
let listed: u32 = 0;
let largest: f64 = -1;

/**
 * Begins a set with none in it. It needs room for as many vectors at `vectors` as will be asked for, and at `places` for
 * four u32 for each of them, and 64 more. Neither need be zero.
 */
function forgetVectors(vectors: usize, places: usize): void {
  vectorsAt = vectors;
  placesAt = places;
  seen = 0;
  last = 0;
  listed = 0;
  largest = -1;
}

/** Adds a vector; false when it is there already. Most come with a larger total than any before: these are new at a glance. */
function isNew(vector: usize): bool {
  const total = f64At(vector, TOTAL);
  if (total <= largest && isThere(vector)) return false;
  if (total > largest) largest = total;
  memory.copy(vectorsAt + (<usize>seen) * VECTOR_BYTES, vector, VECTOR_BYTES);
  seen++;
  return true;
}

function isThere(vector: usize): bool {
  list();
  for (let at = hashOf(vector) & last; u32At(placesAt, at); at = (at + 1) & last) {
    if (areSame(vectorsAt + (<usize>(u32At(placesAt, at) - 1)) * VECTOR_BYTES, vector)) return true;
  }
  return false;
}

/** Enters the vectors that are not yet among the places. */
function list(): void {
  if (last < seen * 2) {
    while (last < seen * 2) last = last ? last * 2 + 1 : 63;
    memory.fill(placesAt, 0, (<usize>last + 1) << 2);
    listed = 0;
  }
  for (; listed < seen; listed++) {
    let at = hashOf(vectorsAt + (<usize>listed) * VECTOR_BYTES) & last;
    while (u32At(placesAt, at)) at = (at + 1) & last;
    setU32(placesAt, at, listed + 1);
  }
}

function areSame(a: usize, b: usize): bool {
  for (let part: u32 = 0; part < PARTS; part++) if (f64At(a, part) != f64At(b, part)) return false;
  return true;
}

function hashOf(vector: usize): u32 {
  let hash: u64 = 0;
  for (let part: u32 = 0; part < PARTS; part++) {
    hash = (hash ^ reinterpret<u64>(f64At(vector, part))) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  return <u32>(hash >> 16);
}
