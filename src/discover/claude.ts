/** Where Claude Code keeps its transcripts (`formats/claude-code.md` §1) and what a place says about one. */
import { readdirSync } from "node:fs";
import { basename, join, sep } from "node:path";
import type { Environment } from "../environment.ts";
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
    ...desktopRoots(environment).map((folder) => join(folder, "Claude", DESKTOP_STORE)),
  ];
}

/** Claude Desktop's local agent mode keeps the same trees deeper down: a `.claude` for each of its sessions. */
const DESKTOP_STORE = "local-agent-mode-sessions";
const IN_DESKTOP_STORE = /[\\/]local-agent-mode-sessions(?=[\\/])/;
const PROJECT = /[\\/]projects[\\/][^\\/]+[\\/]/;

function desktopRoots({ platform, variables, home }: Environment): string[] {
  if (platform === "darwin") return [join(home, "Library", "Application Support")];
  if (platform !== "win32") return [variables["XDG_CONFIG_HOME"] || join(home, ".config")];
  const local = variables["LOCALAPPDATA"] || join(home, "AppData", "Local");
  return [variables["APPDATA"] || join(home, "AppData", "Roaming"), ...storeBuilds(join(local, "Packages"))];
}

/** Where Windows keeps what the build of its store thinks is in `%APPDATA%`. */
function storeBuilds(packages: string): string[] {
  let names: string[];
  try {
    names = readdirSync(packages).sort();
  } catch {
    return [];
  }
  return names
    .filter((name) => /(?:^|\.)Claude_/.test(name))
    .map((name) => join(packages, name, "LocalCache", "Roaming"));
}

/**
 * Whether a folder lies in a store of Claude Desktop's, but in none of its trees: its `audit.jsonl` says once more what the
 * transcripts say, and people keep files of their own there.
 */
export function isBesideTranscripts(folder: string): boolean {
  const [, ...within] = `${folder}/`.split(IN_DESKTOP_STORE);
  return within.length > 0 && !within.some((part) => PROJECT.test(part));
}

/** What a folder says about the transcripts in it. */
interface FolderPlace {
  readonly session: string | null;
  readonly projectFolder: string;
  readonly projectName: string;
  readonly isBelowSubagents: boolean;
}

/** Files to transcripts: numbers 25 and 26 of `docs/decisions/0002`. Files of one folder come one after the other. */
export function claudeTranscripts(files: readonly FoundFile[]): Transcript[] {
  let below: FoundFile["below"] | undefined;
  let folder: FolderPlace | undefined;
  return files.map((file) => {
    // The walk gives all files of a folder the same list.
    if (!folder || below !== file.below) folder = placeFolder(file.path.slice(0, -file.name.length - 1), file.below);
    below = file.below;
    return claudeTranscript(file, folder);
  });
}

function claudeTranscript({ path, name, sizeBytes, stamp }: FoundFile, folder: FolderPlace): Transcript {
  const isJsonl = name.endsWith(".jsonl");
  const stem = isJsonl ? name.slice(0, -".jsonl".length) : name;
  const isAgentName = isJsonl && name.startsWith("agent-");
  return {
    source: "claude",
    path,
    sizeBytes,
    stamp,
    stem,
    session: folder.session ?? (!isAgentName && UUID.test(stem) ? stem : null),
    projectFolder: folder.projectFolder,
    projectKey: folder.projectFolder,
    projectName: folder.projectName,
    isAgentFile: isAgentName || folder.isBelowSubagents,
    isMain: !isAgentName && folder.session === null,
  };
}

function placeFolder(path: string, below: readonly string[]): FolderPlace {
  const projectsAbove = path.lastIndexOf(`${sep}projects${sep}`);
  const subagents = `${path}${sep}`.indexOf(`${sep}subagents${sep}`, projectsAbove + 1);
  const aboveSession = subagents < 1 ? -1 : path.lastIndexOf(sep, subagents - 1);
  const isBelowSubagents = aboveSession >= 0;
  // Whatever is above a folder of projects is no session's: Claude Desktop names accounts by UUIDs.
  const projects = below.lastIndexOf("projects");
  const named = isBelowSubagents ? -1 : below.findIndex((folder, depth) => depth > projects && UUID.test(folder));
  const session = isBelowSubagents ? path.slice(aboveSession + 1, subagents) : (below[named] ?? null);
  const end = isBelowSubagents ? aboveSession : named < 0 ? path.length : startOf(below, named, path) - 1;
  const projectFolder = path.slice(0, end);
  const projectName = projectFolder.slice(
    Math.max(projectFolder.lastIndexOf("/"), projectFolder.lastIndexOf("\\")) + 1,
  );
  return { session, projectFolder, projectName, isBelowSubagents };
}

/** Where a folder's name starts in a path that ends with the names from there on. */
function startOf(names: readonly string[], from: number, path: string): number {
  let start = path.length + 1;
  for (let i = names.length - 1; i >= from; i--) start -= (names[i] as string).length + 1;
  return start;
}
