/** A scan into a ledger as the command line does it, the file's way included. */
import { join } from "node:path";
import { scanSessions } from "tokensift/ledger";
import { buildLedger } from "../../src/ledger/build.ts";
import { entriesOf, mergeSessions } from "../../src/ledger/refresh.ts";
import type { Ledger } from "../../src/ledger/types.ts";

const NOTHING_SAID = { said: new Map(), timers: new Map(), dispatched: new Map() };

export const emptyLedger = (): Ledger => buildLedger(new Map(), NOTHING_SAID);

/**
 * The ledger behind `ledger`, and what the scan was unsure of.
 *
 * @param count how many scans of this home came before: each has a time of its own
 */
export async function rescan(home: string, ledger: Ledger, count: number) {
  const known = entriesOf(JSON.parse(JSON.stringify(ledger)) as Ledger);
  const scan = await scanSessions(
    {
      environment: { home, variables: {}, platform: "linux" },
      cacheDirectory: join(home, "cache"),
      threads: 0,
      nowMs: Date.UTC(2026, 7, 1) + count,
    },
    { project: undefined, patterns: undefined },
    known,
  );
  const { sessions, doubts } = mergeSessions(known, scan);
  return { ledger: buildLedger(sessions, NOTHING_SAID), doubts };
}
