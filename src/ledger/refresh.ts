/** Brings a ledger up to date: scan, then under the lock put what was found together with what stands there. */
import type { ScanOptions } from "../options.ts";
import { counted } from "../report/numbers.ts";
import { printable } from "../report/printable.ts";
import { RESPONSE_IDS_VERSION } from "../tally/response-ids.ts";
import type { ScanResult } from "../types.ts";
import { buildLedger } from "./build.ts";
import { withoutCopies } from "./held-back.ts";
import type { Evidence } from "./match.ts";
import { losesAny, scanKnown } from "./parts.ts";
import { decodeIds, IdSet } from "./response-ids.ts";
import { readSaid } from "./said.ts";
import { idsOfOthers, type Known, type SessionScan, type Wanted } from "./sessions.ts";
import { type ReadLedger, readLedger, setAside, withLock, writeLedger } from "./store.ts";
import type { Ledger, SessionEntry } from "./types.ts";

export interface RefreshOptions {
  readonly path: string;
  readonly scan: ScanOptions;
  readonly wanted: Wanted;
  readonly evidence: Omit<Evidence, "said">;
  readonly nowMs: number;
  /** There is little time: all that is built anew from sessions is not looked at before. */
  readonly isBrief?: boolean;
  /** Told what somebody should know. */
  readonly say: (line: string) => void;
}

export interface Refreshed {
  readonly ledger: Ledger;
  readonly result: ScanResult;
}

/**
 * `whole` refreshes all of the ledger, where `options` do only a part of it: what they leave of a damaged one would be
 * taken for all there is. Rejects with a `ScanError`.
 */
export async function refreshLedger(options: RefreshOptions, whole?: RefreshOptions): Promise<Refreshed> {
  let before = readLedger(options.path, options.isBrief);
  if (before.kind === "damaged" && whole) {
    await refreshLedger(whole);
    before = readLedger(options.path, options.isBrief);
  }
  let scan = await scanKnown(options.scan, options.wanted, entriesIn(before));
  const ledger = await changeLedger(options, async (known) => {
    // Others have noted meanwhile what this scan took for nobody's: once more, while nobody can.
    if (!isLeftOut(known, scan)) scan = await scanKnown(options.scan, options.wanted, known);
    const { sessions, doubts } = mergeSessions(known, scan);
    for (const doubt of doubts) options.say(doubt);
    return sessions;
  });
  return { ledger, result: scan.result };
}

/** Whether a scan left out what the sessions have that it does not update, and no more. */
function isLeftOut(known: Known, { updated, isHere, leftOut }: SessionScan): boolean {
  const others = idsOfOthers(known, updated, isHere);
  return others.size === leftOut.size && [...others].every(([id, ids]) => leftOut.get(id) === ids);
}

/** Builds the ledger anew from its sessions, as `change` makes them, and writes it. */
export async function changeLedger(
  { path, evidence, nowMs, isBrief, say }: Pick<RefreshOptions, "path" | "evidence" | "nowMs" | "isBrief" | "say">,
  change: (known: Known) => Known | Promise<Known>,
): Promise<Ledger> {
  return withLock(path, async () => {
    // If what is said by hand is damaged, nothing may change.
    readSaid(path);
    const current = readLedger(path, isBrief);
    if (current.kind === "damaged") {
      say(`${path}: damaged (${current.reason}); set aside as ${setAside(path, nowMs)} and rebuilt`);
    }
    const sessions = await change(entriesIn(current));
    const ledger = buildLedger(sessions, { ...evidence, said: readSaid(path) });
    if (current.kind !== "whole" || JSON.stringify(current.ledger) !== JSON.stringify(ledger))
      writeLedger(path, ledger);
    return ledger;
  });
}

/** Sessions as far as they are known: also those of a damaged ledger, where they are sound. */
export function entriesIn(read: ReadLedger): Map<string, SessionEntry> {
  return read.kind === "absent" || !read.ledger ? new Map() : entriesOf(read.ledger);
}

export function entriesOf({ sessions, copies = {}, response_ids: noted }: Ledger): Map<string, SessionEntry> {
  const known = noted?.version === RESPONSE_IDS_VERSION ? noted : undefined;
  const of = <T>(some: Readonly<Record<string, T>> | undefined, id: string) =>
    some && Object.hasOwn(some, id) ? some[id] : undefined;
  const withIds = (id: string, entry: SessionEntry) => {
    const [response_ids, copied_ids] = [of(known?.sessions, id), of(known?.copied, id)];
    return [
      id,
      { ...entry, ...(response_ids !== undefined && { response_ids }), ...(copied_ids && { copied_ids }) },
    ] as const;
  };
  const own = Object.entries(sessions).map(
    ([id, { task_id: _t, matched_by: _m, also_mentioned: _a, candidates: _c, ...entry }]) => withIds(id, entry),
  );
  return new Map([...own, ...Object.entries(copies).map(([id, entry]) => withIds(id, entry))]);
}

