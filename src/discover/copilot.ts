/** Where Copilot CLI keeps its sessions (`formats/others.md`). */
import { basename, dirname, join } from "node:path";
import type { Environment } from "../environment.ts";
import { databaseTranscript } from "./database.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

const EVENTS = "events.jsonl";
/** Sessions keep copies of the user's files too, which may have any name. */
const BELOW_STATE = /[\\/]session-state[\\/](.*)$/;
const PLACE = /^[^\\/]+(?:[\\/]events)?\.jsonl$/;

/** The folders and databases that may hold sessions on this machine, whether they exist or not. Until March 2026 `XDG_STATE_HOME` moved them. */
export function copilotRoots({ variables, home }: Environment): string[] {
  const older = variables["XDG_STATE_HOME"] ? [join(variables["XDG_STATE_HOME"], ".copilot")] : [];
  const folders = new Set([variables["COPILOT_HOME"] || join(home, ".copilot"), ...older]);
  return [...folders].flatMap((folder) => [join(folder, "session-state"), join(folder, "session-store.db")]);
}

/** Whether a path is laid and named as Copilot CLI does: `session-state/<session>/events.jsonl`. */
export function isCopilotPlace(path: string): boolean {
  return PLACE.test(BELOW_STATE.exec(path)?.[1] ?? "");
}

/** Older versions named the file after the session. */
export function copilotTranscripts(files: readonly FoundFile[]): Transcript[] {
  return files
    .filter(({ path }) => !BELOW_STATE.test(path) || isCopilotPlace(path))
    .map((file) => {
      const { path, sizeBytes, stamp } = file;
      if (path.endsWith(".db")) return databaseTranscript("copilot", file);
      const folder = dirname(path);
      const isInFolder = basename(path) === EVENTS;
      return {
        source: "copilot",
        path,
        sizeBytes,
        stamp,
        stem: isInFolder ? basename(folder) : basename(path).replace(/\.jsonl$/, ""),
        session: null,
        projectFolder: isInFolder ? dirname(folder) : folder,
        projectKey: path,
        projectName: "unknown",
        isAgentFile: false,
        isMain: true,
      };
    });
}

/** Whether a value is a record of a session. */
export function isCopilotRecord({ type, data, parentId }: Readonly<Record<string, unknown>>): boolean {
  const isOfItsTypes = typeof type === "string" && /^(?:session|user|assistant|tool|hook|system)\./.test(type);
  return isOfItsTypes && typeof data === "object" && data !== null && parentId !== undefined;
}
