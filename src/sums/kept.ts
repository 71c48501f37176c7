/** Files of sums as the cache looks after them. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isSumsFile } from "../cursors/file.ts";
import { borrowMemory, returnMemory } from "../tally/memory.ts";
import { readSums } from "./decode.ts";
import { isOurs } from "./key.ts";

/** One that was not written for so long is of folders that are not asked about any more, or of a home where nothing happens. */
const IDLE_MS = 30 * 24 * 60 * 60 * 1000;

/** None where there is no folder. */
export function sumsFiles(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter(isSumsFile) : [];
}

/** Whether a scan could use it: made by this version, of cursor files that are still there. */
export function isOfUse(folder: string, name: string): boolean {
  const memory = borrowMemory();
  try {
    return readSums(join(folder, name), isOurs, memory)?.files.every((file) => existsSync(join(folder, file))) ?? false;
  } finally {
    returnMemory(memory);
  }
}

/** Removes those that nobody has needed for long, but for the one that was just written. */
export function sweepSums(folder: string, written: string, nowMs: number): void {
  for (const name of sumsFiles(folder)) {
    if (name === written) continue;
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    if (stat && nowMs - stat.mtimeMs > IDLE_MS) rmSync(join(folder, name), { force: true });
  }
}