export interface Merged {
  readonly sessions: ReadonlyMap<string, SessionEntry>;
  /** A sentence each: what may not be exact, and why. */
  readonly doubts: readonly string[];
}

/** Sessions that were found, as they are; others as they were, marked where their transcripts are gone. */
export function mergeSessions(known: Known, scan: SessionScan): Merged {
  const merged = new Map<string, SessionEntry>(known);
  for (const id of scan.empty) if (!scan.unread.has(id)) merged.delete(id);
  for (const [id, copy] of scan.copies) {
    const before = known.get(id);
    if (!scan.unread.has(id)) merged.set(id, before ? newer(before, copy) : copy);
  }
  // Those whose responses nobody has noted.
  const lost: string[] = [];
  for (const [id, session] of known) {
    if (!scan.isComplete || scan.found.has(id)) continue;
    if (!session.retained && !session.is_copy && session.response_ids === undefined) lost.push(id);
    if (session.is_copy) merged.delete(id);
    else merged.set(id, { ...session, retained: true });
  }
  const hasRetained = [...merged].some(
    ([id, { retained, response_ids: ids }]) => retained === true && ids === undefined && !scan.found.has(id),
  );
  const hasLost = lost.length > 0;
  const doubts = [...scan.doubts];
  const shrunk: Array<readonly [id: string, before: SessionEntry]> = [];
  let grown = 0;
  for (const [id, session] of scan.sessions) {
    const before = known.get(id);
    if (scan.unread.has(id) && before) continue;
    if (!before || before.transcript_bytes !== session.transcript_bytes) grown++;
    if (before && session.subagents < before.subagents && session.total_tokens < before.total_tokens)
      doubts.push(lossOf(id, before, session));
    else if (before && !scan.rewritten.has(id) && losesAny(before, session)) shrunk.push([id, before]);
    merged.set(id, before ? newer(before, withoutCopies(before, session, { hasLost, hasRetained })) : session);
  }
  if (hasLost && grown > 0) doubts.push(doubtOf(lost));
  if (shrunk.length > 0) {
    // What is another session's now is not gone.
    const ids = new IdSet([...merged.values()].flatMap(({ response_ids: some }) => some ?? []));
    for (const [id, { response_ids = "" }] of shrunk) {
      const gone = decodeIds(response_ids).filter((one) => !ids.has(one)).length;
      if (gone > 0) doubts.push(goneOf(id, gone));
    }
  }
  return { sessions: merged, doubts };
}

function goneOf(id: string, gone: number): string {
  return `session ${printable(id)}: no transcript holds ${counted(gone, "response")} of its last figures any more, so its figures are without (a transcript was deleted, cut off or replaced by an older one)`;
}

/** Sums cannot be kept in part. */
function lossOf(id: string, before: SessionEntry, now: SessionEntry): string {
  const [agents, tokens] = [before.subagents - now.subagents, before.total_tokens - now.total_tokens];
  return `session ${printable(id)}: transcripts of ${counted(agents, "subagent")} are gone, and with them ${counted(tokens, "token")} of its figures (agents delete old transcripts; Claude Code keeps them for cleanupPeriodDays)`;
}

function doubtOf([first = "", ...others]: readonly string[]): string {
  const more = others.length > 0 ? ` and ${counted(others.length, "other session")}` : "";
  return `the transcripts of session ${printable(first)}${more} are gone, and an earlier version did not note which responses they held: what new or grown forks copied of them may count twice (move the ledger away and scan again, and only what is still there counts)`;
}

/** Of two scans' figures those of the one that began later; figures that have not changed keep their time. What began later than now began when a clock was wrong. */
function newer(known: SessionEntry, found: SessionEntry): SessionEntry {
  const { retained: _, ...before } = known;
  if (JSON.stringify({ ...before, scanned_at: "" }) === JSON.stringify({ ...found, scanned_at: "" })) return before;
  const isLater = known.scanned_at > found.scanned_at && known.scanned_at <= new Date().toISOString();
  return isLater ? known : found;
}
