/** Brings a ledger up to date: scan, then under the lock put what was found together with what stands there. */
import type { ScanOptions } from "../options.ts";
import type { ScanResult } from "../types.ts";
import { buildLedger } from "./build.ts";
import { withoutCopies } from "./held-back.ts";
import type { Evidence } from "./match.ts";
import { readSaid } from "./said.ts";
import { type Known, scanSessions, type SessionScan, type Wanted } from "./sessions.ts";
import { readLedger, setAside, withLock, writeLedger } from "./store.ts";
import type { Ledger, SessionEntry } from "./types.ts";

export interface RefreshOptions {
  readonly path: string;
  readonly scan: ScanOptions;
  readonly wanted: Wanted;
  readonly evidence: Omit<Evidence, "said">;
  readonly nowMs: number;
  /** Told what somebody should know. */
  readonly say: (line: string) => void;
}

export interface Refreshed {
  readonly ledger: Ledger;
  readonly result: ScanResult;
}

/** Rejects with a `ScanError`. */
export async function refreshLedger(options: RefreshOptions): Promise<Refreshed> {
  const before = readLedger(options.path);
  const scan = await scanSessions(
    options.scan,
    options.wanted,
    before.kind === "whole" ? entriesOf(before.ledger) : new Map(),
  );
  const ledger = await changeLedger(options, (known) => mergeSessions(known, scan));
  return { ledger, result: scan.result };
}

/** Builds the ledger anew from its sessions, as `change` makes them, and writes it. */
export async function changeLedger(
  { path, evidence, nowMs, say }: Pick<RefreshOptions, "path" | "evidence" | "nowMs" | "say">,
  change: (known: Known) => ReadonlyMap<string, SessionEntry>,
): Promise<Ledger> {
  return withLock(path, () => {
    // If what is said by hand is damaged, nothing may change.
    readSaid(path);
    const current = readLedger(path);
    if (current.kind === "damaged") {
      say(`${path}: damaged (${current.reason}); set aside as ${setAside(path, nowMs)} and rebuilt`);
    }
    const sessions = change(current.kind === "whole" ? entriesOf(current.ledger) : new Map<string, SessionEntry>());
    const ledger = buildLedger(sessions, { ...evidence, said: readSaid(path) });
    if (current.kind !== "whole" || JSON.stringify(current.ledger) !== JSON.stringify(ledger))
      writeLedger(path, ledger);
    return ledger;
  });
}

export function entriesOf({ sessions, copies = {} }: Ledger): Map<string, SessionEntry> {
  const own = Object.entries(sessions).map(
    ([id, { task_id: _t, matched_by: _m, also_mentioned: _a, candidates: _c, ...entry }]) => [id, entry] as const,
  );
  return new Map([...own, ...Object.entries(copies)]);
}

/** Sessions that were found, as they are; others as they were, marked where their transcripts are gone. */
export function mergeSessions(known: Known, scan: SessionScan): Map<string, SessionEntry> {
  const merged = new Map<string, SessionEntry>(known);
  for (const id of scan.empty) if (!scan.unread.has(id)) merged.delete(id);
  for (const [id, copy] of scan.copies) {
    const before = known.get(id);
    if (!scan.unread.has(id)) merged.set(id, before ? newer(before, copy) : copy);
  }
  let hasLost = false;
  for (const [id, session] of known) {
    if (!scan.isComplete || scan.found.has(id)) continue;
    // What was held back of a copy goes on to the next one.
    hasLost ||= !session.retained;
    if (session.is_copy) merged.delete(id);
    else merged.set(id, { ...session, retained: true });
  }
  const hasRetained = [...merged].some(([id, { retained }]) => retained === true && !scan.found.has(id));
  for (const [id, session] of scan.sessions) {
    const before = known.get(id);
    if (!before) merged.set(id, session);
    else if (!scan.unread.has(id))
      merged.set(id, newer(before, withoutCopies(before, session, { hasLost, hasRetained })));
  }
  return merged;
}

/** Of two scans' figures those of the one that began later; figures that have not changed keep their time. */
function newer(known: SessionEntry, found: SessionEntry): SessionEntry {
  const { retained: _, ...before } = known;
  if (JSON.stringify({ ...before, scanned_at: "" }) === JSON.stringify({ ...found, scanned_at: "" })) return before;
  return known.scanned_at > found.scanned_at ? known : found;
}
