/** `tokensift hook`: what a coding agent calls when a session ends. Never fails the agent, and prints nothing on stdout. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, sep } from "node:path";
import type { Layer } from "../config/layer.ts";
import { ScanError } from "../errors.ts";
import { isFolder } from "../files/folder.ts";
import { isObject } from "../json.ts";
import { refreshLedger } from "../ledger/refresh.ts";
import { readTimersText } from "../ledger/timers.ts";
import { EXIT } from "./exit-code.ts";
import { findFailures } from "./failures.ts";
import { refreshOptions, taskRun } from "./task-run.ts";
import { sayLines } from "./terminal/streams.ts";

/** What the agent says on stdin, as far as it matters. */
interface HookInput {
  readonly sessionId: string;
  readonly transcriptPath: string;
  readonly folder: string;
}

const STDIN = 0;

/** The exit code. Rejects with a `ScanError` when it could not run. */
export async function runHook(written: Layer["written"]): Promise<number> {
  const { sessionId, transcriptPath, folder } = readInput();
  const run = taskRun(written, foldersOf(transcriptPath, sessionId), folder);
  const { ledger, result } = await refreshLedger(
    { ...refreshOptions(run), isBrief: true, wanted: { project: undefined, patterns: undefined, session: sessionId } },
    refreshOptions({ ...run, paths: [] }),
  );
  const isInLedger = Object.hasOwn(ledger.sessions, sessionId);
  const task = (isInLedger && ledger.sessions[sessionId]?.task_id) || undefined;
  const hasTimers = readTimersText(run.timersPath, run.settings.timers !== undefined) !== undefined;
  const entry = task === undefined ? undefined : ledger.tasks[task];
  if (task !== undefined && entry && hasTimers) {
    const { enrichFile } = await import("./task-enrich.ts");
    // Of other tasks too: what a session was counted for before may be another's now.
    await enrichFile(run.timersPath, ledger.tasks);
  }
  if (!isInLedger && !run.settings.quiet) sayLines([`tokensift: session ${sessionId} has consumed nothing`]);
  // Not as a config file says, which is about scans: an agent fails only where the hook itself asks for it.
  const failures = findFailures(result, { origins: {}, strict: written.strict === true });
  sayLines(failures.map((failure) => `tokensift: ${failure}`));
  return failures.length > 0 ? EXIT.found : EXIT.done;
}

function readInput(): HookInput {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(STDIN, "utf8"));
  } catch (cause) {
    throw new ScanError("INVALID_OPTION", "hook: stdin is no JSON (it is for the session-end hook of a coding agent)", {
      cause,
    });
  }
  const input = isObject(value) ? value : {};
  const text = (name: string) => {
    const found = input[name];
    if (typeof found === "string" && found !== "") return found;
    throw new ScanError(
      "INVALID_OPTION",
      `hook: stdin names no ${name} (it is for the session-end hook of a coding agent)`,
    );
  };
  const transcriptPath = text("transcript_path");
  if (!isAbsolute(transcriptPath)) {
    throw new ScanError("INVALID_OPTION", "hook: transcript_path is not absolute (update the coding agent)");
  }
  // The folder it lies in would be scanned; of a folder that would be the one above.
  if (isFolder(transcriptPath)) {
    throw new ScanError("INVALID_OPTION", "hook: transcript_path is a folder (it is to be the session's transcript)");
  }
  const cwd = input["cwd"];
  // What holds a NUL is no path, and Node throws at it.
  const folder = typeof cwd === "string" && isAbsolute(cwd) && !cwd.includes("\0") ? cwd : process.cwd();
  return { sessionId: text("session_id"), transcriptPath, folder };
}

/** The folder whose transcripts may hold copies of the session's responses. */
function projectFolderOf(transcriptPath: string, sessionId: string): string {
  const folder = dirname(transcriptPath);
  const folders = folder.split(sep);
  const at = folders.indexOf(sessionId);
  return at > 0 ? folders.slice(0, at).join(sep) : folder;
}

/** With Qwen Code's folders of its subagents and of its log of requests, and those of Claude Code's other projects where more of the session lies: it moved, or its subagents ran elsewhere. */
function foldersOf(transcriptPath: string, sessionId: string): string[] {
  const own = projectFolderOf(transcriptPath, sessionId);
  const projects = dirname(own);
  if (basename(own) === "chats") {
    const more = [join(projects, "subagents", sessionId), join(dirname(dirname(projects)), "usage")];
    return [own, ...more.filter((folder) => existsSync(folder))];
  }
  if (basename(projects) !== "projects" || basename(sessionId) !== sessionId) return [own];
  const others = namesIn(projects)
    .map((name) => join(projects, name))
    .filter((folder) => folder !== own)
    .filter((folder) => [`${sessionId}.jsonl`, sessionId].some((name) => existsSync(join(folder, name))));
  return [own, ...others.sort()];
}

/** None where the folder cannot be listed: then the transcript's own is what there is. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
