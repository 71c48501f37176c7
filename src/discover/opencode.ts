/** Where OpenCode keeps its messages (`formats/others.md`): in a database, or each in a file of its own. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Environment } from "../environment.ts";
import { databaseTranscript, isNamedLikeDatabase } from "./database.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

const MESSAGE = /(?:^|[\\/])msg_[^\\/]*\.json$/;
const PART = /(?:^|[\\/])prt_[^\\/]*\.json$/;
const PLACE = /[\\/]storage[\\/](?:message[\\/][^\\/]+[\\/]msg_|part[\\/][^\\/]+[\\/]prt_)[^\\/]*\.json$/;

/** The folders and databases that may be on this machine. Beside them lie snapshots of whole projects. `OPENCODE_DB` names a database more. */
export function opencodeRoots({ variables, home }: Environment): string[] {
  const data = join(variables["XDG_DATA_HOME"] || join(home, ".local", "share"), "opencode");
  const databases = new Set(["opencode.db", ...namesIn(data).filter(isNamedLikeDatabase)]);
  const own = [...databases, join("storage", "message"), join("storage", "part")].map((name) => join(data, name));
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

/** Parts name their message, and through it are of its session and project. */
export function opencodeTranscripts(files: readonly FoundFile[]): Transcript[] {
  const agents = new AgentSessions();
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
      stamp,
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

/** Which sessions another one started: only their own files `session/<project>/<id>.json` say so. */
class AgentSessions {
  readonly #byStorage = new Map<string, ReadonlySet<string>>();

  has(storage: string, session: string): boolean {
    let agents = this.#byStorage.get(storage);
    if (!agents) this.#byStorage.set(storage, (agents = new Set(this.#read(join(storage, "session")))));
    return agents.has(session);
  }

  *#read(folder: string): Iterable<string> {
    for (const project of namesIn(folder)) {
      for (const name of namesIn(join(folder, project))) {
        if (!name.endsWith(".json")) continue;
        try {
          const { id, parentID } = JSON.parse(readFileSync(join(folder, project, name), "utf8")) as Record<
            string,
            unknown
          >;
          if (typeof id === "string" && typeof parentID === "string" && parentID !== "") yield id;
        } catch {
          // Without it the session counts as one that a person started.
        }
      }
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
