/**
 * Sums: what groups of one kind consumed in one piece of time, a cell. A kind is everything about a group that rows
 * can be named by, but for time. Times are first cut into slices of a quarter of an hour, because the host can tell
 * for few slices, but not for many events, in which day or hour they are.
 */
import * as T from "./table";
import { mix, SEED } from "./hash";
import { UNPRICED } from "./prices";
import { addF64, addU32, f64At, i32At, setF64, setU32, u32At } from "./table";

/** What the host says of a slice that is not in one piece of time. Others, from 0 on, are the piece it is in. */
export const BEFORE_WINDOW: i32 = -2;
export const AFTER_WINDOW: i32 = -3;
/** The window or a piece of time begins or ends in it. */
export const CUT: i32 = -4;
/** The piece of what has no time. */
const NO_TIME: i32 = 0;

/** A group whose records are in no row of a grouping by model. */
const NOT_CARRIED: u32 = u32.MAX_VALUE;

/** Numbers the kinds of groups into `groupKind`; returns how many there are. `places`: zeroes, `last + 1` of them. */
export function findKinds(places: usize, last: u32): u32 {
  let kinds: u32 = 0;
  let latest: i32 = -1;
  for (let group: u32 = 0; group < T.groups; group++) {
    const i = i32At(T.groupAttribution, group);
    if (i < 0) {
      setU32(T.groupKind, group, T.NONE);
      continue;
    }
    const transcript = u32At(T.eventTranscript, i);
    const context = u32At(T.eventContext, i);
    const flags = u32At(T.eventFlags, i) & (T.NESTED | T.SIDE_CHAIN);
    let model = u32At(T.groupModel, group);
    const isShown = model || u32At(T.groupFlags, group) & T.USAGE || u32At(T.groupToolUses, group);
    if (!isShown) model = NOT_CARRIED;
    if (latest < 0 || !isKind(latest, transcript, context, flags, model)) {
      const hash = mix(mix(mix(mix(SEED, transcript), context), flags), model);
      let at = (hash ^ (hash >> 16)) & last;
      while (true) {
        latest = i32At(places, at) - 1;
        if (latest < 0 || isKind(latest, transcript, context, flags, model)) break;
        at = (at + 1) & last;
      }
      if (latest < 0) {
        latest = kinds++;
        setU32(places, at, latest + 1);
        setU32(T.kindTranscript, latest, transcript);
        setU32(T.kindContext, latest, context);
        setU32(T.kindFlags, latest, flags);
        setU32(T.kindModel, latest, model);
      }
    }
    setU32(T.groupKind, group, latest);
  }
  return kinds;
}

// @ts-ignore: decorator
@inline
function isKind(kind: u32, transcript: u32, context: u32, flags: u32, model: u32): bool {
  return (
    u32At(T.kindTranscript, kind) == transcript &&
    u32At(T.kindContext, kind) == context &&
    u32At(T.kindFlags, kind) == flags &&
    u32At(T.kindModel, kind) == model
  );
}

let slices: u32 = 0;
let slicePlaces: usize = 0;
let sliceLast: u32 = 0;
let sliceNumbers: usize = 0;
let latestNumber: f64 = NaN;
let latestSlice: i32 = T.NONE;
let lengthMs: f64 = 0;

/**
 * Finds the slices of `sliceMs` that events and groups with a time are in; returns how many there are. Writes to
 * `numbers` how many slices after 1970 each is. `places`: zeroes, `last + 1` of them.
 */
export function findSlices(places: usize, last: u32, numbers: usize, sliceMs: f64): u32 {
  lengthMs = sliceMs;
  slices = 0;
  slicePlaces = places;
  sliceLast = last;
  sliceNumbers = numbers;
  latestNumber = NaN;
  for (let i: u32 = 0; i < T.events; i++) {
    const hasTime = f64At(T.eventFirstMs, i) <= f64At(T.eventLastMs, i);
    setU32(T.eventFirstSlice, i, hasTime ? sliceOf(f64At(T.eventFirstMs, i)) : T.NONE);
    setU32(T.eventLastSlice, i, hasTime ? sliceOf(f64At(T.eventLastMs, i)) : T.NONE);
  }
  for (let group: u32 = 0; group < T.groups; group++) {
    const ms = f64At(T.groupTimeMs, group);
    setU32(T.groupSlice, group, ms == Infinity ? T.NONE : sliceOf(ms));
  }
  return slices;
}

/** How many there are by now. */
export function sliceCount(): u32 {
  return slices;
}

/** Those of sums, behind the ones there are; returns how many there are then. */
export function findSumSlices(quarterMs: f64): u32 {
  for (let i: u32 = 0; i < T.sums; i++) {
    setU32(T.sumSlice, i, sliceOf(<f64>u32At(T.sumQuarter, i) * quarterMs));
  }
  return slices;
}

