/** Homes with sessions of tasks. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ledger } from "../../src/ledger/types.ts";
import { makeFolder, response, sessionId, type Tree } from "../transcripts.ts";
import { tokensift, type Ending } from "../cli/tokensift.ts";

export const PROJECT_FOLDER = ".claude/projects/-srv-app";

/** Where the transcript of session `n` is. */
export function transcriptOf(n: number): string {
  return `${PROJECT_FOLDER}/${sessionId(n)}.jsonl`;
}

/** A message of a user. */
export function message(content: unknown, more: object = {}): string {
  return JSON.stringify({
    type: "user",
    cwd: "/srv/app",
    timestamp: "2026-06-01T00:00:00.000Z",
    ...more,
    message: { role: "user", content },
  });
}

/** A result of a tool, which is no message of a user. */
export function toolResult(text: string): string {
  return message([{ tool_use_id: "toolu_1", type: "tool_result", content: text }]);
}

export interface Home {
  readonly home: string;
  readonly ledger: string;
  /** Runs the built command in the home. */
  readonly run: (...args: string[]) => Promise<Ending>;
}

/** Every session is the lines of its transcript, by number. */
export function taskHome(sessions: Readonly<Record<number, readonly string[]>>, more: Tree = {}): Home {
  const transcripts = Object.entries(sessions).map(([n, lines]) => [transcriptOf(Number(n)), lines] as const);
  const home = makeFolder({ ...Object.fromEntries(transcripts), ...more });
  const ledger = join(home, "ledger.json");
  const run = (...args: string[]) => {
    return tokensift(args, {
      home,
      folder: home,
      variables: { TOKENSIFT_LEDGER: ledger, TOKENSIFT_CACHE_DIR: join(home, "cache") },
    });
  };
  return { home, ledger, run };
}

/** A session of `responses` answers, of 111 tokens each, that begins with a message. `n` keeps their ids apart. */
export function sessionOf(n: number, text: string, responses = 1): string[] {
  return [message(text), ...Array.from({ length: responses }, (_, i) => response(n * 1000 + i))];
}

/** Makes a ledger one that an earlier version wrote, which did not note what responses are known by. */
export function forgetIds({ ledger }: Home): void {
  const { response_ids: _, ...rest } = JSON.parse(readFileSync(ledger, "utf8")) as Ledger;
  writeFileSync(ledger, JSON.stringify(rest));
}
