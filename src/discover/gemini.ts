/** Where Gemini CLI keeps its sessions (`formats/gemini.md` §1) and what a place says about one. */
import { basename, dirname, join } from "node:path";
import type { Environment } from "../environment.ts";
import { orSay, readRegular } from "../files/regular.ts";
import { isObject, withoutMark } from "../json.ts";
import type { UnreadableFile } from "../types.ts";
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

/** Files below the folders of projects to transcripts. What names a project and cannot be read goes to `unreadable`. */
export function geminiTranscripts(files: readonly FoundFile[], unreadable: UnreadableFile[]): Transcript[] {
  const names = new ProjectNames(unreadable);
  return files.map((file) => {
    const { path, sizeBytes, stamp } = file;
    const folder = dirname(path);
    const parent = basename(folder) === CHATS ? undefined : dirname(folder);
    const chats = parent === undefined ? folder : basename(parent) === CHATS ? parent : undefined;
    const project = chats === undefined ? folder : dirname(chats);
    const projectName = names.of(project);
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

/** The paths of projects: from a marker, the list of projects, or by hashing the listed ones; else the folder's name. */
class ProjectNames {
  readonly #unreadable: UnreadableFile[];
  readonly #names = new Map<string, string>();
  readonly #lists = new Map<string, ReadonlyArray<readonly [path: string, name: unknown]>>();

  constructor(unreadable: UnreadableFile[]) {
    this.#unreadable = unreadable;
  }

  of(folder: string): string {
    let name = this.#names.get(folder);
    if (name === undefined) this.#names.set(folder, (name = this.#find(folder)));
    return name;
  }

  #find(folder: string): string {
    const name = basename(folder);
    const marker = this.#readText(join(folder, ".project_root")).trim();
    if (marker !== "") return marker;
    const listed = this.#listed(join(dirname(dirname(folder)), "projects.json"));
    return listed.find(([path, short]) => short === name || hashOfPath(path) === name)?.[0] ?? name;
  }

  #listed(path: string): ReadonlyArray<readonly [path: string, name: unknown]> {
    let list = this.#lists.get(path);
    if (!list) this.#lists.set(path, (list = this.#readList(path)));
    return list;
  }

  #readList(path: string): ReadonlyArray<readonly [path: string, name: unknown]> {
    const text = this.#readText(path);
    if (text === "") return [];
    try {
      const { projects } = JSON.parse(withoutMark(text)) as { projects?: unknown };
      return isObject(projects) ? Object.entries(projects) : [];
    } catch {
      this.#unreadable.push({ path, code: "NO_JSON" });
      return [];
    }
  }

  /** "" where there is none. */
  #readText(path: string): string {
    return orSay(this.#unreadable, path, () => readRegular(path).toString()) ?? "";
  }
}

/** Whether a value is the first record of a session, or a session as one document. */
export function isGeminiRecord(record: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof record["sessionId"] === "string" && (typeof record["projectHash"] === "string" || "startTime" in record)
  );
}
