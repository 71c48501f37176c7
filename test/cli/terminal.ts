import { spawn, spawnSync } from "node:child_process";
import { CLI, endOf } from "./tokensift.ts";

/** A terminal comes from util-linux's `script`. */
export const hasTerminal = spawnSync("script", ["--version"]).status === 0;

/** Runs it on a terminal of so many columns; stdout and stderr arrive as one. */
export async function onTerminal(
  args: string,
  home: string,
  variables: Readonly<Record<string, string>> = {},
  columns = 80,
): Promise<string> {
  const command = `stty columns ${columns}; ${process.execPath} ${CLI} ${args}`;
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    env: { PATH: process.env["PATH"], HOME: home, TZ: "UTC", TERM: "xterm", ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { stdout } = await endOf(child);
  return stdout.replaceAll("\r\n", "\n");
}
