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

/** Stamps in columns. */
type StampColumns = Readonly<Record<keyof FileStamp, Uint32Array>>;

export function isSameFile(a: FileStamp, columns: StampColumns, i: number): boolean {
  return (
    a.inodeLow === columns.inodeLow[i] &&
    a.inodeHigh === columns.inodeHigh[i] &&
    a.deviceLow === columns.deviceLow[i] &&
    a.deviceHigh === columns.deviceHigh[i]
  );
}

export function isSameMtime(a: FileStamp, columns: StampColumns, i: number): boolean {
  return a.mtimeLow === columns.mtimeLow[i] && a.mtimeHigh === columns.mtimeHigh[i];
}

export function isSameCtime(a: FileStamp, columns: StampColumns, i: number): boolean {
  return a.ctimeLow === columns.ctimeLow[i] && a.ctimeHigh === columns.ctimeHigh[i];
}

/** Nanoseconds of two halves in milliseconds since 1970, to a microsecond. */
export function milliseconds(low: number, high: number): number {
  return ((high | 0) * 2 ** 32 + low) / 1e6;
}
