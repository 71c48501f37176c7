/** Databases as agents leave them, made with the library that reads them; what is in the log stays there. */
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import sqlite from "node-sqlite3-wasm";
import { onTestFinished } from "vitest";
import { makeFolder } from "./transcripts.ts";

export const OPENCODE = `
  CREATE TABLE session (id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, directory TEXT, title TEXT, time_created INTEGER);
  CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, time_created INTEGER, time_updated INTEGER, data TEXT NOT NULL);
  CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT NOT NULL, session_id TEXT NOT NULL, time_created INTEGER, data TEXT NOT NULL);`;

/** What OpenCode 2 keeps, without the columns that say nothing of use; `OPENCODE` stands beside it where an older version was. */
export const OPENCODE_2 = `
  CREATE TABLE session_v2 (id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, fork_session_id TEXT, fork_boundary TEXT, directory TEXT NOT NULL,
    title TEXT, version TEXT NOT NULL, cost REAL DEFAULT 0 NOT NULL, tokens_input INTEGER DEFAULT 0 NOT NULL, tokens_output INTEGER DEFAULT 0 NOT NULL,
    tokens_reasoning INTEGER DEFAULT 0 NOT NULL, tokens_cache_read INTEGER DEFAULT 0 NOT NULL, tokens_cache_write INTEGER DEFAULT 0 NOT NULL,
    time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL);
  CREATE TABLE session_message (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, type TEXT NOT NULL, seq INTEGER NOT NULL, time_created INTEGER NOT NULL,
    time_updated INTEGER NOT NULL, data TEXT NOT NULL);
  CREATE UNIQUE INDEX session_message_session_seq_idx ON session_message (session_id, seq);`;

export const COPILOT = `
  CREATE TABLE sessions (id TEXT PRIMARY KEY, cwd TEXT, repository TEXT, branch TEXT, created_at TEXT);
  CREATE TABLE assistant_usage_events (id INTEGER PRIMARY KEY, session_id TEXT, turn_index INTEGER, model TEXT, copilot_usage_model TEXT,
    input_tokens INTEGER, output_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER, reasoning_tokens INTEGER,
    parent_tool_call_id TEXT, created_at TEXT);`;

type Value = string | number | null;

/** A database an agent has open. `publish` leaves it at a path as it is now, with its log beside it. */
export class Agent {
  readonly #folder = makeFolder();
  readonly #database: InstanceType<typeof sqlite.Database>;

  constructor(schema: string) {
    this.#database = new sqlite.Database(join(this.#folder, "agent.db"));
    this.#database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
    this.#database.exec(schema);
    onTestFinished(() => this.#database.close());
  }

  insert(table: string, values: Readonly<Record<string, Value>>): void {
    const names = Object.keys(values);
    const marks = names.map(() => "?").join(", ");
    this.#database.run(`INSERT INTO ${table} (${names.join(", ")}) VALUES (${marks})`, Object.values(values));
  }

  run(sql: string): void {
    this.#database.exec(sql);
  }

  /** Everything goes into the database, and the log is empty. */
  checkpoint(): void {
    this.#database.all("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  publish(path: string, { withLog = true } = {}): void {
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(join(this.#folder, "agent.db"), path);
    rmSync(`${path}-wal`, { force: true });
    if (withLog) copyFileSync(join(this.#folder, "agent.db-wal"), `${path}-wal`);
  }
}
