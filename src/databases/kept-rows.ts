/**
 * The rows of a database as lines, kept beside the cursors: while neither the database nor its log has changed, nothing is
 * copied, and SQLite is not loaded. They hold numbers, names and times, no text that anybody wrote.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileName, replaceFile } from "../cursors/file.ts";
import { makeFolder } from "../files/folder.ts";
import { readRegular } from "../files/regular.ts";
import { hashBytes } from "../cursors/hash.ts";
import { isObject } from "../json.ts";
import { VERSION } from "../version.ts";
import type { DatabaseState } from "./private-copy.ts";
import { PROBLEMS, type StoredSession, type StoredSessions } from "./stored-session.ts";

/** Goes up with every change to what readers make of a row. */
const FORMAT = 5;
/** Clocks of file systems are not ours, and some count in steps of two seconds. */
const FRESH_MS = 2000;
const LF = 0x0a;

/** What a reader says of a database beside its sessions. */
type About = Omit<StoredSessions, "sessions">;

/** What is kept of one database. */
export class KeptRows {
  readonly #folder: string;
  readonly #name: string;
  readonly #path: string;

  /** `folder` is the cache's. */
  constructor(folder: string, source: string, path: string) {
    this.#folder = folder;
    this.#name = fileName(source, path, "rows");
    this.#path = path;
  }

  /** What was kept of the database in this state; undefined when there is nothing, or nothing of use. */
  read(state: DatabaseState): StoredSessions | undefined {
    try {
      const bytes = readRegular(join(this.#folder, this.#name));
      const border = bytes.indexOf(LF);
      const body = bytes.subarray(border + 1);
      const about = JSON.parse(bytes.toString("utf8", 0, border)) as Partial<About>;
      // The header as it would be written: in every other state, and of damaged rows, it differs.
      if (bytes.toString("utf8", 0, border) !== this.#header(state, about, body)) return undefined;
      const sessions: unknown = JSON.parse(body.toString("utf8"));
      const { problem, untoldTokens } = about;
      const isKnown = problem === undefined || PROBLEMS.includes(problem);
      return areSessions(sessions) && isKnown && isCount(untoldTokens)
        ? { sessions, problem, untoldTokens }
        : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps them, unless the database changed so lately that it could change again unseen. Throws what the system says. */
  write(state: DatabaseState, { sessions, ...about }: StoredSessions, takenMs: number): void {
    if (state.changedMs > takenMs - FRESH_MS) return;
    const body = Buffer.from(JSON.stringify(sessions));
    makeFolder(this.#folder);
    replaceFile(this.#folder, this.#name, Buffer.concat([Buffer.from(`${this.#header(state, about, body)}\n`), body]));
  }

  /** Throws what the system says. */
  remove(): void {
    rmSync(join(this.#folder, this.#name), { force: true });
  }

  #header({ database, log }: DatabaseState, { problem, untoldTokens }: Partial<About>, body: Buffer): string {
    const { low, high } = hashBytes(body);
    const of = { path: this.#path, format: FORMAT, version: VERSION, database, log };
    return JSON.stringify({ ...of, problem, untoldTokens, low, high });
  }
}

/** A forged file with a right checksum may hold anything. */
function areSessions(value: unknown): value is StoredSession[] {
  return Array.isArray(value) && value.every(isSession);
}

function isSession(value: unknown): value is StoredSession {
  if (!isObject(value)) return false;
  const { id, lines, isAgents } = value;
  return typeof id === "string" && typeof isAgents === "boolean" && Array.isArray(lines) && lines.every(isText);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
