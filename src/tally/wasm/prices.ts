/**
 * What each response cost, from rates in picodollars (10^-12) a token. A rate is a row of the table that the host
 * writes (`src/pricing/rate-table.ts`): rows of one model follow each other, the one to be taken before others.
 */
import * as T from "./table";
import { f64At, i32At, setF64, setU32, u32At } from "./table";

/** Doubles of a row, in this order. */
const TERMS: u32 = 0;
const FROM_MS: u32 = 1;
/** The part of each UTC day it holds in, end excluded; all day: 0 and 0. */
const DAY_START_MS: u32 = 2;
const DAY_END_MS: u32 = 3;
/** It holds for requests with more input than this, cached or not. */
const ABOVE: u32 = 4;
const INPUT: u32 = 5;
const OUTPUT: u32 = 6;
const CACHE_CREATION_5M: u32 = 7;
const CACHE_CREATION_1H: u32 = 8;
const CACHE_READ: u32 = 9;
/** Of one search; below 0: not known. */
const WEB_SEARCH: u32 = 10;
const ROW: u32 = 11;

const CALCULATED: u32 = 0;
const RECORDED: u32 = 2;

const DAY_MS: f64 = 86_400_000;
/** Doubles below it are exact, so a sum of products that ends below it has been exact all the way. */
const EXACT: f64 = 9_007_199_254_740_992;
const NANOS_A_DOLLAR: f64 = 1_000_000_000;

export const UNPRICED: f64 = -1;
const TOO_LARGE: f64 = -2;

/** What `price` found. */
let dollars: f64 = 0;
let nanos: f64 = 0;

/**
 * Fills `groupCostDollars` (`UNPRICED` where no rate is known) and `groupCostNanos` of all responses. `runs` has two
 * numbers a text: the first and the last row of the model of that name, the latter excluded. Lists in `left` the groups
 * that are too large for doubles, and returns how many. `mode`: 0 calculated, 1 recorded where above 0, 2 recorded.
 */
export function priceGroups(rows: usize, runs: usize, mode: u32, nowMs: f64, left: usize): u32 {
  let count: u32 = 0;
  for (let group: u32 = 0; group < T.groups; group++) {
    const chosen = i32At(T.groupChosen, group);
    if (chosen < 0) continue;
    const usage = u32At(T.eventUsage, chosen);
    const recorded = f64At(T.usageRecordedCost, usage);
    if (mode != CALCULATED && recorded > (mode == RECORDED ? 0 : 1)) {
      split(<i64>recorded - 1);
    } else if (mode == RECORDED) {
      dollars = isNothing(usage) ? 0 : UNPRICED;
      nanos = 0;
    } else {
      price(usage, u32At(T.groupModel, group), f64At(T.groupTimeMs, group), rows, runs, nowMs);
    }
    if (dollars == TOO_LARGE) setU32(left, count++, group);
    setF64(T.groupCostDollars, group, dollars);
    setF64(T.groupCostNanos, group, nanos);
  }
  return count;
}

// @ts-ignore: decorator
@inline
function split(cost: i64): void {
  dollars = <f64>(cost / 1_000_000_000);
  nanos = <f64>(cost % 1_000_000_000);
}

function isNothing(usage: u32): bool {
  return contextOf(usage) + f64At(T.usageOutput, usage) + f64At(T.usageWebSearches, usage) == 0;
}

/** Input that the model was given, however it was paid for. */
function contextOf(usage: u32): f64 {
  const fresh = f64At(T.usageInput, usage) + f64At(T.usageCacheRead, usage);
  return fresh + f64At(T.usageCacheCreation5m, usage) + f64At(T.usageCacheCreation1h, usage);
}

function price(usage: u32, model: u32, timeMs: f64, rows: usize, runs: usize, nowMs: f64): void {
  dollars = isNothing(usage) ? 0 : UNPRICED;
  nanos = 0;
  if (dollars == 0) return;
  const hasTime = timeMs != Infinity;
  const atMs = hasTime ? timeMs : nowMs;
  const terms = <f64>u32At(T.usageTerms, usage);
  const context = contextOf(usage);
  const end = u32At(runs, model * 2 + 1);
  for (let at = u32At(runs, model * 2); at < end; at++) {
    const row = at * ROW;
    if (f64At(rows, row + TERMS) != terms || f64At(rows, row + FROM_MS) > atMs) continue;
    if (context <= f64At(rows, row + ABOVE)) continue;
    if (!holdsAt(rows, row, atMs, hasTime)) continue;
    const searches = f64At(T.usageWebSearches, usage);
    const search = f64At(rows, row + WEB_SEARCH);
    if (searches > 0 && search < 0) return;
    const pico =
      f64At(T.usageInput, usage) * f64At(rows, row + INPUT) +
      f64At(T.usageOutput, usage) * f64At(rows, row + OUTPUT) +
      f64At(T.usageCacheCreation5m, usage) * f64At(rows, row + CACHE_CREATION_5M) +
      f64At(T.usageCacheCreation1h, usage) * f64At(rows, row + CACHE_CREATION_1H) +
      f64At(T.usageCacheRead, usage) * f64At(rows, row + CACHE_READ) +
      (searches > 0 ? searches * search : 0);
    if (pico < EXACT) split((<i64>pico + 500) / 1000);
    else dollars = TOO_LARGE;
    return;
  }
}

/** Without a time there is no hour of the day either. */
function holdsAt(rows: usize, row: u32, atMs: f64, hasTime: bool): bool {
  const start = f64At(rows, row + DAY_START_MS);
  const end = f64At(rows, row + DAY_END_MS);
  if (start == end) return true;
  if (!hasTime) return false;
  const ms = atMs - Math.floor(atMs / DAY_MS) * DAY_MS;
  return end < start ? ms >= start || ms < end : ms >= start && ms < end;
}
