/** Files that are there whole or not at all, for whoever reads them meanwhile. */
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ScanError } from "../errors.ts";
import { catchInterrupts } from "./interrupts.ts";

const PRIVATE_MODE = 0o600;

/** What may read a file that was not there before: the figures name projects, so nobody else; metrics are for a collector. */
export type Readers = "owner" | "everybody";

/** Fails before anything is scanned where `writeAtomic` would fail after it. */
export function checkWritable(flag: string, path: string): void {
  const fail = (remedy: string) => new ScanError("OUTPUT_FAILED", `${flag}: ${remedy}`);
  if (path === "-") throw fail(`- is no stdout here (leave ${flag} out, or write ./- for a file of that name)`);
  const stat = statOf(path);
  if (stat?.isDirectory()) throw fail(`${path} is a folder (give a file)`);
  if (!isReplaceable(path)) throw notRegular(flag, path, `leave ${flag} out to write to stdout`);
  const folder = dirname(targetOf(path));
  if (!statOf(folder)?.isDirectory()) throw fail(`no such folder: ${folder} (create it or give another file)`);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    throw fail(`no right to write in ${folder} (give another file)`);
  }
}

/**
 * Writes a temporary file beside the target and renames it. An existing file keeps its mode, a link its place. What
 * `mayReplace` says is asked last, right before the renaming; on false nothing is changed, and false is returned.
 */
export function writeAtomic(
  flag: string,
  path: string,
  text: string,
  readers: Readers,
  mayReplace: () => boolean = () => true,
): boolean {
  const target = targetOf(path);
  // A rename would put a file in the place of a device or a pipe, `/dev/null` for all of the machine.
  if (!isReplaceable(target)) throw notRegular(flag, path, "give another file");
  // Opened exclusively, so a name that somebody guessed does no more than fail.
  const temporary = join(dirname(target), `.tokensift-${process.pid}-${Math.random().toString(36).slice(2)}.tmp`);
  // Everything below is one piece of work: no signal comes between the file and its clean-up.
  const release = catchInterrupts(() => {});
  try {
    const file = openSync(temporary, "wx", PRIVATE_MODE);
    try {
      writeFileSync(file, text);
      fchmodSync(file, modeFor(target, readers));
    } finally {
      closeSync(file);
    }
    if (!mayReplace()) {
      rmSync(temporary, { force: true });
      return false;
    }
    renameSync(temporary, target);
    return true;
  } catch (cause) {
    rmSync(temporary, { force: true });
    if (cause instanceof ScanError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new ScanError("OUTPUT_FAILED", `${flag}: cannot write ${basename(path)} in ${dirname(target)} (${code})`, {
      cause,
    });
  } finally {
    release();
  }
}

/** Whether it is a regular file, or nothing yet. */
export function isReplaceable(path: string): boolean {
  return statOf(path)?.isFile() ?? true;
}

export function notRegular(flag: string, path: string, remedy: string): ScanError {
  return new ScanError("OUTPUT_FAILED", `${flag}: ${path} is no regular file (${remedy})`);
}

function modeFor(target: string, readers: Readers): number {
  const stat = statOf(target);
  if (stat) return stat.mode & 0o777;
  return readers === "owner" ? PRIVATE_MODE : 0o666 & ~process.umask();
}

/** Where it is in truth: behind links, if it is there. */
export function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
