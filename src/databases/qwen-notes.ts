/**
 * What Qwen Code notes beside its transcripts (numbers 12 and 13 of `docs/decisions/0011`), by session: each session of the request log becomes a
 * transcript whose lines are in memory, and what a session used in all goes to its transcripts.
 */
import { readFileSync } from "node:fs";
import type { Discovery } from "../discover/index.ts";
import { isSessionSums, isUnreadNote } from "../discover/qwen.ts";
import type { Transcript } from "../discover/transcript.ts";
import { isObject, type Json } from "../json.ts";
import { compareText, type UnreadableFile } from "../types.ts";
import { DAMAGED } from "./stored-session.ts";

/** In the place of each note what it says of each session. What cannot be read is unreadable, with a code. */
export function unfoldNotes(found: Discovery): Discovery & { readonly bytesRead: number } {
  const notes = found.transcripts.filter(isUnreadNote);
  const others = found.transcripts.filter((one) => !isUnreadNote(one));
  const unreadable: UnreadableFile[] = [...found.unreadable];
  const logs: Array<{ readonly log: Transcript; readonly bytes: Buffer }> = [];
  const damaged: Transcript[] = [];
  const sums = new Map<string, Sum>();
  let bytesRead = 0;
  for (const note of notes) {
    try {
      const bytes = readFileSync(note.path);
      bytesRead += bytes.length;
      if (isSessionSums(note.path)) damaged.push(...addSums(sums, note, bytes));
      else logs.push({ log: note, bytes });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      unreadable.push({ path: note.path, code });
    }
  }
  // The main transcript of a session is named after it.
  const mains = new Map(others.filter(isQwenMain).map((one) => [one.stem, one]));
  const logged = logs.flatMap(({ log, bytes }) => sessionsOf(log, bytes, mains, sums));
  const transcripts = [...others, ...logged, ...damaged].map((one) => withSum(one, sums));
  transcripts.sort((a, b) => compareText(a.path, b.path));
  return { ...found, transcripts, unreadable, bytesRead };
}

interface Sum {
  readonly tokens: number;
  /** The session's folder; "": not told. */
  readonly project: string;
}

/** The last one of a session counts: Qwen Code adds up anew what its transcript tells when it goes on. Returns what holds the damaged lines. */
function addSums(sums: Map<string, Sum>, note: Transcript, bytes: Buffer): Transcript[] {
  const { lines, unfinished } = linesOf(bytes);
  const damaged: Buffer[] = [];
  for (const line of lines) {
    if (isBlank(line)) continue;
    const record = objectIn(line);
    const { sessionId, models, project } = record ?? {};
    const totals = isObject(models)
      ? Object.values(models).map((used) => (isObject(used) ? (used["totalTokens"] ?? 0) : 0))
      : [];
    if (!record || !totals.every(isCount)) damaged.push(record ? Buffer.from(DAMAGED) : line);
    else if (typeof sessionId === "string" && isObject(models)) {
      const tokens = totals.reduce((sum, total) => sum + total, 0);
      sums.set(sessionId, { tokens, project: typeof project === "string" ? project : "" });
    }
  }
  return notesOf(note, damaged, unfinished);
}

/** What belongs to no session: lines, and the end of one that is still being written. */
function notesOf(note: Transcript, lines: readonly Buffer[], unfinished: Buffer): Transcript[] {
  const contents = [contentOf(lines), unfinished].filter((content) => !isBlank(content));
  return contents.map((content) => ({ ...note, content, sizeBytes: content.length, projectName: "unknown" }));
}

const LF = 0x0a;
/** The byte order mark that some programs begin a file with. */
const MARK = Buffer.from("\uFEFF");

/** As they stand there: what is no UTF-8 is to be seen as that. */
function linesOf(bytes: Buffer): { readonly lines: Buffer[]; readonly unfinished: Buffer } {
  const lines: Buffer[] = [];
  let at = bytes.subarray(0, MARK.length).equals(MARK) ? MARK.length : 0;
  for (let end = bytes.indexOf(LF, at); end >= 0; end = bytes.indexOf(LF, at)) {
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return { lines, unfinished: bytes.subarray(at) };
}

function contentOf(lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines.flatMap((line) => [line, Buffer.of(LF)]));
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

/** Lines of no session keep the log's own place, and so does the end of one that is still being written. */
function sessionsOf(
  log: Transcript,
  bytes: Buffer,
  mains: ReadonlyMap<string, Transcript>,
  sums: ReadonlyMap<string, Sum>,
): Transcript[] {
  const { lines, unfinished } = linesOf(bytes);
  const bySession = new Map<string, Buffer[]>();
  for (const line of lines) {
    if (isBlank(line)) continue;
    const id = objectIn(line)?.["sessionId"];
    const session = typeof id === "string" ? id : "";
    const some = bySession.get(session);
    if (some) some.push(line);
    else bySession.set(session, [line]);
  }
  const transcripts = Array.from(bySession, ([session, some]) => {
    const content = contentOf(some);
    const path = `${log.path}#${session}`;
    const { projectKey, projectName } = mains.get(session) ?? {
      projectKey: path,
      projectName: sums.get(session)?.project || "unknown",
    };
    const stem = session || log.stem;
    // The session's own transcript may be gone: then what it told is, too.
    return { ...log, path, content, sizeBytes: content.length, stem, projectKey, projectName, isMain: false };
  });
  return [...transcripts, ...notesOf(log, [], unfinished)];
}

function withSum(transcript: Transcript, sums: ReadonlyMap<string, Sum>): Transcript {
  const sum = transcript.source === "qwen" && !transcript.isAgentFile ? sums.get(transcript.stem) : undefined;
  return sum ? { ...transcript, sumTokens: sum.tokens } : transcript;
}

function isQwenMain({ source, isMain }: Transcript): boolean {
  return source === "qwen" && isMain;
}

/** Undefined: damaged, or nothing of a session. */
function objectIn(line: Buffer): Json | undefined {
  try {
    const value: unknown = JSON.parse(line.toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
