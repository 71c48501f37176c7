/** What people said by hand, `tasks record`: a small file beside the ledger, so that rebuilding that never loses it. */
import { readFileSync } from "node:fs";
import { ScanError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { isObject } from "../json.ts";

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
  const sessions = sessionsIn(text);
  if (sessions) return sessions;
  throw new ScanError(
    "INVALID_OPTION",
    `${path}: is damaged, and holds what was said by hand (mend it, or remove it and say it again)`,
  );
}

/** Only under the ledger's lock. */
export function writeSaid(ledgerPath: string, said: ReadonlyMap<string, string>): void {
  const file: SaidFile = { schema_version: 1, sessions: Object.fromEntries(said) };
  writeAtomic("--ledger", saidPath(ledgerPath), `${JSON.stringify(file, undefined, 2)}\n`, "owner");
}

function sessionsIn(text: string): Map<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const sessions = isObject(value) && value["schema_version"] === 1 ? value["sessions"] : undefined;
    if (!isObject(sessions)) return undefined;
    const entries = Object.entries(sessions);
    return entries.every((entry): entry is [string, string] => typeof entry[1] === "string")
      ? new Map(entries)
      : undefined;
  } catch {
    return undefined;
  }
}
