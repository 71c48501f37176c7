/** What a session's status line tells: one scan, and a few questions to the same responses. */
import { findStarts, hourMs, isRunning } from "../blocks/chain.ts";
import { ratesOf } from "../blocks/rate.ts";
import { sumOf } from "../blocks/sum.ts";
import { BLOCK_MS, type BlockFigures, type BurnRate } from "../blocks/types.ts";
import { openCalendar } from "../calendar.ts";
import type { ScanOptions } from "../options.ts";
import { scanWhole } from "../scan.ts";
import { ALL_TIME, ask, contextTokens, isOfSession } from "../tally/ask.ts";
import { withMemory } from "../tally/memory.ts";
import type { Tallied } from "../tally/tallied.ts";
import type { Figures, ScanResult } from "../types.ts";

export interface StatusOptions extends Omit<
  ScanOptions,
  "by" | "since" | "until" | "timezone" | "filters" | "sources"
> {
  /** Undefined: nobody said whose line this is. */
  readonly session: string | undefined;
  readonly nowMs: number;
  /** When today began. */
  readonly todayMs: number;
}

/** Of Claude Code's transcripts; costs as in a scan. */
export interface Status {
  /** Undefined where no transcript is of the session. */
  readonly session: Figures | undefined;
  /** Tokens of the session's context; undefined where its transcript has no response. */
  readonly contextTokens: number | undefined;
  readonly today: Figures;
  /** Null: none is running. */
  readonly block: StatusBlock | null;
}

interface StatusBlock {
  readonly figures: BlockFigures;
  readonly remainingMs: number;
  readonly burnRate: BurnRate | null;
}

/** Rejects as `scan` does. `result` is the scan of today. */
export async function statusOf(options: StatusOptions): Promise<{ status: Status; result: ScanResult }> {
  const { session, todayMs, ...asked } = options;
  // An instant in UTC: no zone has to be loaded. Sums of all time, which nobody asks for, could be too large.
  const today: ScanOptions = { since: new Date(todayMs).toISOString(), timezone: "UTC", by: ["none"] };
  return withMemory(async (memory) => {
    const { result, tallied } = await scanWhole({ ...asked, ...today, sources: ["claude"] }, memory);
    const block = await blockAt(tallied, options.nowMs);
    return { status: { ...ofSession(tallied, session), block, today: result.totals }, result };
  });
}

function ofSession(tallied: Tallied, id: string | undefined): Pick<Status, "session" | "contextTokens"> {
  if (id === undefined || !tallied.places.sessions.includes(id))
    return { session: undefined, contextTokens: undefined };
  const { totals } = ask(tallied, { by: [], window: ALL_TIME, filter: isOfSession(tallied, id) });
  return { session: totals, contextTokens: contextTokens(tallied, id) };
}

/** The block that is running, as `tokensift blocks` has it. */
async function blockAt(tallied: Tallied, nowMs: number): Promise<Status["block"]> {
  const startMs = findStarts(tallied)
    .get("claude")
    ?.findLast((ms) => isRunning(ms, nowMs));
  if (startMs === undefined) return null;
  const window = { sinceMs: startMs, untilMs: startMs + BLOCK_MS - 1 };
  // By model, so that the times of prompts are not in it.
  const { rows } = ask(tallied, { by: ["hour", "model"], calendar: await openCalendar("UTC"), window });
  const timed = rows.filter(({ key }) => !Number.isNaN(hourMs(key.hour as string)));
  const figures = sumOf(timed, startMs, tallied.costs !== undefined);
  const { burnRate } = ratesOf(figures, startMs, nowMs, () => null);
  return { figures, remainingMs: startMs + BLOCK_MS - nowMs, burnRate };
}
