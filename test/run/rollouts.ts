/** Codex sessions of a run that began at ten. */
import type { CollectedTeamState } from "tokensift";
import { uuid, type World } from "./world.ts";

export const AT_MS = Date.UTC(2026, 5, 10, 10);
export const minutes = (...some: readonly number[]) =>
  some.map((minute) => ({ atMs: AT_MS + minute * 60_000, input: 1, output: 0 }));
export const usageOf = ({ workers }: CollectedTeamState, workerId: string) =>
  workers.find((worker) => worker["workerId"] === workerId)?.usage;

export const at = (seconds: number) => new Date(AT_MS + seconds * 1000).toISOString();

/** The lines of a Codex session in a folder that began `seconds` after the first. */
export function rolloutLines(n: number, cwd: string, seconds: number, model = "gpt-5.2"): string[] {
  const total = (input: number, cached: number, output: number, reasoning: number) => ({
    input_tokens: input,
    cached_input_tokens: cached,
    output_tokens: output,
    reasoning_output_tokens: reasoning,
    total_tokens: input + output,
  });
  const reading = (atSeconds: number, info: object) => ({
    timestamp: at(atSeconds),
    type: "event_msg",
    payload: { type: "token_count", info },
  });
  return [
    { timestamp: at(seconds), type: "session_meta", payload: { id: uuid(n), cwd } },
    { timestamp: at(seconds), type: "turn_context", payload: { model, cwd } },
    reading(seconds + 10, { total_token_usage: total(1000, 400, 50, 20) }),
    reading(seconds + 20, { total_token_usage: total(1500, 700, 90, 30) }),
    reading(7200, { total_token_usage: total(9000, 800, 900, 300) }),
  ].map((line) => JSON.stringify(line));
}

export function writeRollout(world: World, n: number, some: readonly string[]): string {
  const path = `${world.home}/.codex/sessions/2026/06/10/rollout-2026-06-10T10-00-00-${uuid(n)}.jsonl`;
  return world.write(path, some.map((line) => `${line}\n`).join(""));
}
