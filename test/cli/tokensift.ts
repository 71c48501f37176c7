/** The built command line as a child process, in a world of its own: nothing of this machine's HOME, config or terminal. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const CLI = fileURLToPath(new URL("../../dist/src/cli.cjs", import.meta.url));
const CACHES = mkdtempSync(join(tmpdir(), "tokensift-cli-cache-"));
export const FIXTURES = fileURLToPath(new URL("../../fixtures", import.meta.url));

export interface World {
  readonly home?: string;
  readonly folder?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly user?: number;
  /** Another copy of the command line. */
  readonly cli?: string;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function start(args: readonly string[], world: World = {}): ChildProcess {
  const { home = "/nonexistent", folder = tmpdir(), variables = {}, user, cli = CLI } = world;
  return spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: home, TZ: "UTC", TOKENSIFT_CACHE_DIR: CACHES, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    ...(user === undefined ? {} : { uid: user, gid: user }),
  });
}

export async function tokensift(args: readonly string[], world: World = {}): Promise<Ending> {
  return endOf(start(args, world));
}

export async function endOf(child: ChildProcess): Promise<Ending> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
