/** A scan by blocks of five hours: the windows in which Claude's limits are counted. */
import { openCalendar } from "../calendar.ts";
import { invalidOption } from "../errors.ts";
import type { ScanOptions } from "../options.ts";
import { scanWhole } from "../scan.ts";
import { ask } from "../tally/ask.ts";
import { withMemory } from "../tally/memory.ts";
import type { Tallied } from "../tally/tallied.ts";
import { findStarts } from "./chain.ts";
import { describe, type Hours } from "./describe.ts";
import type { BlocksReport } from "./types.ts";

/** Rows are blocks: `by`, `sort` and `top` of a scan do not count. `sources`: default Claude Code alone, whose limits these are. */
export interface BlocksOptions extends Omit<ScanOptions, "by" | "sort" | "top" | "explain"> {
  /** Which blocks are told. Default: all in the window. `recent`: the active one and those of the last three days. */
  readonly show?: "all" | "recent" | "active" | undefined;
  /** Tokens, or those of the largest block that is over. */
  readonly tokenLimit?: number | "max" | undefined;
}

const SHOWN = ["all", "recent", "active"] as const;

/**
 * Scans transcripts and tells what was consumed in each block (`docs/decisions/0016`). Rejects as `scan` does.
 *
 * @example
 * const { blocks } = await scanBlocks({ show: "active" });
 */
export async function scanBlocks(options: BlocksOptions = {}): Promise<BlocksReport> {
  const { show = "all", tokenLimit, sources = ["claude"], breakdown = false, ...asked } = options;
  if (!SHOWN.includes(show)) throw invalidOption("show", show, `is no choice of blocks (one of ${SHOWN.join(", ")})`);
  const isLimit =
    tokenLimit === undefined || tokenLimit === "max" || (Number.isSafeInteger(tokenLimit) && tokenLimit > 0);
  if (!isLimit) throw invalidOption("--token-limit", String(tokenLimit), "is no number of tokens above 0");
  const nowMs = options.nowMs ?? Date.now();
  return withMemory(async (memory) => {
    const { result, tallied } = await scanWhole({ ...asked, sources, by: ["none"], nowMs }, memory);
    return describe(result, await askHours(tallied), { show, tokenLimit, breakdown, nowMs });
  });
}

/** Blocks are whole hours in UTC, whatever the zone of the window. */
async function askHours(tallied: Tallied): Promise<Hours> {
  const calendar = await openCalendar("UTC");
  const { rows } = ask(tallied, { by: ["hour", "source", "model"], calendar });
  return { rows, starts: findStarts(tallied), window: tallied.window };
}
