/** A team-state file: read, collected, and written back with nothing of it changed but our keys. */
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { invalidInput, noSuchPath, ScanError } from "../errors.ts";
import type { Collected } from "./collect.ts";
import { JsonDocument } from "./document.ts";
import { checkTeamState, type TeamState } from "./team-state.ts";

/** A file as it was read. */
export interface TeamStateFile {
  readonly path: string;
  readonly text: string;
  readonly state: TeamState;
}

/** Throws `NO_SUCH_PATH` or `INVALID_INPUT`. */
export function readTeamState(path: string): TeamStateFile {
  const text = readText(path);
  return { path, text, state: checkTeamState(new JsonDocument(text, path).value(), path) };
}

export function readText(path: string): string {
  try {
    const bytes = readFileSync(path);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") throw noSuchPath(path, cause);
    if (code === "EISDIR") throw invalidInput(path, "", "is a folder (give the file)");
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") throw invalidInput(path, "", "is not UTF-8 (save it as that)");
    throw new ScanError("INVALID_INPUT", `${path}: cannot be read (${code}; give another file)`, { cause });
  }
}

/** The team-state with what was collected: the same text, our keys added or replaced. */
export function withUsage(file: TeamStateFile, collected: Collected): string {
  return edit(file.text, file.path, collected, file.state);
}

function edit(text: string, path: string, collected: Collected, state: TeamState): string {
  const document = new JsonDocument(text, path);
  const numbers = new Map(checkTeamState(document.value(), path).workers.map(({ workerId }, i) => [workerId, i]));
  document.set([
    { path: [], key: "leadUsage", value: collected.leadUsage },
    ...state.workers.map(({ workerId }, i) => ({
      path: ["workers", numbers.get(workerId) as number],
      key: "usage",
      value: collected.workerUsages[i],
    })),
    { path: [], key: "usageSummary", value: collected.usageSummary },
  ]);
  return document.text;
}

/**
 * Writes the keys into the file, by `replace`. Where somebody else wrote to it meanwhile, they go into what stands there
 * now, once; but only as long as it is about the same run. Throws `INVALID_INPUT` where it is not.
 */
export function writeUsage(
  file: TeamStateFile,
  collected: Collected,
  replace: (text: string, isUnchanged: () => boolean) => boolean,
): string {
  let { text } = file;
  for (let attempt = 0; attempt < 2; attempt++) {
    const now = readTeamState(file.path);
    if (now.text !== text && !isSameRun(now.state, file.state)) break;
    ({ text } = now);
    const edited = edit(text, file.path, collected, file.state);
    if (replace(edited, () => readText(file.path) === text)) return edited;
  }
  throw invalidInput(
    file.path,
    "",
    `changed while the run was collected, so nothing was written (run tokensift run again; ${basename(file.path)} in ${dirname(file.path)} is as somebody else wrote it)`,
  );
}

/** Whether what was collected for one is right for the other. */
function isSameRun(a: TeamState, b: TeamState): boolean {
  const { endedMs: _a, ...left } = a;
  const { endedMs: _b, ...right } = b;
  const sorted = ({ workers, ...others }: typeof left) =>
    JSON.stringify({ ...others, workers: workers.toSorted((one, other) => (one.workerId < other.workerId ? -1 : 1)) });
  return sorted(left) === sorted(right);
}
