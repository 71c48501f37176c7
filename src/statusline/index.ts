/** What a session's status line tells: one scan, and a few questions to the same responses. */
import { hourMs, isRunning, startOf, startsIn } from "../blocks/chain.ts";
import { ratesOf } from "../blocks/rate.ts";
import { sumOf } from "../blocks/sum.ts";
import { BLOCK_MS, type BlockFigures, type BurnRate } from "../blocks/types.ts";
import { openCalendar } from "../calendar.ts";
import type { ScanOptions } from "../options.ts";
import { scanWhole } from "../scan.ts";
import { ALL_TIME, ask, contextTokens, isOfSession } from "../tally/ask.ts";
import { withMemory } from "../tally/memory.ts";
import type { Tallied } from "../tally/rows.ts";
import type { Figures, ScanResult } from "../types.ts";

export interface StatusOptions extends Omit<ScanOptions, "by" | "since" | "until" | "filters" | "sources"> {
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

/** Rejects as `scan` does. */
export async function statusOf(options: StatusOptions): Promise<{ status: Status; result: ScanResult }> {
  const { session: _, todayMs: _today, ...asked } = options;
  const told: Status[] = [];
  const { result } = await withMemory(async (memory) =>
    scanWhole({ ...asked, sources: ["claude"], by: ["none"] }, memory, undefined, async (tallied) => {
      told.push(await askStatus(tallied, options));
    }),
  );
  return { status: told[0] as Status, result };
}

async function askStatus(tallied: Tallied, { session, nowMs, todayMs }: StatusOptions): Promise<Status> {
  const today = ask(tallied, { by: [], window: { sinceMs: todayMs, untilMs: Infinity } }).totals;
  const isKnown = session !== undefined && tallied.places.sessions.includes(session);
  const ofSession = isKnown ? ask(tallied, { by: [], filter: isOfSession(tallied, session) }).totals : undefined;
  return {
    session: ofSession,
    contextTokens: session === undefined ? undefined : contextTokens(tallied, session),
    today,
    block: await blockAt(tallied, nowMs),
  };
}

/** The block that is running, as `tokensift blocks` has it. */
async function blockAt(tallied: Tallied, nowMs: number): Promise<Status["block"]> {
  // By model, so that the times of prompts are not in it.
  const { rows } = ask(tallied, { by: ["hour", "model"], calendar: await openCalendar("UTC"), window: ALL_TIME });
  const starts = startsIn(rows);
  const startMs = starts.findLast((ms) => isRunning(ms, nowMs));
  if (startMs === undefined) return null;
  const inBlock = rows.filter(({ key }) => startOf(hourMs(key.hour as string), starts) === startMs);
  const figures = sumOf(inBlock, startMs, tallied.costs !== undefined);
  const { burnRate } = ratesOf(figures, startMs, nowMs, () => null);
  return { figures, remainingMs: startMs + BLOCK_MS - nowMs, burnRate };
}
