/** Where Gemini CLI keeps its sessions (`formats/gemini.md` §1) and what a place says about one. */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Environment } from "../environment.ts";
import { hashOfPath } from "./path-hash.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

const CHATS = "chats";
const SESSION_DOCUMENT = /(?:^|[\\/])session-[^\\/]*\.json$/;

/** The folder that may hold sessions on this machine, whether it exists or not. */
export function geminiRoots({ variables, home }: Environment): string[] {
  return [join(variables["GEMINI_CLI_HOME"] || home, ".gemini", "tmp")];
}

/**
 * `chats/session-….json[l]`, and a subagent's `chats/<parent>/<id>.json[l]`, the former from 26 March to 9 April 2026 (`chatRecordingService.ts` 104587b).
 * Damaged files kept aside (`….jsonl.unreadable-1`) and temporary ones end otherwise. Logs and what tools write lie beside `chats`.
 */
export function isGeminiSession(path: string, folder: string): boolean {
  if (basename(folder) === CHATS) return path.endsWith(".jsonl") || SESSION_DOCUMENT.test(path);
  return basename(dirname(folder)) === CHATS && /\.jsonl?$/.test(path);
}

/** Files below the folders of projects to transcripts. */
export function geminiTranscripts(files: readonly FoundFile[]): Transcript[] {
  const names = new Map<string, string>();
  return files.map((file) => {
    const { path, sizeBytes, stamp } = file;
    const folder = dirname(path);
    const parent = basename(folder) === CHATS ? undefined : dirname(folder);
    const chats = parent === undefined ? folder : basename(parent) === CHATS ? parent : undefined;
    const project = chats === undefined ? folder : dirname(chats);
    let projectName = names.get(project);
    if (projectName === undefined) names.set(project, (projectName = projectOf(project)));
    const isAgentFile = chats !== undefined && chats !== folder;
    return {
      source: "gemini",
      path,
      sizeBytes,
      stamp,
      stem: basename(path).replace(/\.jsonl?$/, ""),
      session: isAgentFile ? basename(folder) : null,
      projectFolder: chats ?? folder,
      projectKey: project,
      projectName,
      isAgentFile,
      isMain: !isAgentFile,
    };
  });
}

/** The path of a project: from its marker, the list of projects, or by hashing the listed ones; else its folder's name. */
function projectOf(folder: string): string {
  const name = basename(folder);
  const marker = readText(join(folder, ".project_root")).trim();
  if (marker !== "") return marker;
  const listed = listedProjects(join(dirname(dirname(folder)), "projects.json"));
  return listed.find(([path, short]) => short === name || hashOfPath(path) === name)?.[0] ?? name;
}

function listedProjects(path: string): ReadonlyArray<readonly [path: string, name: unknown]> {
  try {
    const { projects } = JSON.parse(readText(path)) as { projects?: unknown };
    return typeof projects === "object" && projects !== null ? Object.entries(projects) : [];
  } catch {
    return [];
  }
}

/** "" where there is none: it only names. */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Whether a value is the first record of a session, or a session as one document. */
export function isGeminiRecord(record: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof record["sessionId"] === "string" && (typeof record["projectHash"] === "string" || "startTime" in record)
  );
}
