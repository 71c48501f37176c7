/** Where Codex keeps its rollouts (`formats/codex.md` §1) and what a place says about one. */
import { basename, dirname, join } from "node:path";
import type { Environment } from "../environment.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

const ROLLOUT = /^rollout-.*-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;
/** Where Codex puts what rollouts were before a session was taken back, each named by its own id in a folder named by the session's. */
const REVISIONS = "rollout_revisions";
const REVISION = /[\\/]rollout_revisions[\\/][^\\/]+$/;
/** Rollouts it is about to put in the place of others, and others it may have to put back. */
const STAGING = /[\\/]rollout_revisions[\\/]\.staging[\\/]/;
const DAY = /[\\/]\d{4}[\\/]\d{2}[\\/]\d{2}$/;

/** The folders that may hold rollouts on this machine, whether they exist or not. */
export function codexRoots({ variables, home }: Environment): string[] {
  const configured = (variables["CODEX_HOME"] ?? "")
    .split(",")
    .map((folder) => folder.trim())
    .filter((folder) => folder !== "");
  const homes = configured.length > 0 ? configured : [join(home, ".codex")];
  return homes.flatMap((folder) => ["sessions", "archived_sessions", REVISIONS].map((name) => join(folder, name)));
}

export function isRollout(name: string): boolean {
  return name.endsWith(".jsonl") || name.endsWith(".jsonl.zst");
}

/** Where a rollout lies compressed and plain, Codex reads the plain one. */
export function codexTranscripts(files: readonly FoundFile[]): Transcript[] {
  const paths = new Set(files.map(({ path }) => path));
  return files
    .filter(({ path }) => !STAGING.test(path))
    .filter(({ path }) => !path.endsWith(".zst") || !paths.has(path.slice(0, -".zst".length)))
    .map(codexTranscript);
}

/** A rollout names its session and its project itself; several in one folder have nothing to do with each other. */
function codexTranscript({ path, sizeBytes, stamp }: FoundFile): Transcript {
  const stem = basename(path).replace(/\.jsonl(?:\.zst)?$/, "");
  return {
    source: "codex",
    path,
    sizeBytes,
    stamp,
    stem: ROLLOUT.exec(stem)?.[1] ?? stem,
    session: null,
    projectFolder: monthOf(dirname(path)),
    projectKey: path,
    projectName: "unknown",
    isAgentFile: false,
    isMain: true,
  };
}

/** Cursors of a month are kept together: a folder is a day, or one session's revisions, and a file for each would cost each run as much as what is in it. */
function monthOf(folder: string): string {
  return DAY.test(folder) || REVISION.test(folder) ? dirname(folder) : folder;
}

/** Whether a value is a record of a rollout. */
export function isCodexRecord(record: Readonly<Record<string, unknown>>): boolean {
  return typeof record["type"] === "string" && typeof record["payload"] === "object" && record["payload"] !== null;
}
