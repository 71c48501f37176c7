/** Rows: cells added up by the row they are shown in, and by row and session the first and last time (`src/tally/rows.ts`). */
import * as T from "./table";
import { mix, SEED } from "./hash";
import { addF64, f64At, i32At, setF64, setU32, u32At } from "./table";

/** In the place of a row: of cells that are in none, and, below it, of those that nobody asks for. */
const NO_ROW: i32 = -1;

// What kinds differ by.
const TRANSCRIPT: u32 = 1;
const CONTEXT: u32 = 2;
const FLAGS: u32 = 4;
const MODEL: u32 = 8;

// @ts-ignore: decorator
@inline
function areAlike(a: u32, b: u32, by: u32): bool {
  return (
    (!(by & TRANSCRIPT) || u32At(T.kindTranscript, a) == u32At(T.kindTranscript, b)) &&
    (!(by & CONTEXT) || u32At(T.kindContext, a) == u32At(T.kindContext, b)) &&
    (!(by & FLAGS) || u32At(T.kindFlags, a) == u32At(T.kindFlags, b)) &&
    (!(by & MODEL) || u32At(T.kindModel, a) == u32At(T.kindModel, b))
  );
}

/**
 * Kinds that are alike in the columns that `by` names get one number, in `classes`; the first of each is in `firsts`. Returns how many
 * such numbers there are. `places`: zeroes, `last + 1` of them.
 */
export function classKinds(kinds: u32, by: u32, places: usize, last: u32, classes: usize, firsts: usize): u32 {
  let count: u32 = 0;
  for (let kind: u32 = 0; kind < kinds; kind++) {
    let hash: u32 = SEED;
    if (by & TRANSCRIPT) hash = mix(hash, u32At(T.kindTranscript, kind));
    if (by & CONTEXT) hash = mix(hash, u32At(T.kindContext, kind));
    if (by & FLAGS) hash = mix(hash, u32At(T.kindFlags, kind));
    if (by & MODEL) hash = mix(hash, u32At(T.kindModel, kind));
    let at = (hash ^ (hash >> 16)) & last;
    let found: i32 = -1;
    while (true) {
      found = i32At(places, at) - 1;
      if (found < 0 || areAlike(u32At(firsts, found), kind, by)) break;
      at = (at + 1) & last;
    }
    if (found < 0) {
      found = count++;
      setU32(places, at, found + 1);
      setU32(firsts, found, kind);
    }
    setU32(classes, kind, found);
  }
  return count;
}

let spans: u32 = 0;
let spanPlaces: usize = 0;
let spanLast: u32 = 0;
let latestSpan: i32 = T.NONE;

/** Makes ready for spans. `places`: zeroes, `last + 1` of them. */
export function beginSpans(places: usize, last: u32, sessions: u32): void {
  spans = 0;
  spanPlaces = places;
  spanLast = last;
  latestSpan = T.NONE;
  for (let session: u32 = 0; session < sessions; session++) {
    setF64(T.sessionFirstMs, session, Infinity);
    setF64(T.sessionLastMs, session, -Infinity);
  }
}

/** Something of a session, from `firstMs` to `lastMs`, that is asked for; `row` is negative where no row has it. */
export function addSpan(row: i32, session: u32, firstMs: f64, lastMs: f64): void {
  if (firstMs < f64At(T.sessionFirstMs, session)) setF64(T.sessionFirstMs, session, firstMs);
  if (lastMs > f64At(T.sessionLastMs, session)) setF64(T.sessionLastMs, session, lastMs);
  if (row < 0) return;
  const span = spanOf(row, session);
  if (firstMs < f64At(T.spanFirstMs, span)) setF64(T.spanFirstMs, span, firstMs);
  if (lastMs > f64At(T.spanLastMs, span)) setF64(T.spanLastMs, span, lastMs);
}

