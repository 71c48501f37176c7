/** SQLite, as far as we need it: questions to a private copy. Loaded only where there is a database. */
import type sqlite3 from "node-sqlite3-wasm";
import type { Database, SQLiteValue } from "node-sqlite3-wasm";
import { copyPrivately, type PrivateCopy } from "./private-copy.ts";

export type DatabaseRow = Readonly<Record<string, SQLiteValue>>;

/** Questions to one database, as it was at one moment. */
export interface Tables {
  /** The names of a table's columns; none where there is no such table. */
  columnsOf(table: string): ReadonlySet<string>;
  /** Rows one after the other, so that their texts are not all held at once. */
  rows(sql: string): Iterable<DatabaseRow>;
}

/** What a reader made of a database, and of which state of it. */
interface Read<T> extends Pick<PrivateCopy, "bytes" | "state"> {
  readonly value: T;
}

/**
 * Hands the tables of a database to `read`. Throws errors with a `code`: the system's, `NO_SQLITE` where the package is not
 * installed, those of `copyPrivately`, or `NO_DATABASE` with what SQLite says.
 */
export async function readDatabase<T>(path: string, read: (tables: Tables) => T): Promise<Read<T>> {
  const sqlite = await load();
  const copy = copyPrivately(path);
  let database: Database | undefined;
  try {
    database = new sqlite.Database(copy.path, { fileMustExist: true });
    // Nobody else opens the copy, so the log needs no shared index beside it.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY");
    database.all("SELECT count(*) FROM sqlite_master");
    // It is open: from here on a run may be killed without leaving anything behind.
    removeEarly(copy);
    return { value: read(tablesOf(database)), bytes: copy.bytes, state: copy.state };
  } catch (cause) {
    if (!(cause instanceof sqlite.SQLite3Error)) throw cause;
    throw Object.assign(new Error(`${path}: ${cause.message}`, { cause }), { code: "NO_DATABASE" });
  } finally {
    try {
      database?.close();
    } catch {
      // The copy is gone already.
    }
    copy.remove();
  }
}

function removeEarly(copy: PrivateCopy): void {
  try {
    copy.remove();
  } catch {
    // Windows keeps what is open.
  }
}

function tablesOf(database: Database): Tables {
  return {
    columnsOf(table) {
      const rows = database.all("SELECT name FROM pragma_table_info(?)", table) as DatabaseRow[];
      return new Set(rows.map(({ name }) => String(name)));
    },
    *rows(sql) {
      const statement = database.prepare(sql);
      try {
        yield* statement.iterate() as Iterable<DatabaseRow>;
      } finally {
        statement.finalize();
      }
    },
  };
}

/** Node finds no names in the package: all of it is the default. */
async function load(): Promise<typeof sqlite3> {
  try {
    return (await import("node-sqlite3-wasm")).default;
  } catch (cause) {
    throw Object.assign(new Error("node-sqlite3-wasm is not installed", { cause }), { code: "NO_SQLITE" });
  }
}
