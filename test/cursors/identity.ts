/**
 * The identity table of the spec, told from outside: for each transcript the row it falls in, and from that what a
 * warm run may leave unopened and how much it may read. Where the model cannot know (the cache is damaged, another
 * question wrote it last), only the bounds that always hold are checked.
 */
import { lstatSync, readFileSync, statSync } from "node:fs";
import { expect } from "vitest";
import type { ScanResult } from "../../src/types.ts";
import type { CachedOptions } from "./scan.ts";
import { endOfLines, sideOf } from "./world.ts";

export const ROWS = [
  "new",
  "unchanged",
  "racy",
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
  /** When a run saw this identity first and last. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Whether a cursor is known to be there. */
  isSound: boolean;
}

/** What a run may do, told before it. */
interface Bounds {
  readonly leastUnchanged: number;
  readonly mostUnchanged: number;
  readonly mostBytes: number;
  readonly now: ReadonlyMap<string, Seen>;
}

export class Watch {
  readonly #seen = new Map<string, Seen>();
  #isDamaged = false;

  /** The cache is no longer what the last run left. */
  damaged(): void {
    this.#isDamaged = this.#seen.size > 0;
    this.unsure();
  }

  /** It is not known which of two runs wrote it last. */
  unsure(): void {
    for (const seen of this.#seen.values()) seen.isSound = false;
  }

  look(transcripts: readonly string[], options: CachedOptions, happened: Set<unknown>): Bounds {
    const key = JSON.stringify([options.maxLineBytes, options.count]);
    const now = new Map<string, Seen>();
    let leastUnchanged = 0;
    let mostUnchanged = 0;
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
      const isKnown = before !== undefined && before.isSound && before.key === key;
      const mtimeMs = Number(current.mtimeNs / 1_000_000n);
      if (row === "unchanged" && isKnown && mtimeMs < before.firstMs - RACY_MS) leastUnchanged++;
      const isAlike = row === "unchanged" || row === "racy" || row === "side file changed";
      if (before && isAlike && mtimeMs < before.lastMs - RACY_MS) mostUnchanged++;
      mostBytes += mostBytesOf(row, isKnown, current, before?.offset ?? 0);
    }
    for (const [path, { isSound }] of this.#seen) {
      if (isSound && statSync(path, { throwIfNoEntry: false }) === undefined) happened.add("gone");
    }
    return { leastUnchanged: hasLinks ? 0 : leastUnchanged, mostUnchanged, mostBytes, now };
  }

  /** @param result null when the scan refused to answer */
  check(
    { leastUnchanged, mostUnchanged, mostBytes, now }: Bounds,
    result: ScanResult | null,
    happened: Set<unknown>,
  ): void {
    this.#isDamaged = false;
    if (result) {
      const { bytesRead, bytesTotal, transcripts, transcriptsUnchanged } = result.stats;
      expect(transcriptsUnchanged, "transcripts left unopened").toBeGreaterThanOrEqual(leastUnchanged);
      expect(transcriptsUnchanged, "transcripts left unopened").toBeLessThanOrEqual(mostUnchanged);
      expect(bytesRead, "bytes read").toBeLessThanOrEqual(mostBytes);
      if (transcriptsUnchanged > 0) happened.add("some stayed unopened");
      if (transcripts > 0) {
        const isNothing = bytesRead === 0 && bytesTotal > 0;
        happened.add(
          isNothing ? "nothing was read" : bytesRead < bytesTotal ? "a part was read" : "everything was read",
        );
      }
    }
    for (const [path, seen] of now) this.#seen.set(path, { ...seen, lastMs: Date.now(), isSound: result !== null });
  }

  #isMoved({ ino }: Seen, transcripts: readonly string[]): boolean {
    return [...this.#seen].some(([path, seen]) => seen.ino === ino && !transcripts.includes(path));
  }
}

function look(path: string, key: string, before: Seen | undefined): Seen {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  const side = statSync(sideOf(path), { bigint: true, throwIfNoEntry: false });
  const isSame = before !== undefined && before.ctimeNs === ctimeNs && before.ino === ino;
  const bytes = readFileSync(path);
  return {
    ...{ dev, ino, size, mtimeNs, ctimeNs, bytes, key },
    side: side ? `${side.size} ${side.mtimeNs}` : "",
    offset: endOfLines(bytes),
    firstMs: isSame && before.isSound ? before.firstMs : Date.now(),
    lastMs: Date.now(),
    isSound: false,
  };
}

function rowOf(before: Seen, now: Seen): Row {
  if (before.dev !== now.dev || before.ino !== now.ino) return "another inode";
  if (now.size < before.size) return "smaller";
  if (now.size === before.size) {
    if (now.mtimeNs !== before.mtimeNs || now.ctimeNs !== before.ctimeNs) return "same size, another time";
    if (now.side !== before.side) return "side file changed";
    return Number(now.mtimeNs / 1_000_000n) < before.firstMs - RACY_MS ? "unchanged" : "racy";
  }
  const { offset } = before;
  const head = Math.min(HEAD, before.bytes.length);
  if (!now.bytes.subarray(0, head).equals(before.bytes.subarray(0, head))) return "another head";
  const anchor = Math.max(0, offset - ANCHOR);
  if (!now.bytes.subarray(anchor, offset).equals(before.bytes.subarray(anchor, offset))) return "another anchor";
  return offset === 0 ? "nothing committed" : "grown";
}

function mostBytesOf(row: Row, isKnown: boolean, { bytes }: Seen, offset: number): number {
  const identity = HEAD + ANCHOR;
  if (isKnown && row === "unchanged") return 0;
  if (isKnown && (row === "racy" || row === "grown")) return identity + bytes.length - offset;
  return identity + bytes.length;
}
