/** Where a project's ledger is, and which sessions are the project's. */
import { readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import { hashBytes } from "../cursors/hash.ts";
import type { Environment } from "../environment.ts";
import { ScanError } from "../errors.ts";
import { codeOf, isAbsent, readRegular } from "../files/regular.ts";

/** A folder that people call their project, with the worktrees that belong to it. */
export interface Project {
  readonly root: string;
  /** The root and its worktrees, without symbolic links. */
  readonly folders: readonly string[];
}

/**
 * The repository that `folder` lies in, also when it is a worktree; without one the folder itself. Throws `INVALID_INPUT` where what names its
 * worktrees cannot be read: sessions in them would be nobody's, or a ledger's of their own.
 */
export function projectAt(folder: string): Project {
  const here = realOf(resolve(folder));
  const repository = mainRepository(here);
  const root = realOf(repository ?? here);
  return { root, folders: [root, ...(repository === undefined ? [] : worktreesOf(root).map(realOf))] };
}

/** Asks whether a session's project is this one: its root, a worktree, or a folder below. Keeps what it has worked out. */
export function membersOf({ folders }: Project): (path: string) => boolean {
  const isBelow = (path: string) =>
    folders.some((folder) => path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep));
  const known = new Map<string, boolean>();
  return (path) => {
    let isIn = known.get(path);
    if (isIn === undefined) known.set(path, (isIn = isBelow(path) || (isAbsolute(path) && isBelow(realOf(path)))));
    return isIn;
  };
}

/** The same of one session alone. */
export function isIn(project: Project, path: string): boolean {
  return membersOf(project)(path);
}

/** The path without symbolic links, as far as it is still there: agents write it as it was said to them. */
function realOf(path: string): string {
  for (let at = path, below = ""; ; below = join(basename(at), below), at = dirname(at)) {
    try {
      return join(realpathSync(at), below);
    } catch {
      if (dirname(at) === at) return path;
    }
  }
}

/** The ledger of a project in the user's data folder; undefined where the machine has none. */
export function defaultLedger({ root }: Project, environment: Environment): string | undefined {
  const data = dataFolder(environment);
  if (data === undefined) return undefined;
  const { low, high } = hashBytes(Buffer.from(root));
  const hex = (half: number) => half.toString(16).padStart(8, "0");
  const name =
    basename(root)
      .replaceAll(/[^\w.-]+/g, "-")
      .slice(0, 40) || "root";
  return join(data, "tokensift", `${name}-${hex(high)}${hex(low)}`, "token-ledger.json");
}

function dataFolder({ variables, home, platform }: Environment): string | undefined {
  const xdg = variables["XDG_DATA_HOME"];
  // The XDG rules: a relative path is to be ignored.
  if (xdg?.startsWith("/")) return xdg;
  if (platform === "win32") return variables["LOCALAPPDATA"] || (home && join(home, "AppData", "Local")) || undefined;
  if (home === "") return undefined;
  return platform === "darwin" ? join(home, "Library", "Application Support") : join(home, ".local", "share");
}

function mainRepository(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const git = join(at, ".git");
    const stat = statOf(git);
    if (stat?.isDirectory()) return at;
    if (stat?.isFile()) return repositoryOfWorktree(git) ?? at;
    if (dirname(at) === at) return undefined;
  }
}

/** Undefined also where it cannot be looked at: Git finds no repository there either. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** A worktree's `.git` is a file: `gitdir: /repository/.git/worktrees/NAME`. */
function repositoryOfWorktree(file: string): string | undefined {
  const gitFolder = /^gitdir:\s*(.+?)\s*$/m.exec(textOf(file) ?? "")?.[1];
  const worktrees = gitFolder === undefined ? undefined : dirname(resolve(dirname(file), gitFolder));
  if (worktrees === undefined || basename(worktrees) !== "worktrees") return undefined;
  return dirname(dirname(worktrees));
}

function worktreesOf(root: string): string[] {
  const folder = join(root, ".git", "worktrees");
  const names = orNothing(folder, () => readdirSync(folder).sort()) ?? [];
  return names.flatMap((name) => {
    const git = textOf(join(folder, name, "gitdir"))?.trim();
    // From Git 2.48 on it may be relative.
    return git ? [dirname(resolve(folder, name, git))] : [];
  });
}

function textOf(path: string): string | undefined {
  return orNothing(path, () => readRegular(path).toString());
}

/** Undefined where there is nothing. */
function orNothing<T>(path: string, look: () => T): T | undefined {
  try {
    return look();
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    const remedy = "make it readable, it names the project's worktrees";
    throw new ScanError("INVALID_INPUT", `${path}: cannot be read (${codeOf(cause)}; ${remedy})`, { cause });
  }
}
