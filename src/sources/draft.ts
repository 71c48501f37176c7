import type { RecordDraft } from "../record-draft.ts";
import { noUsage } from "./usage.ts";

/** A record that says nothing. Sources have one and fill it again and again: only numbers leave it. */
export function emptyDraft(): RecordDraft {
  return {
    timeMs: NaN,
    idLow: 0,
    idHigh: 0,
    responseLow: 0,
    responseHigh: 0,
    requestLow: 0,
    requestHigh: 0,
    flags: 0,
    model: 0,
    toolUses: 0,
    context: 0,
    usage: noUsage(),
    extras: [],
  };
}
