/**
 * The identity table of the spec, told from outside: for each transcript the row it falls in, and from that what a
 * warm run may leave unopened and how much it may read. Where the model cannot know (the cache is damaged, another
 * question wrote it last), only the bounds that always hold are checked.
 */
import { lstatSync, readFileSync, statSync } from "node:fs";
import { expect } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import type { ScanResult } from "../../src/types.ts";
import { endOfLines, sideOf } from "./world.ts";

export const ROWS = [
  "new",
  "unchanged",
  "racy",
  "just changed",
  "aging",
  "grown",
  "same size, another time",
  "another inode",
  "smaller",
  "another head",
  "another anchor",
  "nothing committed",
  "side file changed",
  "cursor file damaged",
  "moved",
  "gone",
] as const;
export type Row = (typeof ROWS)[number];
export const BEHAVIOURS = [
  "nothing was read",
  "a part was read",
  "everything was read",
  "some stayed unopened",
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

const HEAD = 256;
const ANCHOR = 256;
const RACY_MS = 2000;
/** Within this time a change may bear the same ctime as the one before. */
const INSTANT_MS = 30;

interface Seen {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly side: string;
  readonly bytes: Buffer;
  readonly offset: number;
  /** Options that a cursor may depend on. */
  readonly key: string;
  /** By the clock of the runs that saw this identity: the earliest and the latest. */
  readonly earliestMs: number;
  readonly latestMs: number;
  /** Whether a cursor is known to be there. */
  isSound: boolean;
}

/** What a run may do, told before it. */
interface Bounds {
  readonly leastUnchanged: number;
  readonly mostUnchanged: number;
  readonly mostBytes: number;
  readonly key: string;
  readonly now: ReadonlyMap<string, Seen>;
}

export class Watch {
  readonly #seen = new Map<string, Seen>();
  #isDamaged = false;
  /** Ever: what is damaged where nobody looks is found by the run that has to look there. */
  #wasDamaged = false;

  /** The cache is no longer what the last run left. */
  damaged(): void {
    this.#isDamaged = this.#seen.size > 0;
    this.#wasDamaged = true;
    this.unsure();
  }

  /** It is not known which of two runs wrote it last. */
  unsure(): void {
    for (const seen of this.#seen.values()) seen.isSound = false;
  }

  look(transcripts: readonly string[], options: ScanOptions, happened: Set<unknown>): Bounds {
    const key = JSON.stringify([options.maxLineBytes, options.paths]);
    const now = new Map<string, Seen>();
    let leastUnchanged = 0;
    let mostUnchanged = 0;
    // Where ranges meet some bytes are read twice.
    let mostBytes = options.rangeBytes === undefined ? 0 : Infinity;
    let hasLinks = false;
    if (this.#isDamaged) happened.add("cursor file damaged");
    for (const path of transcripts) {
      hasLinks ||= lstatSync(path).isSymbolicLink();
      const before = this.#seen.get(path);
      const current = look(path, key, before);
      const row = before ? rowOf(before, current) : this.#isMoved(current, transcripts) ? "moved" : "new";
      happened.add(row);
      now.set(path, current);
      // Older collectors' way of counting does without cursors.
      const isSound = before !== undefined && before.isSound && !this.#wasDamaged;
      const isKnown = isSound && before.key === key && options.count !== "records";
      const isWhole = current.offset === current.bytes.length;
      if (row === "unchanged" && isKnown && isWhole) leastUnchanged++;
      if (before && current.ctimeNs === before.ctimeNs && isClean(current, before.latestMs)) mostUnchanged++;
      mostBytes += mostBytesOf(row, isKnown, current, before?.offset ?? 0);
    }
    for (const [path, { isSound }] of this.#seen) {
      if (isSound && statSync(path, { throwIfNoEntry: false }) === undefined) happened.add("gone");
    }
    return { leastUnchanged: hasLinks ? 0 : leastUnchanged, mostUnchanged, mostBytes, key, now };
  }

  /** @param result null when the scan refused to answer */
  check(bounds: Bounds, result: ScanResult | null, options: ScanOptions, happened: Set<unknown>): void {
    if (result) checkStats(result, bounds, happened);
    if (options.count === "records") return;
    this.#isDamaged = false;
    // A file of cursors holds what one question left there.
    for (const seen of this.#seen.values()) seen.isSound &&= seen.key === bounds.key;
    const isSound = result !== null && result.diagnostics.cache === null;
    for (const [path, seen] of bounds.now) this.#seen.set(path, { ...seen, isSound });
  }

  /** Another run beside the one that was checked may have left cursors too. */
  note({ now }: Bounds, options: ScanOptions): void {
    if (options.count === "records") return;
    for (const [path, seen] of now) {
      const known = this.#seen.get(path);
      // What the checked run counted without cursors it left as they were.
      if (known?.ino !== seen.ino || known.ctimeNs !== seen.ctimeNs) this.#seen.set(path, seen);
    }
  }

  #isMoved({ ino }: Seen, transcripts: readonly string[]): boolean {
    return [...this.#seen].some(([path, seen]) => seen.ino === ino && !transcripts.includes(path));
  }
}

function checkStats({ stats }: ScanResult, bounds: Bounds, happened: Set<unknown>): void {
  const { bytesRead, bytesTotal, transcriptsUnchanged } = stats;
  expect(transcriptsUnchanged, "transcripts left unopened").toBeGreaterThanOrEqual(bounds.leastUnchanged);
  expect(transcriptsUnchanged, "transcripts left unopened").toBeLessThanOrEqual(bounds.mostUnchanged);
  expect(bytesRead, "bytes read").toBeLessThanOrEqual(bounds.mostBytes);
  if (transcriptsUnchanged > 0) happened.add("some stayed unopened");
  if (bytesTotal === 0) return;
  happened.add(
    bytesRead === 0 ? "nothing was read" : bytesRead < bytesTotal ? "a part was read" : "everything was read",
  );
}

function look(path: string, key: string, before: Seen | undefined): Seen {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  const side = statSync(sideOf(path), { bigint: true, throwIfNoEntry: false });
  const isSame = before !== undefined && before.ctimeNs === ctimeNs && before.ino === ino;
  const bytes = readFileSync(path);
  const nowMs = Date.now();
  return {
    ...{ dev, ino, size, mtimeNs, ctimeNs, bytes, key },
    side: side ? `${side.size} ${side.mtimeNs}` : "",
    offset: endOfLines(bytes),
    earliestMs: isSame ? Math.min(before.earliestMs, nowMs) : nowMs,
    latestMs: isSame ? Math.max(before.latestMs, nowMs) : nowMs,
    isSound: false,
  };
}

/** The rule of the spec, with some time between the look of the test and that of the run. */
function isClean({ mtimeNs }: Seen, takenMs: number): boolean {
  return Number(mtimeNs / 1_000_000n) < takenMs + INSTANT_MS - RACY_MS;
}

/** What a cursor taken then may be believed, when the file looks the same since. */
function ageAt({ mtimeNs, ctimeNs }: Seen, takenMs: number): "unchanged" | "racy" | "just changed" {
  const mtimeMs = Number(mtimeNs / 1_000_000n);
  if (Math.max(mtimeMs, Number(ctimeNs / 1_000_000n)) > takenMs - INSTANT_MS) return "just changed";
  return mtimeMs > takenMs - RACY_MS ? "racy" : "unchanged";
}

function rowOf(before: Seen, now: Seen): Row {
  if (before.dev !== now.dev || before.ino !== now.ino) return "another inode";
  if (now.size < before.size) return "smaller";
  if (now.size === before.size) {
    if (now.mtimeNs !== before.mtimeNs || now.ctimeNs !== before.ctimeNs) return "same size, another time";
    if (now.side !== before.side) return "side file changed";
    const age = ageAt(now, before.earliestMs);
    return age === ageAt(now, before.latestMs) ? age : "aging";
  }
  const { offset } = before;
  const head = Math.min(HEAD, before.bytes.length);
  if (!now.bytes.subarray(0, head).equals(before.bytes.subarray(0, head))) return "another head";
  const anchor = Math.max(0, offset - ANCHOR);
  if (!now.bytes.subarray(anchor, offset).equals(before.bytes.subarray(anchor, offset))) return "another anchor";
  return offset === 0 ? "nothing committed" : "grown";
}

/** A tail is read each time. Head and anchor are read to check them, and may be read to note them anew. */
function mostBytesOf(row: Row, isKnown: boolean, { bytes }: Seen, offset: number): number {
  const identity = 2 * (HEAD + ANCHOR);
  if (isKnown && row === "unchanged" && offset === bytes.length) return 0;
  if (isKnown && (row === "unchanged" || row === "racy" || row === "grown")) return identity + bytes.length - offset;
  return identity + bytes.length;
}
