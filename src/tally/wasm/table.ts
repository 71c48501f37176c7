/**
 * Where the columns lie: addresses in the memory that the host shares with us (`src/tally/memory.ts`). The host sets
 * each by its name: the table's, then the column's. What the columns of events, records and usage mean stands in
 * `src/events.ts`; those of groups, kinds and cells in `src/tally/groups.ts` and `src/tally/cells.ts`.
 */

export let events: u32 = 0;
export let eventFirstMs: usize = 0;
export let eventLastMs: usize = 0;
export let eventChosenMs: usize = 0;
export let eventResponseLow: usize = 0;
export let eventResponseHigh: usize = 0;
export let eventRequestLow: usize = 0;
export let eventRequestHigh: usize = 0;
export let eventFlags: usize = 0;
export let eventUsage: usize = 0;
export let eventModel: usize = 0;
export let eventToolUses: usize = 0;
export let eventContext: usize = 0;
export let eventEarliestRecord: usize = 0;
export let eventChosenRecord: usize = 0;
export let eventFirstRecord: usize = 0;
export let eventLastRecord: usize = 0;
export let eventTranscript: usize = 0;
/** The slices of an event's first and last record. */
export let eventFirstSlice: usize = 0;
export let eventLastSlice: usize = 0;

export let records: u32 = 0;
export let recordTimeMs: usize = 0;
export let recordIdLow: usize = 0;
export let recordIdHigh: usize = 0;
export let recordEvent: usize = 0;
export let recordToolUses: usize = 0;

export let extras: u32 = 0;
export let extraEvent: usize = 0;
export let extraInput: usize = 0;
export let extraOutput: usize = 0;
export let extraReasoning: usize = 0;
export let extraCacheCreation5m: usize = 0;
export let extraCacheRead: usize = 0;
export let extraWebSearches: usize = 0;

/** The number of each transcript's session. */
export let transcriptSession: usize = 0;
/** One that each transcript has ids in common with. */
export let transcriptTogether: usize = 0;

export let usageInput: usize = 0;
export let usageOutput: usize = 0;
export let usageReasoning: usize = 0;
export let usageCacheCreation5m: usize = 0;
export let usageCacheCreation1h: usize = 0;
export let usageCacheRead: usize = 0;
export let usageWebSearches: usize = 0;
export let usageRecordedCost: usize = 0;
export let usageTerms: usize = 0;

export let groups: u32 = 0;
export let groupOfEvent: usize = 0;
export let groupChosen: usize = 0;
export let groupTimeMs: usize = 0;
export let groupAttribution: usize = 0;
export let groupModel: usize = 0;
export let groupFlags: usize = 0;
export let groupToolUses: usize = 0;
export let groupKind: usize = 0;
export let groupSlice: usize = 0;
export let groupCostDollars: usize = 0;
export let groupCostNanos: usize = 0;

export let kindTranscript: usize = 0;
export let kindContext: usize = 0;
export let kindFlags: usize = 0;
export let kindModel: usize = 0;

export let cellKind: usize = 0;
export let cellPiece: usize = 0;
export let cellFirstMs: usize = 0;
export let cellLastMs: usize = 0;
export let cellToolUses: usize = 0;
export let cellResponses: usize = 0;
export let cellInput: usize = 0;
export let cellOutput: usize = 0;
export let cellReasoning: usize = 0;
export let cellCacheCreation5m: usize = 0;
export let cellCacheCreation1h: usize = 0;
export let cellCacheRead: usize = 0;
export let cellWebSearches: usize = 0;
export let cellCostDollars: usize = 0;
export let cellCostNanos: usize = 0;
export let cellUnpricedTokens: usize = 0;
export let cellPriced: usize = 0;
export let cellUnpriced: usize = 0;

