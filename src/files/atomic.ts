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
  const file = new AtomicFile(flag, path, readers);
  try {
    file.write(text);
    return file.finish(mayReplace);
  } finally {
    file.abandon();
  }
}

/** The same in pieces. Whoever makes one calls `abandon` at the end, whatever came. */
export class AtomicFile {
  readonly #flag: string;
  readonly #path: string;
  readonly #target: string;
  readonly #temporary: string;
  readonly #release: () => void;
  #file: number | undefined;
  #isFinished = false;

  constructor(flag: string, path: string, readers: Readers) {
    this.#flag = flag;
    this.#path = path;
    this.#target = targetOf(path);
    // A rename would put a file in the place of a device or a pipe, `/dev/null` for all of the machine.
    if (!isReplaceable(this.#target)) throw notRegular(flag, path, "give another file");
    const name = `.tokensift-${process.pid}-${Math.random().toString(36).slice(2)}.tmp`;
    this.#temporary = join(dirname(this.#target), name);
    // No signal comes between the file and its clean-up.
    this.#release = catchInterrupts(() => this.abandon());
    try {
      this.#try(() => {
        // Opened exclusively, so a name that somebody guessed does no more than fail.
        this.#file = openSync(this.#temporary, "wx", PRIVATE_MODE);
        fchmodSync(this.#file, modeFor(this.#target, readers));
      });
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  write(text: string): void {
    this.#try(() => writeFileSync(this.#file as number, text));
  }

  /** Puts it in the target's place, if `mayReplace` then says so. */
  finish(mayReplace: () => boolean = () => true): boolean {
    return this.#try(() => {
      this.#close();
      if (!mayReplace()) return false;
      renameSync(this.#temporary, this.#target);
      this.#isFinished = true;
      return true;
    });
  }

  /** Nothing is left of what was not finished. */
  abandon(): void {
    this.#release();
    this.#close();
    if (!this.#isFinished) rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) closeSync(file);
  }

  #try<T>(step: () => T): T {
    try {
      return step();
    } catch (cause) {
      if (cause instanceof ScanError) throw cause;
      const { code } = cause as NodeJS.ErrnoException;
      const what = `cannot write ${basename(this.#path)} in ${dirname(this.#target)} (${code})`;
      throw new ScanError("OUTPUT_FAILED", `${this.#flag}: ${what}`, { cause });
    }
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
