/** Roots to transcripts. */
import { statSync } from "node:fs";
import { resolve, sep } from "node:path";
import { noSuchPath } from "../errors.ts";
import type { Environment } from "../environment.ts";
import { codeOf, isBehindDeadLink } from "../files/regular.ts";
import { SOURCES, type SourceName, type UnreadableFile } from "../types.ts";
import { namedLikeAnyIn, PLACES } from "./places.ts";
import { recogniseSource } from "./recognise.ts";
import type { Transcript } from "./transcript.ts";
import { type FoundFile, type OnFile, walk } from "./walk.ts";

export interface Discovery {
  /** In path order. */
  readonly transcripts: readonly Transcript[];
  /** The folders and files looked at. */
  readonly roots: readonly string[];
  readonly unreadable: readonly UnreadableFile[];
}

/**
 * Finds every transcript of `sources` under `paths`, or where the agents keep theirs when there are none.
 * Throws `NO_SUCH_PATH` when a given path does not exist. `onFile` also hears of files that turn out to be no transcripts.
 */
export function discover(
  paths: readonly string[] | undefined,
  environment: Environment,
  sources: readonly SourceName[] = SOURCES,
  onFile?: OnFile,
): Discovery {
  const { transcripts, roots, unreadable } = paths
    ? discoverGiven(paths, sources, onFile)
    : discoverOwn(environment, sources, onFile);
  transcripts.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { transcripts, roots, unreadable };
}

/** Finds every transcript of one source under folders where that agent keeps them, without a look into any. */
export function discoverOf(source: SourceName, folders: readonly string[]): Discovery {
  const { transcripts, unreadable } = findOf(source, folders);
  transcripts.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { transcripts, roots: folders, unreadable };
}

interface Found {
  readonly transcripts: Transcript[];
  readonly roots: string[];
  readonly unreadable: UnreadableFile[];
}

/** Whose they are, the files say. */
function discoverGiven(paths: readonly string[], sources: readonly SourceName[], onFile?: OnFile): Found {
  // Of a variable that is not set; it would be the current folder.
  if (paths.includes("")) throw noSuchPath("");
  const roots = paths.map((path) => resolve(path));
  const { files, unreadable } = walk(outermost(roots.filter((root) => isThere(root, true))), namedLikeAnyIn, onFile);
  const bySource = new Map<SourceName, FoundFile[]>(sources.map((source) => [source, []]));
  for (const file of files) {
    try {
      const source = recogniseSource(file);
      if (source !== undefined) bySource.get(source)?.push(file);
    } catch (error) {
      unreadable.push({ path: file.path, code: codeOf(error) });
    }
  }
  const transcripts = [...bySource].flatMap(([source, some]) => PLACES[source].transcripts(some, unreadable));
  return { transcripts, roots, unreadable };
}

function discoverOwn(environment: Environment, sources: readonly SourceName[], onFile?: OnFile): Found {
  const all: Found = { transcripts: [], roots: [], unreadable: [] };
  for (const source of sources) {
    // Cursors are known by their transcript's path, wherever the run is.
    const roots = PLACES[source].roots(environment, all.unreadable).map((root) => resolve(root));
    const { transcripts, unreadable } = findOf(source, roots, onFile);
    all.roots.push(...roots);
    all.unreadable.push(...unreadable);
    all.transcripts.push(...transcripts);
  }
  return all;
}

function findOf(source: SourceName, roots: readonly string[], onFile?: OnFile): Omit<Found, "roots"> {
  const place = PLACES[source];
  const there = outermost(roots.filter((root) => isThere(root, false)));
  const { files, unreadable } = walk(there, (folder) => place.namedLikeOneIn(folder), onFile);
  return { transcripts: place.transcripts(files, unreadable), unreadable };
}

/** A root below another adds nothing, and would only change what its transcripts are below of. */
function outermost(roots: readonly string[]): string[] {
  return roots.filter(
    (root) => !roots.some((other) => other !== root && root.startsWith(other.endsWith(sep) ? other : other + sep)),
  );
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
  // The walk says that it leads nowhere.
  return stat !== undefined || isBehindDeadLink(path);
}
