/** Cursor files: read at once, replaced whole, readable by nobody else. */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { ScanError } from "../errors.ts";
import type { TallyMemory } from "../tally/memory.ts";
import { hashBytes } from "./hash.ts";

/** What a file holds: the cursors of a project, those of them that are newer than there, sums of projects, rows of a database, or what V8 compiled. */
export type FileKind = "cursors" | "recent.cursors" | "sums" | "rows" | "code";

const TEMPORARY = /^[a-z]+-[0-9a-f]{16}(\.recent)?\.\d+-[0-9a-z]+\.tmp$/;
const SUMS = /^sums-[0-9a-f]{16}\.sums$/;
const CURSORS = /^[a-z]+-[0-9a-f]{16}(\.recent)?\.cursors$/;
/** A run that was killed leaves a temporary file; none is written for this long. */
const STALE_MS = 60 * 60 * 1000;
/** More is no cursor file, and not read: transcripts of a project take 70 times as much as their cursors. */
const MOST_BYTES = 256 << 20;

/** The name of a file for the transcripts of one source in one project folder. */
export function fileName(source: string, folder: string, kind: FileKind): string {
  const { low, high } = hashBytes(Buffer.from(`${source}\0${folder}`));
  const hex = (half: number) => half.toString(16).padStart(8, "0");
  return `${source}-${hex(high)}${hex(low)}.${kind}`;
}

export function isCursorFile(name: string): boolean {
  return CURSORS.test(name);
}

export function isSumsFile(name: string): boolean {
  return SUMS.test(name);
}

export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** The file with the newer cursors of a project, by the one with its cursors; undefined: it is that one. */
export function recentBeside(name: string): string | undefined {
  return name.includes(".recent.") ? undefined : name.replace(/cursors$/, "recent.cursors");
}

/** A cursor file that has its place in `memory`, and is read into it as a whole or in parts. */
export class CursorFile {
  /** As large as the file; zeros where nothing was read. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #path: string;
  #file: number;

  private constructor(path: string, file: number, bytes: Uint8Array<ArrayBuffer>) {
    this.#path = path;
    this.#file = file;
    this.bytes = bytes;
  }

  /** Undefined when it cannot be read or is too large. */
  static open(path: string, memory: TallyMemory): CursorFile | undefined {
    let file = -1;
    try {
      if (!existsSync(path)) return undefined;
      file = openToRead(path);
      const stat = fstatSync(file);
      if (stat.isFile() && stat.size <= MOST_BYTES) return new CursorFile(path, file, memory.u8(stat.size));
    } catch (error) {
      if (file >= 0) closeSync(file);
      if (error instanceof ScanError) throw error;
      return undefined;
    }
    closeSync(file);
    return undefined;
  }

  /** Reads bytes [from, to). False: they cannot be read, or not all of them are there. */
  read(from: number, to: number): boolean {
    return this.readInto(this.bytes.subarray(from, to), from);
  }

  /** The same of as many as there is room for in `bytes`, without leaving them in their place. */
  readInto(bytes: Uint8Array, from: number): boolean {
    try {
      for (let done = 0; done < bytes.length;) {
        const got = readSync(this.#file, bytes, done, bytes.length - done, from + done);
        if (got === 0) return false;
        done += got;
      }
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
  }

  /**
   * Calls `use` while it is open, if it was closed before: of thousands of files only some may be open at once. False:
   * there is another file now, as its first `headerBytes` show, which were read before.
   */
  whileOpen(headerBytes: number, use: () => void): boolean {
    const wasOpen = this.#file >= 0;
    try {
      if (!wasOpen && !this.#reopen(headerBytes)) return false;
      use();
      return true;
    } finally {
      if (!wasOpen) this.close();
    }
  }

  #reopen(headerBytes: number): boolean {
    try {
      this.#file = openToRead(this.#path);
      const header = Buffer.alloc(headerBytes);
      const isThere = readSync(this.#file, header, 0, headerBytes, 0) === headerBytes;
      return isThere && header.equals(this.bytes.subarray(0, headerBytes));
    } catch {
      return false;
    }
  }
}

/** Opening a FIFO would wait for a writer. */
function openToRead(path: string): number {
  return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
}

/** Puts a file in place of the one before, so that a reader sees either of them. Throws what the system says. */
export function replaceFile(folder: string, name: string, bytes: Uint8Array): void {
  const stem = name.replace(/\.[a-z]+$/, "");
  const temporary = join(folder, `${stem}.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`);
  try {
    const file = openSync(temporary, "wx", 0o600);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, join(folder, name));
  } catch (error) {
    // Not when it was somebody else's; then its name was taken.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") rmSync(temporary, { force: true });
    throw error;
  }
}

/** Removes what killed runs left. */
export function sweep(folder: string, nowMs: number): void {
  for (const name of readdirSync(folder)) {
    if (!isTemporary(name)) continue;
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat && Math.abs(nowMs - stat.mtimeMs) > STALE_MS) rmSync(path, { force: true });
  }
}

/** Whether nothing has this path any more. What cannot be looked at may still be there. */
export function isGone(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOTDIR";
  }
}
