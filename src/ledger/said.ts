/** What people said by hand, `tasks record`: a small file beside the ledger, so that rebuilding that never loses it. */
import { readFileSync } from "node:fs";
import { ScanError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { isObject } from "../json.ts";
import { SCHEMA_VERSION, versionOf } from "./check.ts";

interface SaidFile {
  readonly schema_version: 1;
  /** Task by session. */
  readonly sessions: Readonly<Record<string, string>>;
}

export function saidPath(ledgerPath: string): string {
  return `${ledgerPath.replace(/\.json$/, "")}.said.json`;
}

/** Task by session; empty where there is no file. Throws a `ScanError` when it is damaged: nothing else knows what it said. */
export function readSaid(ledgerPath: string): Map<string, string> {
  const path = saidPath(ledgerPath);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return new Map();
    throw new ScanError("INVALID_OPTION", `${path}: cannot be read (${code}; make it readable)`, { cause });
  }
  const value = parsed(text);
  const version = versionOf(value);
  if (version !== undefined && version > SCHEMA_VERSION) {
    throw new ScanError("INVALID_OPTION", `${path}: is of schema version ${version} (update tokensift)`);
  }
  const sessions = sessionsIn(value);
  if (sessions) return sessions;
  throw new ScanError(
    "INVALID_OPTION",
    `${path}: is damaged, and holds what was said by hand (mend it, or remove it and say it again)`,
  );
}

/** Only under the ledger's lock. */
export function writeSaid(ledgerPath: string, said: ReadonlyMap<string, string>): void {
  const file: SaidFile = { schema_version: SCHEMA_VERSION, sessions: Object.fromEntries(said) };
  writeAtomic("--ledger", saidPath(ledgerPath), `${JSON.stringify(file, undefined, 2)}\n`, "owner");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sessionsIn(value: unknown): Map<string, string> | undefined {
  const sessions = isObject(value) && value["schema_version"] === SCHEMA_VERSION ? value["sessions"] : undefined;
  if (!isObject(sessions)) return undefined;
  const entries = Object.entries(sessions);
  return entries.every((entry): entry is [string, string] => typeof entry[1] === "string")
    ? new Map(entries)
    : undefined;
}
