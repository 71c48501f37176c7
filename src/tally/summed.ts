/** What is known of transcripts without their events (`src/sums/`): what their cells were, by quarter of an hour. */
import { AMOUNTS, type Columns } from "../events.ts";

/** What groups of one kind came to in one quarter of an hour, as the tally's cells are. */
export const SUM = {
  ...AMOUNTS,
  costDollars: Float64Array,
  /** Below 10^9. */
  costNanos: Float64Array,
  unpricedTokens: Float64Array,
  kind: Uint32Array,
  /** Quarters of an hour after 1970. */
  quarter: Uint32Array,
  /** Of its first and last record, counted from where the quarter begins. */
  firstMs: Uint32Array,
  lastMs: Uint32Array,
  responses: Uint32Array,
  toolUses: Uint32Array,
  priced: Uint32Array,
  unpriced: Uint32Array,
} as const;

/** As a scan's tables number what it names. */
export interface Summed {
  readonly kinds: Readonly<Record<"transcript" | "context" | "flags" | "model", Uint32Array<ArrayBuffer>>>;
  /** Kinds count from 0 in `kinds`. */
  readonly sums: Columns<typeof SUM>;
  readonly lows: Readonly<Record<"transcript" | "context" | "count", Uint32Array>>;
  readonly responses: number;
}

/** A piece of time begins or ends inside of a sum: whoever used sums begins anew without any. */
export class SumsOfNoUse extends Error {}
