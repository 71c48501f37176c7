/** Files beside the cursors that hold the rows of databases (`src/databases/kept-rows.ts`), as far as the cache looks after them. */
import { readRegular } from "../files/regular.ts";

const ROWS = /^[a-z]+-[0-9a-f]{16}\.rows$/;

export function isRowFile(name: string): boolean {
  return ROWS.test(name);
}

/** What such a file is about. */
export interface AboutRows {
  readonly database: string;
  /** Of the database and its log, when its rows were taken. */
  readonly bytes: number;
}

/** Undefined: it is damaged. */
export function aboutRows(file: string): AboutRows | undefined {
  try {
    const [header = ""] = readRegular(file).toString().split("\n", 1);
    const { path, database, log } = JSON.parse(header) as Readonly<Record<string, unknown>>;
    return typeof path === "string" ? { database: path, bytes: sizeIn(database) + sizeIn(log) } : undefined;
  } catch {
    return undefined;
  }
}

/** What the system said of a file (`stateOf` in `src/databases/private-copy.ts`): device, inode, size, times. */
function sizeIn(state: unknown): number {
  const size = typeof state === "string" ? Number(state.split(" ")[2]) : 0;
  return Number.isSafeInteger(size) && size > 0 ? size : 0;
}
