/** Roots to transcripts. */
import { statSync } from "node:fs";
import { resolve, sep } from "node:path";
import { noSuchPath } from "../errors.ts";
import type { Environment } from "../environment.ts";
import type { UnreadableFile } from "../types.ts";
import { claudeRoots, claudeTranscripts, isClaudeTranscript } from "./claude.ts";
import type { Transcript } from "./transcript.ts";
import { walk } from "./walk.ts";

export interface Discovery {
  /** In path order. */
  readonly transcripts: readonly Transcript[];
  /** The folders and files looked at. */
  readonly roots: readonly string[];
  readonly unreadable: readonly UnreadableFile[];
}

/**
 * Finds every transcript under `paths`, or where the agents keep theirs when there are none.
 * Throws `NO_SUCH_PATH` when a given path does not exist.
 */
export function discover(paths: readonly string[] | undefined, environment: Environment): Discovery {
  const roots = paths ? paths.map((path) => resolve(path)) : claudeRoots(environment);
  const existing = roots.filter((root) => isThere(root, paths !== undefined));
  // A root below another adds nothing, and would only change what its transcripts are below of.
  const outermost = existing.filter(
    (root) => !existing.some((other) => other !== root && root.startsWith(other.endsWith(sep) ? other : other + sep)),
  );
  const { files, unreadable } = walk(outermost, isClaudeTranscript);
  const transcripts = claudeTranscripts(files);
  transcripts.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { transcripts, roots, unreadable };
}

function isThere(path: string, isGiven: boolean): boolean {
  let stat;
  try {
    stat = statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    // Something on the way is no folder, or may not be entered: the walk says so.
    if ((cause as NodeJS.ErrnoException).code !== "ENOTDIR") return true;
  }
  if (stat === undefined && isGiven) throw noSuchPath(path);
  if (isGiven && stat && !stat.isFile() && !stat.isDirectory()) throw noSuchPath(path);
  return stat !== undefined;
}
