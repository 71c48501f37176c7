/** What the system says of a file that shows whether it is still the one it was. */
import type { BigIntStats } from "node:fs";

/**
 * The parts of a stamp in their order, numbers of 64 bits in two halves: inodes and nanoseconds since 1970 pass 2^53. The
 * mtime is when the content last changed, the ctime when content, name or rights did.
 */
export const STAMP_FIELDS = [
  "deviceLow",
  "deviceHigh",
  "inodeLow",
  "inodeHigh",
  "mtimeLow",
  "mtimeHigh",
  "ctimeLow",
  "ctimeHigh",
] as const;
type StampField = (typeof STAMP_FIELDS)[number];

const DEVICE = 0;
const INODE = 2;
const MTIME = 4;
const CTIME = 6;

/** Its parts stand in `halves` from `at` on: as an object's fields they would be an object each. */
export interface FileStamp {
  readonly halves: Uint32Array;
  readonly at: number;
}

const NUMBERS = STAMP_FIELDS.length / 2;
/** Stamps that lie together. */
const BLOCK = 256;
let numbers = new BigInt64Array(NUMBERS * BLOCK);
let halves = new Uint32Array(numbers.buffer);
let next = 0;

/** Through shared memory: taking BigInts apart by arithmetic would take longer than the stat. */
export function stampOf(stats: BigIntStats): FileStamp {
  if (next === numbers.length) {
    numbers = new BigInt64Array(NUMBERS * BLOCK);
    halves = new Uint32Array(numbers.buffer);
    next = 0;
  }
  numbers[next] = stats.dev;
  numbers[next + 1] = stats.ino;
  numbers[next + 2] = stats.mtimeNs;
  numbers[next + 3] = stats.ctimeNs;
  const stamp = { halves, at: next * 2 };
  next += NUMBERS;
  return stamp;
}

/** A stamp that is another one, too, when something beside the file has changed later than it. */
export function stampWith(stamp: FileStamp, { ctimeNs }: BigIntStats): FileStamp {
  const halves = stamp.halves.slice(stamp.at, stamp.at + STAMP_FIELDS.length);
  const numbers = new BigInt64Array(halves.buffer);
  if (ctimeNs <= (numbers[CTIME / 2] as bigint)) return stamp;
  numbers[CTIME / 2] = ctimeNs;
  return { halves, at: 0 };
}

/** Stamps in columns. */
type StampColumns = Readonly<Record<StampField, Uint32Array>>;

export function isSameFile({ halves: a, at }: FileStamp, columns: StampColumns, i: number): boolean {
  return (
    a[at + INODE] === columns.inodeLow[i] &&
    a[at + INODE + 1] === columns.inodeHigh[i] &&
    a[at + DEVICE] === columns.deviceLow[i] &&
    a[at + DEVICE + 1] === columns.deviceHigh[i]
  );
}

export function isSameMtime({ halves: a, at }: FileStamp, columns: StampColumns, i: number): boolean {
  return a[at + MTIME] === columns.mtimeLow[i] && a[at + MTIME + 1] === columns.mtimeHigh[i];
}

export function isSameCtime({ halves: a, at }: FileStamp, columns: StampColumns, i: number): boolean {
  return a[at + CTIME] === columns.ctimeLow[i] && a[at + CTIME + 1] === columns.ctimeHigh[i];
}

/** Whether a stamp is that of row `i`: of thousands, so columns are looked up once. */
export function isSameStampIn(columns: StampColumns): (stamp: FileStamp, i: number) => boolean {
  const { deviceLow, deviceHigh, inodeLow, inodeHigh, mtimeLow, mtimeHigh, ctimeLow, ctimeHigh } = columns;
  return ({ halves: a, at }, i) =>
    a[at + MTIME] === mtimeLow[i] &&
    a[at + MTIME + 1] === mtimeHigh[i] &&
    a[at + CTIME] === ctimeLow[i] &&
    a[at + CTIME + 1] === ctimeHigh[i] &&
    a[at + INODE] === inodeLow[i] &&
    a[at + INODE + 1] === inodeHigh[i] &&
    a[at + DEVICE] === deviceLow[i] &&
    a[at + DEVICE + 1] === deviceHigh[i];
}

/** Another text for another stamp. */
export function stampText({ halves: a, at }: FileStamp): string {
  return a.subarray(at, at + STAMP_FIELDS.length).join(" ");
}

/** The inode as something to look up by. */
export function inodeKey({ halves: a, at }: FileStamp): string {
  return `${a[at + INODE + 1]} ${a[at + INODE]}`;
}

/** In milliseconds since 1970, to a microsecond. */
export function mtimeMs(stamp: FileStamp): number {
  return milliseconds(stamp, MTIME);
}

/** The same of a stamp in columns. */
export function mtimeMsIn({ mtimeHigh, mtimeLow }: StampColumns, i: number): number {
  return nanosecondsToMs(mtimeHigh[i] as number, mtimeLow[i] as number);
}

export function ctimeMs(stamp: FileStamp): number {
  return milliseconds(stamp, CTIME);
}

function milliseconds({ halves: a, at }: FileStamp, part: number): number {
  return nanosecondsToMs(a[at + part + 1] as number, a[at + part] as number);
}

function nanosecondsToMs(high: number, low: number): number {
  return ((high | 0) * 2 ** 32 + low) / 1e6;
}
