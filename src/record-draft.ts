/** What a source makes of one record. */
import type { UsageNumbers } from "./events.ts";

/** One record, as a source reads it. Sources fill one object again and again: only numbers leave it. */
export interface RecordDraft {
  /** NaN: none. */
  timeMs: number;
  idLow: number;
  idHigh: number;
  responseLow: number;
  responseHigh: number;
  requestLow: number;
  requestHigh: number;
  flags: number;
  /** Text number; 0 is none. */
  model: number;
  toolUses: number;
  context: number;
  /** What it carries when `flags` says so. */
  usage: UsageNumbers;
  extras: readonly Extra[];
}

/** Tokens used beside a response's own, under a model by name; an empty name is the response's own. */
export interface Extra {
  readonly model: string;
  readonly usage: UsageNumbers;
}