/** Cells added up, by row. */
export let rowResponses: usize = 0;
export let rowToolUses: usize = 0;
export let rowInput: usize = 0;
export let rowOutput: usize = 0;
export let rowReasoning: usize = 0;
export let rowCacheCreation5m: usize = 0;
export let rowCacheCreation1h: usize = 0;
export let rowCacheRead: usize = 0;
export let rowWebSearches: usize = 0;
export let rowPriced: usize = 0;
export let rowUnpriced: usize = 0;
export let rowUnpricedTokens: usize = 0;
export let rowCostNanos: usize = 0;
export let rowCostDollars: usize = 0;
/** First and last times, by session, by row and session, and by row. */
export let sessionFirstMs: usize = 0;
export let sessionLastMs: usize = 0;
export let spanRow: usize = 0;
export let spanSession: usize = 0;
export let spanFirstMs: usize = 0;
export let spanLastMs: usize = 0;
export let rowSpanFirstMs: usize = 0;
export let rowSpanLastMs: usize = 0;
export let rowSpanDurationMs: usize = 0;

/** What transcripts came to that are told by their sums (`src/sums/columns.ts`). */
export let summedKinds: u32 = 0;
export let summedKindMember: usize = 0;
export let summedKindContext: usize = 0;
export let summedKindFlags: usize = 0;
export let summedKindModel: usize = 0;
export let sums: u32 = 0;
export let sumKind: usize = 0;
export let sumQuarter: usize = 0;
export let sumFirstMs: usize = 0;
export let sumLastMs: usize = 0;
export let sumToolUses: usize = 0;
export let sumResponses: usize = 0;
export let sumInput: usize = 0;
export let sumOutput: usize = 0;
export let sumReasoning: usize = 0;
export let sumCacheCreation5m: usize = 0;
export let sumCacheCreation1h: usize = 0;
export let sumCacheRead: usize = 0;
export let sumWebSearches: usize = 0;
export let sumCostDollars: usize = 0;
export let sumCostNanos: usize = 0;
export let sumUnpricedTokens: usize = 0;
export let sumPriced: usize = 0;
export let sumUnpriced: usize = 0;
/** The slice of each. */
export let sumSlice: usize = 0;

// Flags of events, as `src/events.ts` has them.
export const USAGE: u32 = 1;
export const SIDE_CHAIN: u32 = 2;
export const NESTED: u32 = 4;
export const RESPONSE_ID: u32 = 8;
export const REQUEST_ID: u32 = 16;
export const FINAL: u32 = 32;
export const LONG_BLOCK: u32 = 64;
export const READING: u32 = 128;
export const REVIEW_START: u32 = 512;
export const REVIEW_END: u32 = 1024;
export const TURN: u32 = 2048;
export const SESSION: u32 = 4096;
export const ALIAS: u32 = 65536;

/** No event, group, kind or slice. */
export const NONE: i32 = -1;

// @ts-ignore: decorator
@inline
export function u32At(column: usize, i: u32): u32 {
  return load<u32>(column + ((<usize>i) << 2));
}

// @ts-ignore: decorator
@inline
export function i32At(column: usize, i: u32): i32 {
  return load<i32>(column + ((<usize>i) << 2));
}

// @ts-ignore: decorator
@inline
export function setU32(column: usize, i: u32, value: u32): void {
  store<u32>(column + ((<usize>i) << 2), value);
}

// @ts-ignore: decorator
@inline
export function addU32(column: usize, i: u32, value: u32): void {
  const at = column + ((<usize>i) << 2);
  store<u32>(at, load<u32>(at) + value);
}

// @ts-ignore: decorator
@inline
export function f64At(column: usize, i: u32): f64 {
  return load<f64>(column + ((<usize>i) << 3));
}

// @ts-ignore: decorator
@inline
export function setF64(column: usize, i: u32, value: f64): void {
  store<f64>(column + ((<usize>i) << 3), value);
}

// @ts-ignore: decorator
@inline
export function addF64(column: usize, i: u32, value: f64): void {
  const at = column + ((<usize>i) << 3);
  store<f64>(at, load<f64>(at) + value);
}
