/**
 * Databases to transcripts: each session of one becomes a transcript whose lines are in memory. From there on it is read
 * like any other, but no cursor remembers it: what is kept are the rows (`kept-rows.ts`).
 */
import { isDatabase } from "../discover/database.ts";
import type { Discovery } from "../discover/index.ts";
import type { Transcript } from "../discover/transcript.ts";
import { compareText, type UnreadableFile } from "../types.ts";
import { KeptRows } from "./kept-rows.ts";
import { stateOf } from "./private-copy.ts";
import { readCopilotStore } from "./copilot.ts";
import { readOpenCode } from "./opencode.ts";
import { readDatabase, type Tables } from "./sqlite.ts";
import type { StoredSession, StoredSessions } from "./stored-session.ts";

export interface Unfolded extends Discovery {
  /** Of databases and their logs. */
  readonly bytesRead: number;
  /** Databases that were not opened. */
  readonly unchanged: number;
  /** Tokens that sums of databases hold and no row of them tells of. */
  readonly untoldTokens: number;
  /** Why rows could not be kept: the system's code. */
  readonly cacheFailure: string | undefined;
}

/** In the place of each database its sessions. What cannot be read is unreadable, with a code. Without a cache folder nothing is kept. */
export async function unfoldDatabases(found: Discovery, cacheFolder: string | undefined): Promise<Unfolded> {
  const transcripts: Transcript[] = [];
  const unreadable: UnreadableFile[] = [...found.unreadable];
  const sums = { bytesRead: 0, unchanged: 0, untoldTokens: 0, cacheFailure: undefined as string | undefined };
  for (const transcript of found.transcripts) {
    if (!isDatabase(transcript)) {
      transcripts.push(transcript);
      continue;
    }
    const { path } = transcript;
    try {
      const { sessions, problem, untoldTokens } = await sessionsOf(transcript, cacheFolder, sums);
      sums.untoldTokens += untoldTokens;
      for (const session of sessions) transcripts.push(sessionTranscript(transcript, session));
      if (problem) unreadable.push({ path, code: problem });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      unreadable.push({ path, code });
    }
  }
  transcripts.sort((a, b) => compareText(a.path, b.path));
  return { ...found, transcripts, unreadable, ...sums };
}

async function sessionsOf(
  { path, source }: Transcript,
  cacheFolder: string | undefined,
  sums: { bytesRead: number; unchanged: number; cacheFailure: string | undefined },
): Promise<StoredSessions> {
  const takenMs = Date.now();
  const kept = cacheFolder === undefined ? undefined : new KeptRows(cacheFolder, source, path);
  const known = kept?.read(stateOf(path));
  if (known) {
    sums.unchanged++;
    return known;
  }
  const { value, bytes, state } = await readDatabase(path, readerOf(source));
  sums.bytesRead += bytes;
  try {
    if (state) kept?.write(state, value, takenMs);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    sums.cacheFailure = code;
  }
  return value;
}

export function readerOf(source: Transcript["source"]): (tables: Tables) => StoredSessions {
  return source === "copilot" ? readCopilotStore : readOpenCode;
}

function sessionTranscript(database: Transcript, { id, lines, isAgents }: StoredSession): Transcript {
  const content = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  const path = `${database.path}#${id}`;
  return {
    ...database,
    path,
    content,
    sizeBytes: content.length,
    stem: id,
    session: id,
    projectKey: path,
    isAgentFile: isAgents,
    isMain: !isAgents,
  };
}
