/** What the system says of a file that shows whether it is still the one it was. */
import type { BigIntStats } from "node:fs";

/** Numbers of 64 bits in two halves: inodes and nanoseconds since 1970 pass 2^53. */
export interface FileStamp {
  readonly deviceLow: number;
  readonly deviceHigh: number;
  readonly inodeLow: number;
  readonly inodeHigh: number;
  /** When the content last changed, in ns. */
  readonly mtimeLow: number;
  readonly mtimeHigh: number;
  /** When the content, name or rights last changed, in ns. */
  readonly ctimeLow: number;
  readonly ctimeHigh: number;
}

export const STAMP_FIELDS = [
  "deviceLow",
  "deviceHigh",
  "inodeLow",
  "inodeHigh",
  "mtimeLow",
  "mtimeHigh",
  "ctimeLow",
  "ctimeHigh",
] as const satisfies ReadonlyArray<keyof FileStamp>;

const whole = new BigInt64Array(4);
const halves = new Uint32Array(whole.buffer);

/** Through shared memory: taking BigInts apart by arithmetic would take longer than the stat. */
export function stampOf(stats: BigIntStats): FileStamp {
  whole[0] = stats.dev;
  whole[1] = stats.ino;
  whole[2] = stats.mtimeNs;
  whole[3] = stats.ctimeNs;
  return {
    deviceLow: halves[0] as number,
    deviceHigh: halves[1] as number,
    inodeLow: halves[2] as number,
    inodeHigh: halves[3] as number,
    mtimeLow: halves[4] as number,
    mtimeHigh: halves[5] as number,
    ctimeLow: halves[6] as number,
    ctimeHigh: halves[7] as number,
  };
}

export function isSameFile(a: FileStamp, b: FileStamp): boolean {
  return (
    a.inodeLow === b.inodeLow &&
    a.inodeHigh === b.inodeHigh &&
    a.deviceLow === b.deviceLow &&
    a.deviceHigh === b.deviceHigh
  );
}

export function isSameMtime(a: FileStamp, b: FileStamp): boolean {
  return a.mtimeLow === b.mtimeLow && a.mtimeHigh === b.mtimeHigh;
}

export function isSameCtime(a: FileStamp, b: FileStamp): boolean {
  return a.ctimeLow === b.ctimeLow && a.ctimeHigh === b.ctimeHigh;
}

/** Nanoseconds of two halves in milliseconds since 1970, to a microsecond. */
export function milliseconds(low: number, high: number): number {
  return ((high | 0) * 2 ** 32 + low) / 1e6;
}
