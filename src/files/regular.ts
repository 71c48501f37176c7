/** Files that nobody named, read as a whole: they lie where an agent, or we, leave one, and anything may stand in their place. */
import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { UnreadableFile } from "../types.ts";

/** None that an agent or we write is so large. */
const MOST_BYTES = 1 << 30;

/**
 * The bytes of a regular file. Nobody waits for a FIFO, or reads a device that has no end. Throws what the system says, or an error
 * with the code `NO_FILE` (it is none) or `EFBIG`.
 */
export function readRegular(path: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory()) throw failure(path, "EISDIR");
    if (!stat.isFile()) throw failure(path, "NO_FILE");
    if (stat.size > MOST_BYTES) throw failure(path, "EFBIG");
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Throws unless what has this path is a regular file, or nothing has it. */
export function checkRegular(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat && !stat.isFile()) throw failure(path, stat.isDirectory() ? "EISDIR" : "NO_FILE");
}

/** Whether it leads somewhere else, or nowhere. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Whether a path that nothing has leads through a link to nowhere, such as to a disk that is not mounted. */
export function isBehindDeadLink(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (isLink(at)) return true;
    if (existsSync(at) || dirname(at) === at) return false;
  }
}

/** Whether an error says that nothing has a path, and not that it cannot be looked at. */
export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Throws what is no error of the system's. */
export function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return code;
}

/** What `look` finds; undefined where nothing has the path, or where it cannot be looked at, which then goes to `unreadable`. */
export function orSay<T>(unreadable: UnreadableFile[], path: string, look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (!isAbsent(error)) unreadable.push({ path, code: codeOf(error) });
    return undefined;
  }
}

function failure(path: string, code: string): Error {
  return Object.assign(new Error(`${path}: ${code}`), { code });
}
