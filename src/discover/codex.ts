/** Where Codex keeps its rollouts (`formats/codex.md` §1) and what a place says about one. */
import { basename, dirname, join } from "node:path";
import type { Environment } from "../environment.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

const ROLLOUT = /^rollout-.*-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;
const DAY = /[\\/]\d{4}[\\/]\d{2}[\\/]\d{2}$/;

/** The folders that may hold rollouts on this machine, whether they exist or not. */
export function codexRoots({ variables, home }: Environment): string[] {
  const configured = (variables["CODEX_HOME"] ?? "")
    .split(",")
    .map((folder) => folder.trim())
    .filter((folder) => folder !== "");
  const homes = configured.length > 0 ? configured : [join(home, ".codex")];
  return homes.flatMap((folder) => [join(folder, "sessions"), join(folder, "archived_sessions")]);
}

export function isRollout(name: string): boolean {
  return name.endsWith(".jsonl") || name.endsWith(".jsonl.zst");
}

/** Where a rollout lies compressed and plain, Codex reads the plain one. */
export function codexTranscripts(files: readonly FoundFile[]): Transcript[] {
  const paths = new Set(files.map(({ path }) => path));
  return files
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

/** Cursors of a month are kept together: a folder is a day, and a file a day would cost each run as much as what is in it. */
function monthOf(folder: string): string {
  return DAY.test(folder) ? dirname(folder) : folder;
}

/** Whether a value is a record of a rollout. */
export function isCodexRecord(record: Readonly<Record<string, unknown>>): boolean {
  return typeof record["type"] === "string" && typeof record["payload"] === "object" && record["payload"] !== null;
}
