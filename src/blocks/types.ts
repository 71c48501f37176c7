/** What `tokensift blocks` tells. Definitions: `docs/decisions/0016`; sums are those of a scan. */
import type { CostBasis, Diagnostics, Figures, ScanResult, SourceName, Stats } from "../types.ts";

const HOUR_MS = 3_600_000;
/** How long a block is. */
export const BLOCK_MS = 5 * HOUR_MS;

/** As in rows of a scan, but for `durationMs`, which is per session. */
export type BlockFigures = Omit<Figures, "durationMs">;

export interface Block extends BlockFigures {
  readonly source: SourceName;
  /** A full hour in UTC, and five hours later, when it is over; null: of responses without a time. */
  readonly startAt: string | null;
  readonly endAt: string | null;
  readonly isActive: boolean;
  /** Whether the window leaves out a part of it. */
  readonly isCut: boolean;
  /** Most tokens first. */
  readonly models: readonly string[];
  /** With `breakdown`: the same by model. */
  readonly breakdown?: ReadonlyArray<BlockFigures & { readonly model: string }>;
  /** Null where less than a minute lies between first and last record, and where it is not active. */
  readonly burnRate: BurnRate | null;
  readonly projection: Projection | null;
  /** Tokens of a hundred of the limit; null without one. To a tenth. */
  readonly limitPercent: number | null;
}

export interface BurnRate {
  /** Rounded to a whole number. */
  readonly tokensPerMinute: number;
  /** Null where the cost is not known. */
  readonly costUsdPerHour: number | null;
}

/** What the block would hold at its end if it went on so. */
export interface Projection {
  readonly remainingMs: number;
  /** Rounded down. */
  readonly totalTokens: number;
  readonly costUsd: number | null;
  readonly limitPercent: number | null;
}

/** Five hours or more between two blocks. */
export interface Gap {
  readonly source: SourceName;
  readonly startAt: string;
  readonly endAt: string;
}

export interface TokenLimit {
  readonly tokens: number;
  /** `max`: of the largest block that is over. */
  readonly from: "given" | "max";
}

export interface BlocksReport {
  readonly schemaVersion: 1;
  readonly tool: ScanResult["tool"];
  readonly window: ScanResult["window"];
  /** What decides which block is active, and what remains of it. */
  readonly asOf: string;
  /** By start, then source. */
  readonly blocks: readonly Block[];
  /** Blocks that were not asked for (`--active`, `--recent`). */
  readonly blocksOmitted: number;
  readonly gaps: readonly Gap[];
  /** Of all blocks, omitted ones included: the totals of the same scan. */
  readonly totals: Figures;
  readonly tokenLimit: TokenLimit | null;
  readonly definitions: Readonly<Record<string, string>>;
  readonly costBasis: CostBasis | null;
  readonly stats: Stats;
  readonly diagnostics: Diagnostics;
}
