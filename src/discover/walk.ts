/** Folders to files. Symbolic links are followed once, so that no loop and no second name counts anything twice. */
import { isUtf8 } from "node:buffer";
import { constants, type Dirent, lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { type FileStamp, stampOf } from "./stamp.ts";

export interface FoundFile {
  /** As reached: through a link it is the link's path. */
  readonly path: string;
  /** Its last part. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly stamp: FileStamp;
  /** Folders between the root and the file, outermost first. */
  readonly below: readonly string[];
}

export interface Walk {
  readonly files: FoundFile[];
  readonly unreadable: Array<{ path: string; code: string }>;
}

interface Link {
  readonly path: string;
  readonly below: readonly string[];
  readonly isRoot?: boolean;
}

/** Hears of each file at once, with its size in bytes. */
export type OnFile = (sizeBytes: number) => void;

type Entry = Pick<Dirent, "name" | "isDirectory" | "isSymbolicLink" | "isFile">;

/** What Node makes of bytes that are no UTF-8; a name may also have it as its own. */
const NO_UTF8 = "\ufffd";
const STAT = { bigint: true, throwIfNoEntry: false } as const;

/** Every regular file under the roots that is wanted in its folder, in path order within a folder; each file once. */
export function walk(
  roots: readonly string[],
  wantsIn: (folder: string) => (name: string) => boolean,
  onFile?: OnFile,
): Walk {
  const files: FoundFile[] = [];
  const unreadable: Walk["unreadable"] = [];
  /** Real paths of folders. A file in one whose entries were listed has been met there. */
  const foldersSeen = new Set<string>();
  /** The path it was reached by. */
  const foldersListed = new Map<string, string>();
  /** Real paths of files that were reached by themselves, as a root or through a link. */
  const filesSeen = new Set<string>();
  const links: Link[] = [];

  const fail = (path: string, error: unknown) =>
    unreadable.push({ path, code: (error as NodeJS.ErrnoException).code ?? "UNKNOWN" });

  function addFile(path: string, name: string, below: readonly string[]): boolean {
    const stat = statSync(path, STAT);
    // `stat.isFile()` would do it with BigInts.
    if (stat === undefined || (Number(stat.mode) & constants.S_IFMT) !== constants.S_IFREG) return false;
    const sizeBytes = Number(stat.size);
    files.push({ path, name, sizeBytes, stamp: stampOf(stat), below });
    onFile?.(sizeBytes);
    return true;
  }

  function addAlone(path: string, realPath: string, below: readonly string[]): void {
    const folder = foldersListed.get(dirname(realPath));
    const wasMet = folder !== undefined && wantsIn(folder)(basename(realPath));
    if (!wasMet && !filesSeen.has(realPath) && addFile(path, basename(path), below)) filesSeen.add(realPath);
  }

  function walkFolder(path: string, realPath: string, below: readonly string[]): void {
    if (foldersSeen.has(realPath)) return;
    foldersSeen.add(realPath);
    const wants = wantsIn(path);
    let entries: readonly Entry[];
    try {
      entries = readdirSync(path, { withFileTypes: true });
      if (entries.some(({ name }) => name.includes(NO_UTF8))) entries = namableIn(path, wants);
    } catch (error) {
      fail(path, error);
      return;
    }
    foldersListed.set(realPath, path);
    for (const entry of entries) {
      const { name } = entry;
      if (entry.isDirectory()) walkFolder(`${path}/${name}`, `${realPath}/${name}`, [...below, name]);
      else if (entry.isSymbolicLink()) links.push({ path: `${path}/${name}`, below: [...below, name] });
      else if (wants(name) && entry.isFile() && !(filesSeen.size > 0 && filesSeen.has(`${realPath}/${name}`))) {
        addListed(`${path}/${name}`, name, below);
      }
    }
  }

  /** No text of Node's names what has a name that is no UTF-8, and what it makes of that may be the name of something else. */
  function namableIn(path: string, wants: (name: string) => boolean): Entry[] {
    const namable: Entry[] = [];
    for (const entry of readdirSync(path, { withFileTypes: true, encoding: "buffer" })) {
      const name = entry.name.toString();
      if (isUtf8(entry.name)) {
        namable.push({
          name,
          isDirectory: () => entry.isDirectory(),
          isSymbolicLink: () => entry.isSymbolicLink(),
          isFile: () => entry.isFile(),
        });
      } else if (entry.isDirectory() || entry.isSymbolicLink() || (wants(name) && entry.isFile())) {
        unreadable.push({ path: `${path}/${name}`, code: "EILSEQ" });
      }
    }
    return namable;
  }

  function addListed(path: string, name: string, below: readonly string[]): void {
    try {
      addFile(path, name, below);
    } catch (error) {
      // Its folder may be listed, but not entered.
      fail(path, error);
    }
  }

  function follow(link: Link): void {
    let realPath: string;
    try {
      realPath = realpathSync(link.path);
      if (statSync(realPath).isDirectory()) walkFolder(link.path, realPath, link.below);
      else if (link.isRoot || wantsIn(dirname(link.path))(link.path))
        addAlone(link.path, realPath, link.below.slice(0, -1));
    } catch (error) {
      // A link that leads nowhere is not a transcript just because it might have been a folder of some.
      const isDangling = ["ENOENT", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "");
      if (!isDangling || link.isRoot || wantsIn(dirname(link.path))(link.path)) fail(link.path, error);
    }
  }

  for (const root of roots) {
    try {
      if (lstatSync(root).isSymbolicLink()) {
        links.push({ path: root, below: [], isRoot: true });
        continue;
      }
      const realPath = realpathSync(root);
      if (statSync(realPath).isDirectory()) walkFolder(root, realPath, []);
      else addAlone(root, realPath, []);
    } catch (error) {
      fail(root, error);
    }
  }
  // Links last: what has a path of its own is known by that.
  for (let link = links.shift(); link; link = links.shift()) follow(link);
  return { files, unreadable };
}
