/** Odd shapes, from transcripts to what is said of them. */
import { expect, test } from "vitest";
import type { AnomalyReport } from "../../src/ledger/anomalies.ts";
import { response, sessionId } from "../transcripts.ts";
import { message, PROJECT_FOLDER, taskHome } from "./home.ts";

const USUAL = {
  input_tokens: 100,
  output_tokens: 500,
  cache_read_input_tokens: 20_000,
  cache_creation_input_tokens: 1000,
};

/** Ten responses as most tasks have them; `n` keeps ids apart. */
function usual(n: number, task: string, more: object = {}): string[] {
  return [message(`do ${task}`, more), ...Array.from({ length: 10 }, (_, i) => response(n * 100 + i, more, USUAL))];
}

const others = Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [n, usual(n, `task-${n}`)]));

async function oddities(
  sessions: Readonly<Record<number, readonly string[]>>,
  more: Readonly<Record<string, readonly string[] | string>> = {},
) {
  const { run } = taskHome({ ...others, ...sessions }, more);
  const { stdout, stderr, code } = await run("tasks", "anomaly", "--refresh", "--json", "--fail");
  expect({ stderr, code }).toEqual({ stderr: "", code: 1 });
  const { anomalies } = JSON.parse(stdout) as AnomalyReport;
  return anomalies.flatMap(({ task_id, reasons }) =>
    reasons.map(({ kind, session_ids }) => [task_id, kind, session_ids] as const),
  );
}

test("a worker dispatched twice for one task", async () => {
  const worker = (name: string) => ({ teamName: "dev1-team", agentName: name });
  const found = await oddities({
    7: usual(7, "task-7", worker("codex-worker")),
    8: usual(8, "task-7", worker("codex-worker-reverify-r1")),
  });
  expect(found).toContainEqual(["task-7", "repeated_dispatch", [sessionId(7), sessionId(8)]]);
});

test("a fan-out, and subagents that start subagents", async () => {
  const agents = Array.from({ length: 12 }, (_, i) => {
    const path = `${PROJECT_FOLDER}/${sessionId(7)}/subagents/agent-a${i}`;
    const lines = [
      response(9000 + i, { isSidechain: true }, { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 0 }),
    ];
    return [
      [`${path}.jsonl`, lines],
      [`${path}.meta.json`, JSON.stringify({ agentType: "x", spawnDepth: i === 11 ? 4 : 1 })],
    ] as const;
  });
  const found = await oddities({ 7: usual(7, "task-7") }, Object.fromEntries(agents.flat()));
  expect(found).toContainEqual(["task-7", "fan_out", [sessionId(7)]]);
  expect(found).toContainEqual(["task-7", "subagent_depth", [sessionId(7)]]);
});

test("a retry loop", async () => {
  const again = Array.from({ length: 80 }, (_, i) => response(7000 + i, {}, { ...USUAL, output_tokens: 12 }));
  expect(await oddities({ 7: [message("task-7"), ...again] })).toContainEqual(["task-7", "retry_loop", [sessionId(7)]]);
});

test("a storm of cache writes", async () => {
  const written = { ...USUAL, cache_creation_input_tokens: 60_000, cache_read_input_tokens: 5000 };
  const again = Array.from({ length: 10 }, (_, i) => response(7000 + i, {}, written));
  expect(await oddities({ 7: [message("task-7"), ...again] })).toContainEqual([
    "task-7",
    "cache_write_storm",
    [sessionId(7)],
  ]);
});
