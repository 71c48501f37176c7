/**
 * A database as it is at one moment, in a folder of our own. SQLite writes beside what it opens, even to read it; and what
 * an agent wrote last may stand in the log beside the database only.
 */
import {
  closeSync,
  copyFileSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkRegular, isAbsent } from "../files/regular.ts";

const PREFIX = "tokensift-copy-";
/** What was written last stands in the one; the other says that the database itself is half written. */
const [LOG, JOURNAL] = ["-wal", "-journal"] as const;
/** What is written within one tick of a kernel's clock bears one time; the longest tick is 10 ms. */
const INSTANT_MS = 20;
/** A copy lives for seconds. One that is as old as this was left behind by a run that was killed. */
const STALE_MS = 60 * 60 * 1000;
const TRIES = 5;

/** What the system says of a database and its log: equal while neither has changed. */
export interface DatabaseState {
  readonly database: string;
  /** Empty: there is none. */
  readonly log: string;
  /** When either of them was last changed, or changed its name or rights. */
  readonly changedMs: number;
}

export interface PrivateCopy {
  readonly path: string;
  /** Of what was copied; undefined: the log changed meanwhile. */
  readonly state: DatabaseState | undefined;
  readonly bytes: number;
  /** Takes the folder away. What has it open keeps it until it closes, where the system allows that. */
  remove(): void;
}

/** Throws what the system says, or an error with the code `CHANGED` or `HALF_WRITTEN`. */
export function copyPrivately(given: string): PrivateCopy {
  sweep();
  // Behind a link: the log lies beside the file itself.
  const path = realpathSync(given);
  // Only we may enter it.
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, "copy.db");
    for (let tries = 1; ; tries++) {
      const before = stateOf(path);
      const isLast = tries === TRIES;
      // It could change again and bear the same time.
      const isOfThisInstant = before.changedMs > Date.now() - INSTANT_MS;
      const isHalf = isHalfWritten(path);
      if (isHalf && isLast) throw unreadable(path, "HALF_WRITTEN");
      if ((isOfThisInstant || isHalf) && !isLast) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, INSTANT_MS);
        continue;
      }
      const bytes = copyOne(path, copy) + copyOne(path + LOG, copy + LOG);
      const after = stateOf(path);
      const isSame = before.database === after.database;
      if (isSame && before.log === after.log) return { path: copy, state: before, bytes, remove };
      if (!isLast) continue;
      // A log that only grew is cut off somewhere, which SQLite is made for: whole transactions before count.
      if (isSame) return { path: copy, state: undefined, bytes, remove };
      throw unreadable(path, "CHANGED");
    }
  } catch (error) {
    remove();
    throw error;
  }
}

/** Of a transaction without a log that is under way, or was when its agent was killed: the agent's SQLite undoes it, ours does not. */
function isHalfWritten(path: string): boolean {
  let file = -1;
  try {
    checkRegular(path + JOURNAL);
    file = openSync(path + JOURNAL, "r");
    const first = Buffer.alloc(1);
    // A journal that is done with is gone, empty, or begins with zeros.
    return readSync(file, first, 0, 1, 0) === 1 && first[0] !== 0;
  } catch (error) {
    // One that cannot be read may undo half of what is there.
    if (isAbsent(error)) return false;
    throw error;
  } finally {
    if (file >= 0) closeSync(file);
  }
}

function unreadable(path: string, code: string): Error {
  return Object.assign(new Error(`${path}: ${code}`), { code });
}

/** Throws what the system says. */
export function stateOf(given: string): DatabaseState {
  const path = realpathSync(given);
  let changedMs = 0;
  const state = (file: string) => {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (!stat) return "";
    changedMs = Math.max(changedMs, Number(stat.mtimeMs), Number(stat.ctimeMs));
    return `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
  };
  return { database: `${state(path)} ${state(path + JOURNAL)}`, log: state(path + LOG), changedMs };
}

/** Returns its bytes; none where it is not there, as a log need not be. */
function copyOne(from: string, to: string): number {
  rmSync(to, { force: true });
  try {
    checkRegular(from);
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && !from.endsWith(".db")) return 0;
    throw error;
  }
  return statSync(to).size;
}

function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(tmpdir(), name);
    try {
      if (statSync(folder).mtimeMs < Date.now() - STALE_MS) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Somebody else's, or gone already.
    }
  }
}
