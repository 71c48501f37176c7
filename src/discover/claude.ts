/** Where Claude Code keeps its transcripts (`formats/claude-code.md` §1) and what a place says about one. */
import { basename, dirname, join, sep } from "node:path";
import type { Environment } from "../options.ts";
import type { Transcript } from "./transcript.ts";
import type { FoundFile } from "./walk.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The folders that may hold transcripts on this machine, whether they exist or not. */
export function claudeRoots(environment: Environment): string[] {
  const { variables, home } = environment;
  const configured = (variables["CLAUDE_CONFIG_DIR"] ?? "")
    .split(",")
    .map((folder) => folder.trim())
    .filter((folder) => folder !== "");
  if (configured.length > 0) {
    return configured.map((folder) => (basename(folder) === "projects" ? folder : join(folder, "projects")));
  }
  const xdg = variables["XDG_CONFIG_HOME"] || join(home, ".config");
  return [
    join(home, ".claude", "projects"),
    join(xdg, "claude", "projects"),
    ...desktopRoots(environment).map((folder) => join(folder, "Claude", "local-agent-mode-sessions")),
  ];
}

/** Claude Desktop's local agent mode keeps the same trees deeper down. */
function desktopRoots({ platform, variables, home }: Environment): string[] {
  if (platform === "darwin") return [join(home, "Library", "Application Support")];
  if (platform === "win32") return variables["APPDATA"] ? [variables["APPDATA"]] : [];
  return [variables["XDG_CONFIG_HOME"] || join(home, ".config")];
}

export function isClaudeTranscript(name: string): boolean {
  return name.endsWith(".jsonl");
}

/** Numbers 25 and 26 of `docs/decisions/0002`. */
export function claudeTranscript(file: FoundFile): Transcript {
  const name = basename(file.path);
  const stem = name.endsWith(".jsonl") ? name.slice(0, -".jsonl".length) : name;
  const folders = dirname(file.path).split(sep);
  const subagents = folders.indexOf("subagents");
  const isAgentName = /^agent-.*\.jsonl$/.test(name);
  const place = { source: "claude", path: file.path, sizeBytes: file.sizeBytes, stem } as const;

  if (subagents > 1) {
    return {
      ...place,
      session: folders[subagents - 1] as string,
      projectFolder: folders.slice(0, subagents - 1).join(sep),
      isAgentFile: true,
      isMain: false,
    };
  }
  const named = file.below.findIndex((folder) => UUID.test(folder));
  if (named >= 0) {
    return {
      ...place,
      session: file.below[named] as string,
      projectFolder: folders.slice(0, folders.length - file.below.length + named).join(sep),
      isAgentFile: isAgentName,
      isMain: false,
    };
  }
  return {
    ...place,
    session: !isAgentName && UUID.test(stem) ? stem : null,
    projectFolder: dirname(file.path),
    isAgentFile: isAgentName,
    isMain: !isAgentName,
  };
}
