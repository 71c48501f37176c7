/** Where OpenCode keeps its messages (`formats/others.md`): in a database, or each in a file of its own. */
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Environment } from "../environment.ts";
import { orSay, readRegular } from "../files/regular.ts";
import type { UnreadableFile } from "../types.ts";
import { partsBeside } from "../sources/opencode-steps.ts";
import { databaseTranscript, isNamedLikeDatabase } from "./database.ts";
import { type FileStamp, stampWith } from "./stamp.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

const MESSAGE = /(?:^|[\\/])msg_[^\\/]*\.json$/;
const PART = /(?:^|[\\/])prt_[^\\/]*\.json$/;
const PLACE = /[\\/]storage[\\/](?:message[\\/][^\\/]+[\\/]msg_|part[\\/][^\\/]+[\\/]prt_)[^\\/]*\.json$/;

/** The folders and databases that may be on this machine. Beside them lie snapshots of whole projects. `OPENCODE_DB` names a database more. */
export function opencodeRoots({ variables, home }: Environment, unreadable: UnreadableFile[]): string[] {
  const data = join(variables["XDG_DATA_HOME"] || join(home, ".local", "share"), "opencode");
  const own = [...databasesIn(data, unreadable), join(data, "storage", "message"), join(data, "storage", "part")];
  const named = variables["OPENCODE_DB"];
  return named?.endsWith(".db") ? [...new Set([...own, resolve(data, named)])] : own;
}

export function isOpenCodeFile(name: string): boolean {
  return isNamedLikeDatabase(name) || MESSAGE.test(name) || PART.test(name);
}

/** Whether a path is laid and named as OpenCode does. */
export function isOpenCodePlace(path: string): boolean {
  return PLACE.test(path);
}

/** Which databases are in a folder that cannot be listed is not known, and has to be said. */
function databasesIn(data: string, unreadable: UnreadableFile[]): string[] {
  const usual = join(data, "opencode.db");
  const names = orSay(unreadable, data, () => readdirSync(data).sort()) ?? [];
  return [...new Set([usual, ...names.filter(isNamedLikeDatabase).map((name) => join(data, name))])];
}

/** Parts name their message, and through it are of its session and project. What tells of a session and cannot be read goes to `unreadable`. */
export function opencodeTranscripts(files: readonly FoundFile[], unreadable: UnreadableFile[]): Transcript[] {
  const agents = new AgentSessions(unreadable);
  return files.map((file) => {
    const { path, sizeBytes, stamp } = file;
    if (path.endsWith(".db")) return databaseTranscript("opencode", file);
    const folder = dirname(path);
    const session = MESSAGE.test(path) ? basename(folder) : undefined;
    const isAgentFile = session !== undefined && agents.has(dirname(dirname(folder)), session);
    return {
      source: "opencode",
      path,
      sizeBytes,
      stamp: stampWithParts(path, stamp),
      stem: basename(path).replace(/\.json$/, ""),
      session: null,
      projectFolder: session === undefined ? dirname(folder) : folder,
      projectKey: session === undefined ? path : folder,
      projectName: "unknown",
      isAgentFile,
      isMain: !isAgentFile,
    };
  });
}

/** What a message used its steps tell, so it has changed when one of these has come. */
export function stampWithParts(path: string, stamp: FileStamp): FileStamp {
  const folder = partsBeside(path);
  try {
    const stats = folder === undefined ? undefined : statSync(folder, { bigint: true, throwIfNoEntry: false });
    return stats ? stampWith(stamp, stats) : stamp;
  } catch {
    // The walk says so.
    return stamp;
  }
}

/** Which sessions another one started: only their own files `session/<project>/<id>.json` say so. */
class AgentSessions {
  readonly #unreadable: UnreadableFile[];
  readonly #byStorage = new Map<string, ReadonlySet<string>>();

  constructor(unreadable: UnreadableFile[]) {
    this.#unreadable = unreadable;
  }

  has(storage: string, session: string): boolean {
    let agents = this.#byStorage.get(storage);
    if (!agents) this.#byStorage.set(storage, (agents = new Set(this.#read(join(storage, "session")))));
    return agents.has(session);
  }

  *#read(folder: string): Iterable<string> {
    for (const project of this.#namesIn(folder)) {
      for (const name of this.#namesIn(join(folder, project))) {
        if (!name.endsWith(".json")) continue;
        const path = join(folder, project, name);
        const told = orSay(this.#unreadable, path, () => readRegular(path).toString()) ?? "{}";
        try {
          const { id, parentID } = JSON.parse(told) as Record<string, unknown>;
          if (typeof id === "string" && typeof parentID === "string" && parentID !== "") yield id;
        } catch {
          // Without it the session counts as one that a person started.
          this.#unreadable.push({ path, code: "NO_JSON" });
        }
      }
    }
  }

  #namesIn(folder: string): string[] {
    return orSay(this.#unreadable, folder, () => readdirSync(folder).sort()) ?? [];
  }
}
