/** What each group of events is, from its events: numbers 16 to 19 of `docs/decisions/0002`. */
import * as T from "./table";
import { addU32, f64At, i32At, setF64, setU32, u32At } from "./table";

/** The largest output an agent writes before it knows the number (`formats/claude-code.md` §3: 1 to 8). */
const PLACEHOLDER_TOKENS: f64 = 8;

let responses: u32 = 0;
let responsesWithoutTime: u32 = 0;

export function responseCount(): u32 {
  return responses;
}

export function responsesWithoutTimeCount(): u32 {
  return responsesWithoutTime;
}

/**
 * Fills the columns of groups, which hold nothing yet. Lists in `ties` the events that are as good an attribution as
 * the one taken but stand in another transcript, and returns how many. `named` has an element a group.
 */
export function describeGroups(named: usize, ties: usize): u32 {
  // All ones are NONE.
  memory.fill(T.groupChosen, 0xff, (<usize>T.groups) << 2);
  memory.fill(T.groupAttribution, 0xff, (<usize>T.groups) << 2);
  memory.fill(named, 0xff, (<usize>T.groups) << 2);
  for (let group: u32 = 0; group < T.groups; group++) setF64(T.groupTimeMs, group, Infinity);
  let tied: u32 = 0;
  for (let i: u32 = 0; i < T.events; i++) {
    const group = i32At(T.groupOfEvent, i);
    if (group < 0) continue;
    const flags = u32At(T.eventFlags, i);
    const toolUses = u32At(T.eventToolUses, i);
    const firstMs = f64At(T.eventFirstMs, i);
    const taken = i32At(T.groupAttribution, group);
    // Most groups have one event.
    if (taken < 0) {
      setU32(T.groupAttribution, group, i);
      setU32(T.groupFlags, group, flags);
      setU32(T.groupToolUses, group, toolUses);
      setF64(T.groupTimeMs, group, firstMs);
      if (flags & T.USAGE) setU32(T.groupChosen, group, i);
      else if (u32At(T.eventModel, i)) setU32(named, group, i);
      continue;
    }
    setU32(T.groupFlags, group, u32At(T.groupFlags, group) | flags);
    addU32(T.groupToolUses, group, toolUses);
    if (firstMs < f64At(T.groupTimeMs, group)) setF64(T.groupTimeMs, group, firstMs);

    if (flags & T.USAGE) {
      const best = i32At(T.groupChosen, group);
      if (best < 0 || isChosenBefore(i, best)) setU32(T.groupChosen, group, i);
    } else if (u32At(T.eventModel, i)) {
      const best = i32At(named, group);
      if (best < 0 || isLater(i, best)) setU32(named, group, i);
    }

    const order = compareForAttribution(i, taken);
    if (order < 0) {
      setU32(T.groupAttribution, group, i);
    } else if (order == 0) {
      const isFirst = u32At(T.eventEarliestRecord, i) < u32At(T.eventEarliestRecord, taken);
      if (isFirst) setU32(T.groupAttribution, group, i);
      if (u32At(T.eventTranscript, i) != u32At(T.eventTranscript, taken)) setU32(ties, tied++, isFirst ? taken : i);
    }
  }
  for (let group: u32 = 0; group < T.groups; group++) {
    let i = i32At(T.groupChosen, group);
    if (i < 0) i = i32At(named, group);
    if (i >= 0) setU32(T.groupModel, group, u32At(T.eventModel, i));
  }
  return tied;
}

/** Whether event `i` is chosen before `best`, both with usage: most output, then the latest (number 16). */
function isChosenBefore(i: u32, best: u32): bool {
  const output = outputOf(i);
  const most = outputOf(best);
  return output > most || (output == most && isLater(i, best));
}

// @ts-ignore: decorator
@inline
function outputOf(i: u32): f64 {
  return f64At(T.usageOutput, u32At(T.eventUsage, i));
}

/** Later by the time of the chosen record, then by (path, offset). */
function isLater(i: u32, other: u32): bool {
  const ms = f64At(T.eventChosenMs, i);
  const otherMs = f64At(T.eventChosenMs, other);
  return ms == otherMs ? u32At(T.eventChosenRecord, i) > u32At(T.eventChosenRecord, other) : ms > otherMs;
}

/** Main chain before side chain, then by time (number 18); 0 is as good. */
export function compareForAttribution(a: u32, b: u32): i32 {
  const side = <i32>(u32At(T.eventFlags, a) & T.SIDE_CHAIN) - <i32>(u32At(T.eventFlags, b) & T.SIDE_CHAIN);
  if (side != 0) return side;
  const left = f64At(T.eventFirstMs, a);
  const right = f64At(T.eventFirstMs, b);
  if (left == right) return 0;
  return left < right ? -1 : 1;
}

/** Counts responses, and those whose output is a placeholder (number 27) by the context of their chosen record. */
export function countResponses(lowOutputByContext: usize): void {
  responses = 0;
  responsesWithoutTime = 0;
  for (let group: u32 = 0; group < T.groups; group++) {
    const chosen = i32At(T.groupChosen, group);
    if (chosen < 0) continue;
    responses++;
    if (f64At(T.groupTimeMs, group) == Infinity) responsesWithoutTime++;
    if (isLow(group, chosen)) addU32(lowOutputByContext, u32At(T.eventContext, chosen), 1);
  }
}

/** Lists the responses whose output is a placeholder; returns how many there are. */
export function listLow(listed: usize): u32 {
  let count: u32 = 0;
  for (let group: u32 = 0; group < T.groups; group++) {
    const chosen = i32At(T.groupChosen, group);
    if (chosen >= 0 && isLow(group, chosen)) setU32(listed, count++, group);
  }
  return count;
}

function isLow(group: u32, chosen: u32): bool {
  const flags = u32At(T.groupFlags, group);
  return (flags & (T.FINAL | T.LONG_BLOCK)) == T.LONG_BLOCK && outputOf(chosen) <= PLACEHOLDER_TOKENS;
}
