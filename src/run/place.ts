/** Where a run lies, and when it was: what stands beside a team-state (`spec/run-collector.md`, "The run window"). */
import { realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { invalidInput, ScanError } from "../errors.ts";
import { codeOf, isAbsent, readRegular } from "../files/regular.ts";
import type { Window } from "../window.ts";
import { instantOf, isObject, type TeamState } from "./team-state.ts";
import { withoutMark } from "../json.ts";

export interface RunPlace {
  readonly projectRoot: string;
  readonly runDirectory: string;
  /** Of the run's file names, with its hyphen; empty: they have none. Undefined: the team-state is not named like one. */
  readonly suffix: string | undefined;
}

/** Finds the project root and the run's folder. Throws `INVALID_INPUT`. */
export function placeOf(state: TeamState, file: string, givenRoot: string | undefined): RunPlace {
  const path = resolve(file);
  const written = state.runDirectoryPath;
  const root = givenRoot === undefined ? rootAbove(path, written) : resolve(givenRoot);
  if (root === undefined) {
    const what = isAbsolute(written)
      ? "is absolute, and not the folder above it in one that has a .git"
      : "is not the folder above it";
    throw invalidInput(file, "runDirectoryPath", `"${written}" ${what} (give --project-root)`);
  }
  if (givenRoot !== undefined && !isFolder(root)) {
    throw new ScanError("NO_SUCH_PATH", `--project-root: no such folder: ${givenRoot} (give the project's root)`);
  }
  const runDirectory = resolve(root, written);
  return { projectRoot: root, runDirectory, suffix: suffixOf([path, realPath(path)], runDirectory) };
}

/** A link may be called otherwise than the run's other files: of its name and its target's the one that some of them bear. */
function suffixOf(paths: readonly string[], runDirectory: string): string | undefined {
  const suffixes = paths.flatMap((path) => /^team-state(|-.+)\.json$/.exec(basename(path))?.[1] ?? []);
  const hasFiles = (suffix: string) =>
    exists(manifestPath(runDirectory, suffix)) || exists(statusPath(runDirectory, suffix));
  return suffixes.find(hasFiles) ?? suffixes[0];
}

/** The nearest folder above the team-state from which the run's folder is the one that holds `state/<this file>`. */
function rootAbove(path: string, written: string): string | undefined {
  // Of absolute ones every folder above would do.
  const mayBeRoot = (folder: string) => !isAbsolute(written) || exists(join(folder, ".git"));
  for (const file of [path, realPath(path)]) {
    const holdsFile = (root: string) => isSame(resolve(root, written, "state", basename(file)), file);
    for (let root = dirname(path); ; root = dirname(root)) {
      if (mayBeRoot(root) && holdsFile(root)) return root;
      if (dirname(root) === root) break;
    }
  }
  return undefined;
}

/** Whether two paths lead to one place. */
export function isSame(a: string, b: string): boolean {
  return a === b || realPath(resolve(a)) === realPath(resolve(b));
}

export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

export interface RunWindow extends Window {
  /** What has to be said of it. */
  readonly notes: readonly string[];
}

/** The run's window, open below where somebody `asksSince` another time. Throws `INVALID_INPUT`. */
export function windowOf(state: TeamState, place: RunPlace | undefined, asksSince: boolean): RunWindow {
  const notes: string[] = [];
  const untilMs = state.endedMs ?? statusMs(place) ?? Infinity;
  let sinceMs = -Infinity;
  if (asksSince) return { sinceMs, untilMs, notes };
  if (place?.suffix === undefined) {
    notes.push(
      "no run manifest: the team-state is in no file named team-state-….json, so the window has no lower bound",
    );
  } else {
    const path = manifestPath(place.runDirectory, place.suffix);
    const manifest = readManifest(path);
    const createdMs =
      manifest &&
      instantOf(manifest["createdAt"], () =>
        invalidInput(path, "createdAt", "is no time (give one such as 2026-06-10T11:00:00Z)"),
      );
    if (createdMs === undefined) {
      const what = manifest ? "has no createdAt" : "is not there";
      notes.push(`the run manifest ${basename(path)} ${what}, so the window has no lower bound`);
    } else {
      sinceMs = createdMs;
    }
  }
  return { sinceMs, untilMs, notes };
}

function manifestPath(runDirectory: string, suffix: string): string {
  return join(runDirectory, "manifests", `run-manifest${suffix}.json`);
}

function statusPath(runDirectory: string, suffix: string): string {
  return join(runDirectory, "status", `final${suffix}.status`);
}

function readManifest(path: string): Record<string, unknown> | undefined {
  let text: string;
  try {
    text = readRegular(path).toString();
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    const code = codeOf(cause);
    throw new ScanError("INVALID_INPUT", `${path}: cannot be read (${code}; give --since instead)`, { cause });
  }
  try {
    const value: unknown = JSON.parse(withoutMark(text));
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  throw invalidInput(path, "", "is no JSON object (correct it, or give --since)");
}

/** When the run's final status was written; a record of the same millisecond is inside. */
function statusMs(place: RunPlace | undefined): number | undefined {
  if (place?.suffix === undefined) return undefined;
  const stat = statOf(statusPath(place.runDirectory, place.suffix));
  // The whole milliseconds: `mtimeMs` of a plain stat is rounded, and may be the next one.
  return stat?.isFile() ? Number(stat.mtimeMs) : undefined;
}

function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false, bigint: true });
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  return statOf(path) !== undefined;
}

function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory() === true;
}
