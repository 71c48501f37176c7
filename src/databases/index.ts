/**
 * Databases to transcripts: each session of one becomes a transcript whose lines are in memory. From there on it is read
 * like any other, but no cursor remembers it.
 */
import { isDatabase } from "../discover/database.ts";
import type { Discovery } from "../discover/index.ts";
import type { Transcript } from "../discover/transcript.ts";
import { compareText, type UnreadableFile } from "../types.ts";
import { readCopilotStore } from "./copilot.ts";
import { readOpenCode } from "./opencode.ts";
import { readDatabase, type Tables } from "./sqlite.ts";
import type { StoredSession, StoredSessions } from "./stored-session.ts";

export interface Unfolded extends Discovery {
  /** Of databases and their logs. */
  readonly bytesRead: number;
}

/** In the place of each database its sessions. What cannot be read is unreadable, with a code. */
export async function unfoldDatabases(found: Discovery): Promise<Unfolded> {
  const transcripts: Transcript[] = [];
  const unreadable: UnreadableFile[] = [...found.unreadable];
  let bytesRead = 0;
  for (const transcript of found.transcripts) {
    if (!isDatabase(transcript)) {
      transcripts.push(transcript);
      continue;
    }
    const { path, source } = transcript;
    try {
      const read = (tables: Tables) => unfold(transcript, readerOf(source)(tables));
      const { value, bytes } = await readDatabase(path, read);
      bytesRead += bytes;
      transcripts.push(...value.transcripts);
      if (value.problem) unreadable.push({ path, code: value.problem });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      unreadable.push({ path, code });
    }
  }
  transcripts.sort((a, b) => compareText(a.path, b.path));
  return { ...found, transcripts, unreadable, bytesRead };
}

function readerOf(source: Transcript["source"]): (tables: Tables) => StoredSessions {
  return source === "copilot" ? readCopilotStore : readOpenCode;
}

function unfold(database: Transcript, { sessions, problem }: StoredSessions) {
  return { transcripts: Array.from(sessions, (session) => sessionTranscript(database, session)), problem };
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
