/**
 * Readings of a running total that follow each other in one range. Half of them repeat the one before, and of most
 * nobody will ask what their last request used: what the tally would find out anyway is not kept.
 */
import * as L from "./layout";

/** Behind these the next reading may belong to another chain, or go on from elsewhere. */
const BREAKS: u32 = L.FLAG_REVIEW_START | L.FLAG_REVIEW_END | L.FLAG_ONLY_LAST;

// Of the reading before. Vectors have these columns (`VECTOR` in `src/tally/vectors.ts`).
let isKnown: bool = false;
let input: f64 = 0;
let output: f64 = 0;
let reasoning: f64 = 0;
let cacheCreation5m: f64 = 0;
let cacheRead: f64 = 0;
let total: f64 = 0;

export function forgetReading(): void {
  isKnown = false;
}

/** Whether the total that is drafted is below the one before in any part, or there is none before. */
export function fallsBehind(): bool {
  return (
    !isKnown ||
    load<f64>(L.DRAFT_AMOUNTS) < input ||
    load<f64>(L.DRAFT_AMOUNTS, 8) < output ||
    load<f64>(L.DRAFT_AMOUNTS, 16) < reasoning ||
    load<f64>(L.DRAFT_AMOUNTS, 24) < cacheCreation5m ||
    load<f64>(L.DRAFT_AMOUNTS, 40) < cacheRead ||
    load<f64>(L.DRAFT_AMOUNTS, 48) < total
  );
}

function isSame(): bool {
  return (
    isKnown &&
    load<f64>(L.DRAFT_AMOUNTS) == input &&
    load<f64>(L.DRAFT_AMOUNTS, 8) == output &&
    load<f64>(L.DRAFT_AMOUNTS, 16) == reasoning &&
    load<f64>(L.DRAFT_AMOUNTS, 24) == cacheCreation5m &&
    load<f64>(L.DRAFT_AMOUNTS, 40) == cacheRead &&
    load<f64>(L.DRAFT_AMOUNTS, 48) == total
  );
}

/**
 * Of the drafted record, which stands alone: whether it is a reading that repeats the one before, so that it tells nothing but its
 * time. Takes what its last request used from one whose total did not fall: it adds the difference.
 */
export function isRepeat(flags: u32): bool {
  if (!(flags & L.FLAG_READING)) {
    if (flags & BREAKS) isKnown = false;
    return false;
  }
  const same = isSame();
  if (!fallsBehind()) store<u32>(L.DRAFT_HAS_EXTRAS, 0);
  isKnown = true;
  input = load<f64>(L.DRAFT_AMOUNTS);
  output = load<f64>(L.DRAFT_AMOUNTS, 8);
  reasoning = load<f64>(L.DRAFT_AMOUNTS, 16);
  cacheCreation5m = load<f64>(L.DRAFT_AMOUNTS, 24);
  cacheRead = load<f64>(L.DRAFT_AMOUNTS, 40);
  total = load<f64>(L.DRAFT_AMOUNTS, 48);
  const timeMs = load<f64>(L.DRAFT_TIME);
  return same && timeMs == timeMs;
}
