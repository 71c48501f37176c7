/** Files beside the cursors that hold the rows of databases (`src/databases/kept-rows.ts`), as far as the cache looks after them. */
import { readFileSync } from "node:fs";

const ROWS = /^[a-z]+-[0-9a-f]{16}\.rows$/;

export function isRowFile(name: string): boolean {
  return ROWS.test(name);
}

/** The database that such a file is about; undefined: it is damaged. */
export function databaseOf(file: string): string | undefined {
  try {
    const [header = ""] = readFileSync(file, "utf8").split("\n", 1);
    const { path } = JSON.parse(header) as { path?: unknown };
    return typeof path === "string" ? path : undefined;
  } catch {
    return undefined;
  }
}
