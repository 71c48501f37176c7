/** Sums of transcripts as a file has them, to those of the scan's transcripts. */
import * as T from "./table";
import { f64At, setF64, setU32, u32At } from "./table";

/**
 * Takes out the kinds of members that are not told, `transcripts` of which are 0, and numbers transcripts and contexts of the
 * others as the scan does: `transcripts` are numbers plus 1, `contexts` say where a member's begin. `numbers` takes the
 * new number of each kind. Returns how many kinds are left, or -1 where one names a context that its member, with `limits`
 * of them, has not.
 */
export function placeKinds(transcripts: usize, contexts: usize, limits: usize, numbers: usize): i32 {
  let kept: u32 = 0;
  for (let kind: u32 = 0; kind < T.summedKinds; kind++) {
    const member = u32At(T.summedKindMember, kind);
    const transcript = u32At(transcripts, member);
    setU32(numbers, kind, transcript == 0 ? <u32>T.NONE : kept);
    if (transcript == 0) continue;
    if (u32At(T.summedKindContext, kind) >= u32At(limits, member)) return -1;
    setU32(T.summedKindMember, kept, transcript - 1);
    setU32(T.summedKindContext, kept, u32At(T.summedKindContext, kind) + u32At(contexts, member));
    setU32(T.summedKindFlags, kept, u32At(T.summedKindFlags, kind));
    setU32(T.summedKindModel, kept, u32At(T.summedKindModel, kind));
    kept++;
  }
  return kept;
}

let responses: f64 = 0;

/** Of all sums that `placeSums` left. */
export function summedResponses(): f64 {
  return responses;
}

/** The same for the sums of these kinds. Returns how many are left. */
export function placeSums(numbers: usize): u32 {
  let kept: u32 = 0;
  responses = 0;
  for (let i: u32 = 0; i < T.sums; i++) {
    const kind = u32At(numbers, u32At(T.sumKind, i));
    if (kind == <u32>T.NONE) continue;
    responses += <f64>u32At(T.sumResponses, i);
    setU32(T.sumKind, kept, kind);
    if (kept != i) moveSum(i, kept);
    kept++;
  }
  return kept;
}

/** All but its kind. */
function moveSum(from: u32, to: u32): void {
  setU32(T.sumQuarter, to, u32At(T.sumQuarter, from));
  setU32(T.sumFirstMs, to, u32At(T.sumFirstMs, from));
  setU32(T.sumLastMs, to, u32At(T.sumLastMs, from));
  setU32(T.sumToolUses, to, u32At(T.sumToolUses, from));
  setU32(T.sumResponses, to, u32At(T.sumResponses, from));
  setU32(T.sumPriced, to, u32At(T.sumPriced, from));
  setU32(T.sumUnpriced, to, u32At(T.sumUnpriced, from));
  setF64(T.sumInput, to, f64At(T.sumInput, from));
  setF64(T.sumOutput, to, f64At(T.sumOutput, from));
  setF64(T.sumReasoning, to, f64At(T.sumReasoning, from));
  setF64(T.sumCacheCreation5m, to, f64At(T.sumCacheCreation5m, from));
  setF64(T.sumCacheCreation1h, to, f64At(T.sumCacheCreation1h, from));
  setF64(T.sumCacheRead, to, f64At(T.sumCacheRead, from));
  setF64(T.sumWebSearches, to, f64At(T.sumWebSearches, from));
  setF64(T.sumCostDollars, to, f64At(T.sumCostDollars, from));
  setF64(T.sumCostNanos, to, f64At(T.sumCostNanos, from));
  setF64(T.sumUnpricedTokens, to, f64At(T.sumUnpricedTokens, from));
}
