import type { SQLiteValue } from "node-sqlite3-wasm";
import { isObject, type Json } from "../json.ts";

/** A session of a database, in lines that its source reads like any others. */
export interface StoredSession {
  readonly id: string;
  readonly lines: string[];
  /** Whether another session started it. */
  readonly isAgents: boolean;
}

/** What a database can lack: it is of a version we do not know. */
export const PROBLEMS = ["UNKNOWN_SCHEMA", "NO_TOOL_CALLS", "NEWER_MESSAGES"] as const;

/** What a reader made of a database. */
export interface StoredSessions {
  readonly sessions: readonly StoredSession[];
  /** Undefined: it lacks nothing. */
  readonly problem: (typeof PROBLEMS)[number] | undefined;
  /** Tokens that its own sums hold and none of its rows tells of. */
  readonly untoldTokens: number;
}

/** Sessions by id, made when first asked for. */
export class SessionsById {
  readonly #byId = new Map<string, StoredSession>();

  get(id: string, begin: () => StoredSession): StoredSession {
    let session = this.#byId.get(id);
    if (!session) this.#byId.set(id, (session = begin()));
    return session;
  }

  all(): StoredSession[] {
    return [...this.#byId.values()];
  }
}

/** What is no JSON, and so a malformed line. */
export const DAMAGED = "{";

/** A line. What JSON cannot hold becomes text, which is no number, and what nests too deep to be written is damaged: the line is malformed. */
export function lineOf(record: object): string {
  const spell = (_: string, value: unknown) =>
    typeof value === "bigint" || value === Infinity || value === -Infinity ? String(value) : value;
  try {
    return JSON.stringify(record, spell);
  } catch (error) {
    if (error instanceof RangeError) return DAMAGED;
    throw error;
  }
}

/** Of a text column; undefined when it holds anything else. */
export function textIn(value: SQLiteValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The object in a text column of JSON; undefined: damaged. */
export function objectIn(value: SQLiteValue | undefined): Json | undefined {
  try {
    const told: unknown = JSON.parse(String(value));
    return isObject(told) ? told : undefined;
  } catch {
    return undefined;
  }
}
