/**
 * What V8 compiled of one of our files: `<part>-<hash>.code`, beside the cursors.
 *
 *     magic | bytes of the making | bytes of all this | 0 | the making (JSON), spaces up to a multiple of 8 | V8's code cache, zeros up to one
 *
 * and all of that once more. V8 takes a code cache as it is: it looks at its own version and flags, and at the length of
 * the source, and a flipped byte crashes it. So everything else is asked here: that nobody but its owner could write
 * it, that it is whole, and that it was made of the very file that is there. Two copies are compared in 0.1 ms; for a
 * checksum Node would load zlib, and streams with it, or compile a loop of ours: 4 ms.
 */
import { type BigIntStats, closeSync, constants, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileName, replaceFile } from "../cursors/file.ts";
import { paddedTo8 } from "../events.ts";
import { isObject } from "../json.ts";

/** Of whom code is, and how often it was added to. */
export interface Making {
  /** The file that was compiled. */
  readonly path: string;
  /** Which file that was, by its inode and times. */
  readonly identity: string;
  /** Runs that have added what they compiled. */
  readonly runs: number;
}

export interface StoredCode {
  readonly making: Making;
  /** For V8. */
  readonly code: Uint8Array;
}

const MAGIC = 0x31646f63; // "cod1"
const HEADER_BYTES = 16;
/** More is no file of ours, and not read: all of our code is 2 MB. */
const MOST_BYTES = 16 << 20;
const PART_BYTES = 64 << 10;
const CODE = /^[a-z]+-[0-9a-f]{16}\.code$/;

export function isCodeFile(name: string): boolean {
  return CODE.test(name);
}

/** Where the code of a part lies that this Node compiled. */
export function codeFile(part: string, path: string): string {
  return fileName(part, `${path}\0${process.versions.v8}\0${process.arch}`, "code");
}

/** Code that may be used by whoever runs this; undefined where there is none. */
export function readCode(path: string): StoredCode | undefined {
  let file = -1;
  try {
    // An error is dear to make.
    if (!existsSync(path)) return undefined;
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0));
    const stat = fstatSync(file);
    if (
      !stat.isFile() ||
      stat.size > MOST_BYTES ||
      stat.size < 2 * HEADER_BYTES ||
      stat.size % 2 !== 0 ||
      !isPrivate(stat)
    )
      return undefined;
    const half = Buffer.allocUnsafeSlow(stat.size / 2);
    if (readSync(file, half, 0, half.length, 0) !== half.length) return undefined;
    return isThereAgain(half, file) ? decode(half) : undefined;
  } catch {
    return undefined;
  } finally {
    if (file >= 0) closeSync(file);
  }
}

/** Throws what the system says. */
export function writeCode(folder: string, name: string, making: Making, code: Uint8Array): void {
  const info = padded(Buffer.from(JSON.stringify(making)), " ");
  const rest = padded(code, "\0");
  const bytes = HEADER_BYTES + info.length + rest.length;
  const half = [Buffer.from(Uint32Array.of(MAGIC, info.length, bytes, 0).buffer), info, rest];
  replaceFile(folder, name, Buffer.concat([...half, ...half]));
}

function padded(bytes: Uint8Array, filler: string): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(paddedTo8(bytes.length) - bytes.length, filler)]);
}

/** Which file this is: another one, or another content, has another identity. */
export function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/** Whether nobody will use the code of this file any more: it is damaged, or its source is gone or another one. */
export function isStale(folder: string, name: string): boolean {
  const making = readCode(join(folder, name))?.making;
  if (making === undefined) return true;
  try {
    return identityOf(statSync(making.path, { bigint: true })) !== making.identity;
  } catch {
    return true;
  }
}

/** Whether the second copy is the first once more. In parts: fresh memory for all of it costs more than reading it. */
function isThereAgain(half: Buffer, file: number): boolean {
  const part = Buffer.allocUnsafeSlow(Math.min(half.length, PART_BYTES));
  for (let at = 0; at < half.length; at += part.length) {
    const bytes = Math.min(part.length, half.length - at);
    if (readSync(file, part, 0, bytes, half.length + at) !== bytes) return false;
    if (half.compare(part, 0, bytes, at, at + bytes) !== 0) return false;
  }
  return true;
}

function decode(half: Buffer): StoredCode | undefined {
  const [magic, infoBytes = 0, halfBytes] = new Uint32Array(half.buffer, half.byteOffset, HEADER_BYTES / 4);
  if (magic !== MAGIC || halfBytes !== half.length) return undefined;
  const from = HEADER_BYTES + infoBytes;
  const making: unknown = JSON.parse(half.toString("utf8", HEADER_BYTES, from));
  return isMaking(making) ? { making, code: half.subarray(from) } : undefined;
}

function isMaking(value: unknown): value is Making {
  if (!isObject(value)) return false;
  const { path, identity, runs } = value;
  return typeof path === "string" && typeof identity === "string" && typeof runs === "number";
}

/** V8 runs what is in it. Windows has no such modes; there the folder is the user's own. */
function isPrivate({ uid, mode }: { uid: number; mode: number }): boolean {
  return process.geteuid === undefined || (uid === process.geteuid() && (mode & 0o077) === 0);
}