function sliceOf(ms: f64): i32 {
  const number = Math.floor(ms / lengthMs);
  if (number == latestNumber) return latestSlice;
  latestNumber = number;
  const n = <u32>(<i64>number);
  let at = (n ^ (n >> 7)) & sliceLast;
  while (true) {
    latestSlice = i32At(slicePlaces, at) - 1;
    if (latestSlice < 0) break;
    if (f64At(sliceNumbers, latestSlice) == number) return latestSlice;
    at = (at + 1) & sliceLast;
  }
  latestSlice = slices++;
  setU32(slicePlaces, at, latestSlice + 1);
  setF64(sliceNumbers, latestSlice, number);
  return latestSlice;
}

let cells: u32 = 0;
let cellPlaces: usize = 0;
let cellLast: u32 = 0;
let latestCell: i32 = T.NONE;
let leftEvents: u32 = 0;
let leftGroups: u32 = 0;

/** Events and groups that `fillCells` left to the host. */
export function leftEventCount(): u32 {
  return leftEvents;
}

export function leftGroupCount(): u32 {
  return leftGroups;
}

/**
 * Sums all events and groups into cells; returns how many cells there are. `pieces` says of each slice in which piece
 * of time it is. What is not wholly in one piece is listed in `events` and `groups` for the host. `eventToolUses` are
 * those that count. `places`: zeroes, `last + 1` of them.
 */
export function fillCells(
  pieces: usize,
  eventToolUses: usize,
  places: usize,
  last: u32,
  events: usize,
  groups: usize,
): u32 {
  cells = 0;
  cellPlaces = places;
  cellLast = last;
  latestCell = T.NONE;
  leftEvents = 0;
  leftGroups = 0;
  for (let i: u32 = 0; i < T.events; i++) {
    const group = i32At(T.groupOfEvent, i);
    if (group < 0) continue;
    const kind = u32At(T.groupKind, group);
    const slice = i32At(T.eventFirstSlice, i);
    if (slice < 0) {
      const uses = u32At(eventToolUses, i);
      if (uses) addU32(T.cellToolUses, cellOf(kind, NO_TIME), uses);
      continue;
    }
    const piece = i32At(pieces, slice);
    if (piece == CUT || piece != i32At(pieces, i32At(T.eventLastSlice, i))) {
      setU32(events, leftEvents++, i);
      continue;
    }
    if (piece < 0) continue;
    const cell = cellOf(kind, piece);
    addU32(T.cellToolUses, cell, u32At(eventToolUses, i));
    const firstMs = f64At(T.eventFirstMs, i);
    const lastMs = f64At(T.eventLastMs, i);
    if (firstMs < f64At(T.cellFirstMs, cell)) setF64(T.cellFirstMs, cell, firstMs);
    if (lastMs > f64At(T.cellLastMs, cell)) setF64(T.cellLastMs, cell, lastMs);
  }
  for (let group: u32 = 0; group < T.groups; group++) {
    const chosen = i32At(T.groupChosen, group);
    if (chosen < 0) continue;
    const slice = i32At(T.groupSlice, group);
    const piece = slice < 0 ? NO_TIME : i32At(pieces, slice);
    if (piece == CUT) setU32(groups, leftGroups++, group);
    else if (piece >= 0) {
      const cell = cellOf(u32At(T.groupKind, group), piece);
      const usage = u32At(T.eventUsage, chosen);
      addResponse(cell, usage);
      addCost(cell, group, usage);
    }
  }
  return cells;
}

/**
 * Adds sums to the cells that `fillCells` made, their kinds counted from `firstKind`; returns how many cells there are
 * then, or -1 where a piece of time begins or ends inside of one of them.
 */
export function addSums(pieces: usize, firstKind: u32, quarterMs: f64): i32 {
  for (let i: u32 = 0; i < T.sums; i++) {
    const piece = i32At(pieces, i32At(T.sumSlice, i));
    if (piece == CUT) return -1;
    if (piece < 0) continue;
    const cell = cellOf(firstKind + u32At(T.sumKind, i), piece);
    const startMs = <f64>u32At(T.sumQuarter, i) * quarterMs;
    const firstMs = startMs + <f64>u32At(T.sumFirstMs, i);
    const lastMs = startMs + <f64>u32At(T.sumLastMs, i);
    if (firstMs < f64At(T.cellFirstMs, cell)) setF64(T.cellFirstMs, cell, firstMs);
    if (lastMs > f64At(T.cellLastMs, cell)) setF64(T.cellLastMs, cell, lastMs);
    addU32(T.cellToolUses, cell, u32At(T.sumToolUses, i));
    addU32(T.cellResponses, cell, u32At(T.sumResponses, i));
    addF64(T.cellInput, cell, f64At(T.sumInput, i));
    addF64(T.cellOutput, cell, f64At(T.sumOutput, i));
    addF64(T.cellReasoning, cell, f64At(T.sumReasoning, i));
    addF64(T.cellCacheCreation5m, cell, f64At(T.sumCacheCreation5m, i));
    addF64(T.cellCacheCreation1h, cell, f64At(T.sumCacheCreation1h, i));
    addF64(T.cellCacheRead, cell, f64At(T.sumCacheRead, i));
    addF64(T.cellWebSearches, cell, f64At(T.sumWebSearches, i));
    addU32(T.cellUnpriced, cell, u32At(T.sumUnpriced, i));
    addF64(T.cellUnpricedTokens, cell, f64At(T.sumUnpricedTokens, i));
    addU32(T.cellPriced, cell, u32At(T.sumPriced, i));
    addMoney(cell, f64At(T.sumCostDollars, i), f64At(T.sumCostNanos, i));
  }
  return cells;
}

