/**
 * What Qwen Code notes beside its transcripts (numbers 12 and 13 of `docs/decisions/0011`), by session: each session of the request log becomes a
 * transcript whose lines are in memory, and what a session used in all goes to its transcripts.
 */
import { readFileSync } from "node:fs";
import type { Discovery } from "../discover/index.ts";
import { isSessionSums, isUnreadNote } from "../discover/qwen.ts";
import type { Transcript } from "../discover/transcript.ts";
import { isObject, type Json, withoutMark } from "../json.ts";
import { compareText, type UnreadableFile } from "../types.ts";

/** In the place of each note what it says of each session. What cannot be read is unreadable, with a code. */
export function unfoldNotes(found: Discovery): Discovery & { readonly bytesRead: number } {
  const notes = found.transcripts.filter(isUnreadNote);
  const others = found.transcripts.filter((one) => !isUnreadNote(one));
  const unreadable: UnreadableFile[] = [...found.unreadable];
  const logs: Array<{ readonly log: Transcript; readonly text: string }> = [];
  const sums = new Map<string, Sum>();
  let bytesRead = 0;
  for (const note of notes) {
    try {
      const bytes = readFileSync(note.path);
      bytesRead += bytes.length;
      const text = withoutMark(bytes.toString());
      if (isSessionSums(note.path)) addSums(sums, text);
      else logs.push({ log: note, text });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      unreadable.push({ path: note.path, code });
    }
  }
  // The main transcript of a session is named after it.
  const mains = new Map(others.filter(isQwenMain).map((one) => [one.stem, one]));
  const logged = logs.flatMap(({ log, text }) => sessionsOf(log, text, mains, sums));
  const transcripts = [...others, ...logged].map((one) => withSum(one, sums));
  transcripts.sort((a, b) => compareText(a.path, b.path));
  return { ...found, transcripts, unreadable, bytesRead };
}

interface Sum {
  readonly tokens: number;
  /** The session's folder; "": not told. */
  readonly project: string;
}

/** The last one of a session counts: Qwen Code adds up anew what its transcript tells when it goes on. */
function addSums(sums: Map<string, Sum>, text: string): void {
  for (const line of text.split("\n")) {
    const { sessionId, models, project } = objectIn(line) ?? {};
    if (typeof sessionId !== "string" || !isObject(models)) continue;
    const totals = Object.values(models).map((used) => (isObject(used) ? used["totalTokens"] : undefined));
    const tokens = totals.reduce<number>((sum, total) => sum + (isCount(total) ? total : 0), 0);
    sums.set(sessionId, { tokens, project: typeof project === "string" ? project : "" });
  }
}

/** Lines of no session keep the log's own place, and so does the end of one that is still being written. */
function sessionsOf(
  log: Transcript,
  text: string,
  mains: ReadonlyMap<string, Transcript>,
  sums: ReadonlyMap<string, Sum>,
): Transcript[] {
  const lines = text.split("\n");
  const unfinished = lines.pop() as string;
  const bySession = new Map<string, string[]>();
  for (const line of lines) {
    if (line.trim() === "") continue;
    const id = objectIn(line)?.["sessionId"];
    const session = typeof id === "string" ? id : "";
    const some = bySession.get(session);
    if (some) some.push(line);
    else bySession.set(session, [line]);
  }
  const transcripts = Array.from(bySession, ([session, some]) => {
    const content = Buffer.from(some.map((line) => `${line}\n`).join(""));
    const path = `${log.path}#${session}`;
    const { projectKey, projectName } = mains.get(session) ?? {
      projectKey: path,
      projectName: sums.get(session)?.project || "unknown",
    };
    const stem = session || log.stem;
    // The session's own transcript may be gone: then what it told is, too.
    return { ...log, path, content, sizeBytes: content.length, stem, projectKey, projectName, isMain: false };
  });
  if (unfinished.trim() === "") return transcripts;
  const content = Buffer.from(unfinished);
  return [...transcripts, { ...log, content, sizeBytes: content.length, projectName: "unknown" }];
}

function withSum(transcript: Transcript, sums: ReadonlyMap<string, Sum>): Transcript {
  const sum = transcript.source === "qwen" && !transcript.isAgentFile ? sums.get(transcript.stem) : undefined;
  return sum ? { ...transcript, sumTokens: sum.tokens } : transcript;
}

function isQwenMain({ source, isMain }: Transcript): boolean {
  return source === "qwen" && isMain;
}

/** Undefined: damaged, or nothing of a session. */
function objectIn(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
