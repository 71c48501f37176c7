/** OpenCode 2's table `session_message`: one row a message, with its type beside a JSON text `data` (`docs/decisions/0014`). */
import { isObject } from "../json.ts";
import { modelIn, readNewerMessage, type MessageFacts } from "../sources/opencode-newer.ts";
import type { SQLiteValue } from "node-sqlite3-wasm";
import type { Tables } from "./sqlite.ts";
import { objectIn, textIn } from "./stored-session.ts";

/** A turn may take that long between its two rows. */
const SAME_TURN_MS = 3_600_000;

/** A row that some message of the older table does not stand for. */
export interface NewerRow {
  readonly id: string;
  readonly session: string;
  /** Undefined: damaged. */
  readonly message: MessageFacts | undefined;
  /** A fork's copy of what its parent used. */
  readonly isCopied: boolean;
}

export class NewerMessages {
  readonly #tables: Tables;
  readonly #columns: ReadonlySet<string>;
  readonly #sessions: ReadonlySet<string>;
  readonly #hasOlder: boolean;

  constructor(tables: Tables, hasOlder: boolean) {
    this.#tables = tables;
    this.#columns = tables.columnsOf("session_message");
    this.#sessions = tables.columnsOf("session_v2");
    this.#hasOlder = hasOlder;
  }

  get isKnown(): boolean {
    return ["id", "session_id", "type", "data"].every((name) => this.#columns.has(name));
  }

  /**
   * Of sessions of OpenCode 2, and of those that are in no older table; in the order of each session. Messages that came
   * from the older table kept their ids: `isTold` knows them.
   */
  *rows(isTold: (id: string) => boolean): Iterable<NewerRow> {
    if (!this.isKnown) return;
    let session: string | undefined;
    let before: SQLiteValue | undefined;
    for (const { id, session_id, type, data, is_copied } of this.#tables.rows(this.#sql())) {
      if (session !== String(session_id)) before = undefined;
      session = String(session_id);
      if (!isTold(String(id)) && type !== "model-switched") {
        const told = objectIn(data);
        const message = told && readNewerMessage(type, told, () => modelIn(objectIn(before) ?? {}));
        yield { id: String(id), session, message, isCopied: Number(is_copied) === 1 };
      }
      // Not taken apart before somebody asks: most rows are long.
      if (type !== "user" && type !== "compaction") before = data;
    }
  }

  /** Sessions that were moved, and where they were before. */
  *beginnings(): Iterable<{ readonly session: string; readonly directory: string }> {
    if (!this.isKnown) return;
    const sql = `SELECT session_id, data FROM session_message AS newer WHERE type = 'location-switched' ORDER BY ${this.#place()} DESC`;
    for (const { session_id, data } of this.#tables.rows(sql)) {
      const previous = objectIn(data)?.["previous"];
      const location = isObject(previous) ? previous["location"] : undefined;
      const directory = isObject(location) ? textIn(location["directory"] as SQLiteValue) : undefined;
      if (directory !== undefined) yield { session: String(session_id), directory };
    }
  }

  /**
   * Whether a session that older versions told in both tables goes on in this one. The rows of one turn were made within
   * seconds; what is in this one alone does not count, and is said.
   */
  goOnUnread(message: ReadonlySet<string>): boolean {
    if (!this.isKnown || !this.#hasOlder) return false;
    const haveTimes = this.#columns.has("time_created") && message.has("time_created");
    const sql = `
      SELECT 1 FROM session_message AS newer
      WHERE newer.type IN ('assistant', 'compaction') AND NOT (${this.#isRead()}) AND NOT EXISTS (
        SELECT 1 FROM message WHERE message.session_id = newer.session_id
        ${haveTimes ? `AND message.time_created >= newer.time_created - ${SAME_TURN_MS}` : ""}) LIMIT 1`;
    for (const _ of this.#tables.rows(sql)) return true;
    return false;
  }

  #sql(): string {
    const haveForks = ["id", "fork_session_id", "time_created"].every((name) => this.#sessions.has(name));
    const isCopied =
      haveForks && this.#columns.has("time_created")
        ? `EXISTS (SELECT 1 FROM session_v2 AS fork WHERE fork.id = newer.session_id
            AND fork.fork_session_id IS NOT NULL AND newer.time_created < fork.time_created)`
        : "0";
    return `
      SELECT newer.id, newer.session_id, newer.type, newer.data, ${isCopied} AS is_copied FROM session_message AS newer
      WHERE newer.type IN ('user', 'assistant', 'compaction', 'model-switched') AND (${this.#isRead()})
      ORDER BY newer.session_id, ${this.#place()}`;
  }

  #place(): string {
    return this.#columns.has("seq") ? "newer.seq" : "newer.id";
  }

  #isRead(): string {
    const isOf2 = this.#sessions.has("id") ? "newer.session_id IN (SELECT id FROM session_v2)" : "0";
    return this.#hasOlder ? `${isOf2} OR newer.session_id NOT IN (SELECT session_id FROM message)` : "1";
  }
}
