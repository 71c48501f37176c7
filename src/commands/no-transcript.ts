/** Nothing is ever written to a transcript, whatever file somebody names. */
import { basename, sep } from "node:path";
import { isNamedLikeDatabase } from "../discover/database.ts";
import { PLACES } from "../discover/places.ts";
import type { Environment } from "../environment.ts";
import { ScanError } from "../errors.ts";
import { checkWritable, targetOf } from "../files/atomic.ts";
import { SOURCES } from "../types.ts";

/** What is scanned. */
interface Scanned {
  readonly paths?: readonly string[];
  readonly environment: Environment;
}

/** Throws where the file that `flag` names cannot be written or would take a transcript's place: before the scan, not after it. */
export function checkOutput(flag: string, path: string, scanned: Scanned): void {
  checkWritable(flag, path);
  checkIsNoTranscript(flag, path, scanned);
}

/**
 * Throws where `path`, which `flag` names to be written, lies where agents keep transcripts, or is named like one in what
 * is to be scanned: the next scan would read it.
 */
export function checkIsNoTranscript(flag: string, path: string, { paths = [], environment }: Scanned): void {
  const target = targetOf(path);
  const isIn = (root: string) => target === targetOf(root) || target.startsWith(targetOf(root) + sep);
  const own = SOURCES.flatMap((source) => PLACES[source].roots(environment, []));
  const isGiven = paths.some((given) => target === targetOf(given) || (isIn(given) && isNamedLikeLines(target)));
  if (isGiven || own.some(isIn))
    throw new ScanError(
      "OUTPUT_FAILED",
      `${flag}: ${path} is among transcripts, which are only ever read (give another file)`,
    );
}

function isNamedLikeLines(path: string): boolean {
  return /\.(?:jsonl|zst)$/.test(path) || isNamedLikeDatabase(basename(path));
}
