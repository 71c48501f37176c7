/** Whether a transcript is still the one a cursor is of, and what of it can be believed (`spec/incremental.md`). */
import { closeSync, openSync, readSync } from "node:fs";
import {
  ctimeMs,
  type FileStamp,
  isSameCtime,
  isSameFile,
  isSameMtime,
  isSameStampIn,
  mtimeMs,
} from "../discover/stamp.ts";
import type { Transcript } from "../discover/transcript.ts";
import { type Hash, hashBytes, IDENTITY_BYTES } from "./hash.ts";
import { AGE } from "./columns.ts";
import type { CursorTable } from "./table.ts";

/** Clocks of file systems are not ours, and some count in steps of two seconds. */
const FRESH_MS = 2000;
/** What is written within one tick of a kernel's clock bears one time; the longest tick is 10 ms. */
const INSTANT_MS = 20;

/** What a cursor is good for. */
export type Trust =
  | { readonly kind: "none"; readonly bytesRead: number }
  /** As it stands, without a look at the transcript. */
  | { readonly kind: "unchanged"; readonly bytesRead: 0 }
  /** Up to its offset; the head and what stands before the offset are as they were. */
  | { readonly kind: "checked"; readonly bytesRead: number; readonly head: Hash; readonly before: Uint8Array };

const UNCHANGED = { kind: "unchanged", bytesRead: 0 } as const;
const NONE = { kind: "none", bytesRead: 0 } as const;

/** How the time of a file's last change compares with `takenMs`, which was before the file's stamp was taken. */
export function ageOf(stamp: FileStamp, takenMs: number): number {
  const contentMs = mtimeMs(stamp);
  const changedMs = ctimeMs(stamp);
  const stepMs = changedMs % 1000 === 0 ? FRESH_MS : INSTANT_MS;
  if (Math.max(contentMs, changedMs) > takenMs - stepMs) return AGE.sameInstant;
  return contentMs > takenMs - FRESH_MS ? AGE.fresh : AGE.settled;
}

/** Says of row `i` whether it can be believed without a look and nothing is left to read: what `trust` finds of nearly all. */
export function isUntouchedIn({ row }: CursorTable): (transcript: Looked, i: number) => boolean {
  const { offset, sizeBytes: sizes, age } = row;
  const isSameStamp = isSameStampIn(row);
  return ({ sizeBytes, stamp }, i) =>
    offset[i] === sizeBytes && sizes[i] === sizeBytes && age[i] === AGE.settled && isSameStamp(stamp, i);
}

type Looked = Pick<Transcript, "path" | "sizeBytes" | "stamp">;

/**
 * What row `i` is good for, which is of the transcript's path, or of its former one. Renaming changes the ctime, as writing does:
 * of the same size, a renamed transcript may be one that was rewritten.
 */
export function trust(transcript: Looked, { row }: CursorTable, i: number): Trust {
  const { path, sizeBytes, stamp } = transcript;
  const sizeBefore = row.sizeBytes[i] as number;
  const offset = row.offset[i] as number;
  const age = row.age[i] as number;
  if (!isSameFile(stamp, row, i) || sizeBytes < sizeBefore) return NONE;
  if (sizeBytes === sizeBefore) {
    if (!isSameMtime(stamp, row, i) || !isSameCtime(stamp, row, i)) return NONE;
    if (age === AGE.settled) return offset > 0 || sizeBytes === 0 ? UNCHANGED : NONE;
    if (age === AGE.sameInstant) return NONE;
  }
  return offset === 0 ? NONE : look(path, sizeBytes, row, i);
}

/** Compares head and anchor. The head is taken as long as it is now: young files grow. */
function look(path: string, sizeBytes: number, row: CursorTable["row"], i: number): Trust {
  const offset = row.offset[i] as number;
  let file = -1;
  let bytesRead = 0;
  const read = (from: number, to: number) => {
    const bytes = Buffer.alloc(to - from);
    const got = readSync(file, bytes, 0, bytes.length, from);
    bytesRead += got;
    return bytes.subarray(0, got);
  };
  try {
    file = openSync(path, "r");
    const head = read(0, Math.min(IDENTITY_BYTES, sizeBytes));
    const headThen = head.subarray(0, row.headBytes[i]);
    if (!isHash(headThen, row.headLow[i], row.headHigh[i])) return { kind: "none", bytesRead };
    const before = read(Math.max(0, offset - IDENTITY_BYTES), offset);
    if (!isHash(before, row.anchorLow[i], row.anchorHigh[i])) return { kind: "none", bytesRead };
    return { kind: "checked", bytesRead, head: hashBytes(head), before };
  } catch {
    // The scan will meet it again, and say so.
    return { kind: "none", bytesRead };
  } finally {
    if (file >= 0) closeSync(file);
  }
}

function isHash(bytes: Uint8Array, low: number | undefined, high: number | undefined): boolean {
  const hash = hashBytes(bytes);
  return hash.low === low && hash.high === high;
}
