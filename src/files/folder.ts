/** Folders of ours. */
import { existsSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it, for their owner alone. Throws what the system says. Not `recursive`: where a folder
 * that is there takes none, such as `/proc`, Node tries forever.
 */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const above = dirname(folder);
    if (code === "ENOENT" && above !== folder && !existsSync(above)) {
      makeFolder(above);
      makeFolder(folder);
    } else if (!isFolder(folder)) {
      throw error;
    }
  }
}

/** Whether nobody who runs this may come near a folder: it is none of his business, and neither is what lies in it. */
export function isHidden(folder: string): boolean {
  try {
    lstatSync(folder);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}

/** Whether there is one, as far as that can be seen. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