function spanOf(row: u32, session: u32): u32 {
  if (latestSpan >= 0 && u32At(T.spanRow, latestSpan) == row && u32At(T.spanSession, latestSpan) == session) return latestSpan;
  const hash = mix(mix(SEED, row), session);
  let at = (hash ^ (hash >> 16)) & spanLast;
  while (true) {
    const found = i32At(spanPlaces, at) - 1;
    if (found < 0) break;
    if (u32At(T.spanRow, found) == row && u32At(T.spanSession, found) == session) return (latestSpan = found);
    at = (at + 1) & spanLast;
  }
  const span = spans++;
  setU32(spanPlaces, at, span + 1);
  setU32(T.spanRow, span, row);
  setU32(T.spanSession, span, session);
  setF64(T.spanFirstMs, span, Infinity);
  setF64(T.spanLastMs, span, -Infinity);
  latestSpan = span;
  return span;
}

/** Adds each cell to its row. Returns how many that are asked for have something without a price. */
export function addCells(cells: u32, rows: usize): u32 {
  let unpriced: u32 = 0;
  for (let cell: u32 = 0; cell < cells; cell++) {
    const row = i32At(rows, cell);
    if (row < NO_ROW) continue;
    if (u32At(T.cellUnpriced, cell)) unpriced++;
    if (row >= 0) addCell(row, cell);
    const firstMs = f64At(T.cellFirstMs, cell);
    const lastMs = f64At(T.cellLastMs, cell);
    const session = u32At(T.transcriptSession, u32At(T.kindTranscript, u32At(T.cellKind, cell)));
    if (firstMs <= lastMs) addSpan(row, session, firstMs, lastMs);
  }
  return unpriced;
}

function addCell(row: u32, cell: u32): void {
  const responses = u32At(T.cellResponses, cell);
  const toolUses = u32At(T.cellToolUses, cell);
  if (responses == 0 && toolUses == 0) return;
  addF64(T.rowResponses, row, <f64>responses);
  addF64(T.rowToolUses, row, <f64>toolUses);
  addF64(T.rowInput, row, f64At(T.cellInput, cell));
  addF64(T.rowOutput, row, f64At(T.cellOutput, cell));
  addF64(T.rowReasoning, row, f64At(T.cellReasoning, cell));
  addF64(T.rowCacheCreation5m, row, f64At(T.cellCacheCreation5m, cell));
  addF64(T.rowCacheCreation1h, row, f64At(T.cellCacheCreation1h, cell));
  addF64(T.rowCacheRead, row, f64At(T.cellCacheRead, cell));
  addF64(T.rowWebSearches, row, f64At(T.cellWebSearches, cell));
  addF64(T.rowPriced, row, <f64>u32At(T.cellPriced, cell));
  addF64(T.rowUnpriced, row, <f64>u32At(T.cellUnpriced, cell));
  addF64(T.rowUnpricedTokens, row, f64At(T.cellUnpricedTokens, cell));
  // Those of a cell may be 10^15 nano-dollars: carried each time, their sum is exact.
  const nanos = f64At(T.rowCostNanos, row) + f64At(T.cellCostNanos, cell);
  const carried = Math.floor(nanos / 1_000_000_000);
  setF64(T.rowCostNanos, row, nanos - carried * 1_000_000_000);
  addF64(T.rowCostDollars, row, f64At(T.cellCostDollars, cell) + carried);
}

/** Sums spans up: by row the first and last time, and how long its sessions took. */
export function addSpansUp(rows: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    setF64(T.rowSpanFirstMs, row, Infinity);
    setF64(T.rowSpanLastMs, row, -Infinity);
  }
  for (let span: u32 = 0; span < spans; span++) {
    const row = u32At(T.spanRow, span);
    const firstMs = f64At(T.spanFirstMs, span);
    const lastMs = f64At(T.spanLastMs, span);
    if (firstMs < f64At(T.rowSpanFirstMs, row)) setF64(T.rowSpanFirstMs, row, firstMs);
    if (lastMs > f64At(T.rowSpanLastMs, row)) setF64(T.rowSpanLastMs, row, lastMs);
    addF64(T.rowSpanDurationMs, row, lastMs - firstMs);
  }
}
