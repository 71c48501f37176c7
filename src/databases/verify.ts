/** Reads databases again whose rows are kept, and compares: what `cache verify` does beside looking at cursors. */
import { join } from "node:path";
import { fileName } from "../cursors/file.ts";
import { aboutRows } from "../cursors/row-files.ts";
import { rowFiles } from "../cursors/store.ts";
import type { Difference, Verified } from "../cursors/verify.ts";
import { readerOf } from "./index.ts";
import { KeptRows } from "./kept-rows.ts";
import { type DatabaseState, stateOf } from "./private-copy.ts";
import { readDatabase } from "./sqlite.ts";
import type { StoredSessions } from "./stored-session.ts";

const SOURCES = ["copilot", "opencode"] as const;

/** Rows that a scan would use. */
interface Used {
  readonly path: string;
  readonly source: (typeof SOURCES)[number];
  readonly kept: KeptRows;
  readonly state: DatabaseState;
  readonly before: StoredSessions;
}

/** Compares all rows that a scan would use, and puts right what is wrong; a database counts as one transcript. Throws what the system says. */
export async function verifyRows(folder: string): Promise<Verified> {
  const all = { transcripts: 0, bytesRead: 0, unused: 0, differences: [] as Difference[] };
  for (const file of rowFiles(folder)) {
    const used = usedIn(folder, file);
    const compared = used && (await compareAgain(used));
    if (!compared) {
      all.unused++;
      continue;
    }
    all.transcripts++;
    all.bytesRead += compared.bytesRead;
    if (compared.what.length > 0) all.differences.push({ path: used.path, what: compared.what });
  }
  return all;
}

function usedIn(folder: string, file: string): Used | undefined {
  const path = aboutRows(file)?.database;
  if (path === undefined) return undefined;
  const source = SOURCES.find((name) => join(folder, fileName(name, path, "rows")) === file);
  if (source === undefined) return undefined;
  const kept = new KeptRows(folder, source, path);
  try {
    const state = stateOf(path);
    const before = kept.read(state);
    return before && { path, source, kept, state, before };
  } catch {
    return undefined;
  }
}

/** Undefined: the database changed meanwhile. */
async function compareAgain({ path, source, kept, state, before }: Used) {
  const takenMs = Date.now();
  const now = await readAgain(path, source);
  if (typeof now === "string") {
    if (now === "CHANGED") return undefined;
    // A scan without these rows would call it unreadable.
    kept.remove();
    return { bytesRead: 0, what: [now] };
  }
  if (now.state?.database !== state.database || now.state.log !== state.log) return undefined;
  const what = differences(before, now.value);
  if (what.length > 0) {
    // Whether or not others may be kept.
    kept.remove();
    kept.write(state, now.value, takenMs);
  }
  return { bytesRead: now.bytes, what };
}

/** A code: why it cannot be read. */
async function readAgain(path: string, source: Used["source"]) {
  try {
    return await readDatabase(path, readerOf(source));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return code;
  }
}

/** In what kept rows differ from those that the database has; in nothing: empty. */
function differences(before: StoredSessions, now: StoredSessions): string[] {
  const what: string[] = [];
  const textOf = (part: "id" | "lines" | "isAgents", { sessions }: StoredSessions) =>
    JSON.stringify(sessions.map((session) => session[part]));
  if (textOf("id", before) !== textOf("id", now)) what.push("sessions");
  else what.push(...(["lines", "isAgents"] as const).filter((part) => textOf(part, before) !== textOf(part, now)));
  what.push(...(["problem", "untoldTokens"] as const).filter((part) => before[part] !== now[part]));
  return what;
}
