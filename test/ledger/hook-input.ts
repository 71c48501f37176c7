/** What an agent says at a session's end, to the built command. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { CLI, type Ending, endOf } from "../cli/tokensift.ts";
import { sessionId } from "../transcripts.ts";
import { type Home, transcriptOf } from "./home.ts";

export async function hook({ home, ledger }: Home, input: unknown, ...flags: string[]): Promise<Ending> {
  const child = spawn(process.execPath, [CLI, "hook", "--ledger", ledger, ...flags], {
    cwd: home,
    env: { PATH: process.env["PATH"], HOME: home, TZ: "UTC", TOKENSIFT_CACHE_DIR: join(home, "cache") },
  });
  child.stdin.on("error", () => {});
  child.stdin.end(typeof input === "string" ? input : JSON.stringify(input));
  return endOf(child);
}

/** As Claude Code says it of session `n`. */
export function inputOf({ home }: Home, n: number) {
  return {
    session_id: sessionId(n),
    transcript_path: join(home, transcriptOf(n)),
    cwd: home,
    hook_event_name: "SessionEnd",
  };
}