/**
 * Where each slice is a piece of its own, and its number that of the slice plus 1: adds the events that `fillCells` left, record by
 * record; returns how many cells there are then. `uses` are those of records that count. There has to be room for a slice
 * and a cell a record.
 */
export function addLeftRecords(events: usize, uses: usize): u32 {
  for (let at: u32 = 0; at < leftEvents; at++) {
    const i = u32At(events, at);
    const kind = u32At(T.groupKind, i32At(T.groupOfEvent, i));
    const last = u32At(T.eventLastRecord, i);
    for (let r = u32At(T.eventFirstRecord, i); r <= last; r++) {
      if (u32At(T.recordEvent, r) != i) continue;
      const ms = f64At(T.recordTimeMs, r);
      const cell = cellOf(kind, sliceOf(ms) + 1);
      addU32(T.cellToolUses, cell, u32At(uses, r));
      if (ms < f64At(T.cellFirstMs, cell)) setF64(T.cellFirstMs, cell, ms);
      if (ms > f64At(T.cellLastMs, cell)) setF64(T.cellLastMs, cell, ms);
    }
  }
  return cells;
}

function addResponse(cell: u32, usage: u32): void {
  addU32(T.cellResponses, cell, 1);
  addF64(T.cellInput, cell, f64At(T.usageInput, usage));
  addF64(T.cellOutput, cell, f64At(T.usageOutput, usage));
  addF64(T.cellReasoning, cell, f64At(T.usageReasoning, usage));
  addF64(T.cellCacheCreation5m, cell, f64At(T.usageCacheCreation5m, usage));
  addF64(T.cellCacheCreation1h, cell, f64At(T.usageCacheCreation1h, usage));
  addF64(T.cellCacheRead, cell, f64At(T.usageCacheRead, usage));
  addF64(T.cellWebSearches, cell, f64At(T.usageWebSearches, usage));
}

/** Nano-dollars of responses are below 10^9 each; whole dollars are carried before their sum could be inexact. */
const CARRIED_NANOS: f64 = 1_000_000_000_000_000;

function addCost(cell: u32, group: u32, usage: u32): void {
  const dollars = f64At(T.groupCostDollars, group);
  if (dollars == UNPRICED) {
    addU32(T.cellUnpriced, cell, 1);
    addF64(T.cellUnpricedTokens, cell, tokensOf(usage));
    return;
  }
  addU32(T.cellPriced, cell, 1);
  addMoney(cell, dollars, f64At(T.groupCostNanos, group));
}

function addMoney(cell: u32, dollars: f64, nanos: f64): void {
  addF64(T.cellCostDollars, cell, dollars);
  addF64(T.cellCostNanos, cell, nanos);
  if (f64At(T.cellCostNanos, cell) < CARRIED_NANOS) return;
  addF64(T.cellCostDollars, cell, 1_000_000);
  addF64(T.cellCostNanos, cell, -CARRIED_NANOS);
}

function tokensOf(usage: u32): f64 {
  const fresh = f64At(T.usageInput, usage) + f64At(T.usageOutput, usage) + f64At(T.usageCacheRead, usage);
  return fresh + f64At(T.usageCacheCreation5m, usage) + f64At(T.usageCacheCreation1h, usage);
}

function cellOf(kind: u32, piece: u32): u32 {
  if (latestCell >= 0 && u32At(T.cellKind, latestCell) == kind && u32At(T.cellPiece, latestCell) == piece) return latestCell;
  const hash = mix(mix(SEED, kind), piece);
  let at = (hash ^ (hash >> 16)) & cellLast;
  while (true) {
    const found = i32At(cellPlaces, at) - 1;
    if (found < 0) break;
    if (u32At(T.cellKind, found) == kind && u32At(T.cellPiece, found) == piece) return (latestCell = found);
    at = (at + 1) & cellLast;
  }
  const cell = cells++;
  setU32(cellPlaces, at, cell + 1);
  setU32(T.cellKind, cell, kind);
  setU32(T.cellPiece, cell, piece);
  setF64(T.cellFirstMs, cell, Infinity);
  setF64(T.cellLastMs, cell, -Infinity);
  latestCell = cell;
  return cell;
}
