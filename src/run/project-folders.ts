/** Where the transcripts of a project are: of its root, of folders below it, and of its git worktrees. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import { claudeRoots } from "../discover/claude.ts";
import { hashOfPath } from "../discover/path-hash.ts";
import type { Environment } from "../environment.ts";
import { orSay, readRegular } from "../files/regular.ts";
import type { UnreadableFile } from "../types.ts";
import type { Transcript } from "../discover/transcript.ts";
import type { Overview } from "./overview.ts";
import { realPath } from "./place.ts";

/** Longer names are cut there, and a hash follows. */
const LONGEST_NAME = 200;
/** Of a transcript, where its first working directory is looked for: in the first of these, mostly. */
const PEEK_BYTES = [64 << 10, 1 << 20, 16 << 20] as const;

export interface ProjectFolders {
  /** To be scanned. */
  readonly folders: readonly string[];
  /** What could name more of them. */
  readonly unreadable: readonly UnreadableFile[];
  /** Whether a folder's transcripts are the project's: by its name, else by the first working directory in them. */
  isOfProject(folder: string, firstCwd: () => string): boolean;
  /** Whether a working directory is the root, a worktree, or below one of them. */
  holds(cwd: string): boolean;
}

/**
 * The name Claude Code gives to the folder for a working directory (formats/claude-code.md §1). Of one that is cut
 * only its beginning is known, hyphen included: the hash behind it depends on the runtime.
 */
function encodeFolder(cwd: string): { readonly name: string; readonly isCut: boolean } {
  const name = cwd.replaceAll(/[^A-Za-z0-9]/g, "-");
  return name.length > LONGEST_NAME ? { name: `${name.slice(0, LONGEST_NAME)}-`, isCut: true } : { name, isCut: false };
}

export function projectFolders(root: string, environment: Environment): ProjectFolders {
  const roots = [...new Set([root, realPath(root)])];
  const unreadable: UnreadableFile[] = [];
  const bases = [...new Set([...roots, ...roots.flatMap((one) => worktreesOf(one, unreadable))])];
  const isInside = (path: string) => bases.some((base) => isWithin(path, base));
  const known = new Map<string, boolean>();
  // A transcript may name it by a link that the root was not given by: asked once of each folder.
  const holds = (cwd: string) => {
    let isHeld = known.get(cwd);
    if (isHeld === undefined)
      known.set(cwd, (isHeld = isInside(cwd) || isInside(realPathOfRest(cwd)) || isHashOfOne(cwd, bases)));
    return isHeld;
  };
  const beginnings = bases.map((base) => encodeFolder(base).name);
  const mayBe = (name: string) => beginnings.some((beginning) => name.startsWith(beginning));
  // A name that was cut stands for many folders: there the working directory decides.
  const sureNames = new Set(roots.map(encodeFolder).flatMap(({ name, isCut }) => (isCut ? [] : [name])));
  const folders = claudeRoots(environment)
    .filter((projects) => basename(projects) === "projects")
    .flatMap((projects) =>
      (orSay(unreadable, projects, () => foldersIn(projects)) ?? []).map((name) => join(projects, name)),
    )
    .filter((folder) => mayBe(basename(folder)) || holds(peekCwd(folder)));
  return {
    folders,
    unreadable,
    isOfProject: (folder, firstCwd) => sureNames.has(basename(folder)) || holds(firstCwd()),
    holds,
  };
}

/** The numbers of the project's transcripts among those below its folders, which stand in path order; ascending. */
export function transcriptsOfProject(
  project: ProjectFolders,
  transcripts: readonly Transcript[],
  overview: Overview,
): number[] {
  const known = new Set(project.folders);
  const folderAbove = (path: string) => {
    let folder = dirname(path);
    while (!known.has(folder) && dirname(folder) !== folder) folder = dirname(folder);
    return folder;
  };
  const members = new Map<string, number[]>();
  for (let t = 0; t < transcripts.length;) {
    const folder = folderAbove((transcripts[t] as Transcript).path);
    const some = members.get(folder) ?? [];
    members.set(folder, some);
    const isAlone = project.folders.every((other) => !other.startsWith(folder + sep));
    for (const end = isAlone ? endOfFolder(transcripts, folder + sep, t) : t + 1; t < end; t++) some.push(t);
  }
  return [...members]
    .flatMap(([folder, some]) => (project.isOfProject(folder, () => overview.firstCwd(some)) ? some : []))
    .sort((a, b) => a - b);
}

/** Behind the last path that begins so; that of `from` does, and in path order all that do follow each other. */
function endOfFolder(transcripts: readonly Transcript[], beginning: string, from: number): number {
  let [within, end] = [from, transcripts.length];
  while (end - within > 1) {
    const middle = (within + end) >> 1;
    if ((transcripts[middle] as Transcript).path.startsWith(beginning)) within = middle;
    else end = middle;
  }
  return end;
}

/** The real path of the part that is still there, and the rest of it. */
function realPathOfRest(path: string): string {
  if (!isAbsolute(path)) return path;
  for (let above = path; ; above = dirname(above)) {
    const real = realPath(above);
    if (real !== above || dirname(above) === above) return join(real, path.slice(above.length));
  }
}

/** As Gemini CLI once named the folder of a project. */
function isHashOfOne(name: string, paths: readonly string[]): boolean {
  return /^[0-9a-f]{64}$/.test(name) && paths.some((path) => hashOfPath(path) === name);
}

function isWithin(path: string, base: string): boolean {
  if (!path.startsWith(base)) return false;
  return path.length === base.length || /[/\\]$/.test(base) || /[/\\]/.test(path.charAt(base.length));
}

/** Git worktrees of a repository: each has a folder that tells where its `.git` is. */
function worktreesOf(root: string, unreadable: UnreadableFile[]): string[] {
  const folder = join(root, ".git", "worktrees");
  const names = orSay(unreadable, folder, () => readdirSync(folder).sort()) ?? [];
  return names.flatMap((name) => {
    const told = join(folder, name, "gitdir");
    const dotGit = orSay(unreadable, told, () => readRegular(told).toString().trim()) ?? "";
    // Relative where git was told so.
    const worktree = dotGit === "" ? undefined : dirname(resolve(folder, name, dotGit));
    return worktree === undefined ? [] : [worktree, realPath(worktree)];
  });
}

function foldersIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map(({ name }) => name);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The first working directory in the first transcript of a folder that names one near its beginning; else nothing. */
function peekCwd(folder: string): string {
  for (const name of namesIn(folder)) {
    if (!name.endsWith(".jsonl") || name.startsWith("agent-")) continue;
    const cwd = firstCwdIn(join(folder, name));
    if (cwd !== undefined) return cwd;
  }
  return "";
}

/** First messages may hold pictures: where no whole line names one, more is read. */
function firstCwdIn(path: string): string | undefined {
  for (const bytes of PEEK_BYTES) {
    const { lines, isAll } = headOf(path, bytes);
    for (const line of lines) {
      if (!line.includes('"cwd"')) continue;
      try {
        const { cwd } = JSON.parse(line) as { cwd?: unknown };
        if (typeof cwd === "string" && cwd !== "") return cwd;
      } catch {
        // Damaged.
      }
    }
    if (isAll) return undefined;
  }
  return undefined;
}

/** The whole lines among the first bytes of a file; none where it cannot be read. */
function headOf(path: string, most: number): { readonly lines: readonly string[]; readonly isAll: boolean } {
  let file = -1;
  try {
    // Opening a FIFO would wait for a writer.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = fstatSync(file);
    if (!stat.isFile()) return { lines: [], isAll: true };
    const bytes = Buffer.allocUnsafe(Math.min(most, stat.size));
    const lines = bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, 0)).split("\n");
    const isAll = bytes.length === stat.size;
    return { lines: isAll ? lines : lines.slice(0, -1), isAll };
  } catch {
    return { lines: [], isAll: true };
  } finally {
    if (file >= 0) closeSync(file);
  }
}
