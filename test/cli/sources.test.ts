import { join } from "node:path";
import { expect, test } from "vitest";
import { lines, makeFolder, response, sessionId } from "../transcripts.ts";
import { tokensift } from "./tokensift.ts";

const rollout = lines(
  [
    { timestamp: "2026-06-02T22:30:00Z", type: "session_meta", payload: { id: "r" } },
    ...[10, 20].map((input_tokens, day) => ({
      timestamp: `2026-06-0${2 + 2 * day}T22:30:00Z`,
      type: "event_msg",
      payload: { type: "token_count", info: { total_token_usage: { input_tokens } } },
    })),
  ].map((line) => JSON.stringify(line)),
);

const home = () =>
  makeFolder({
    [`.claude/projects/-srv-app/${sessionId(1)}.jsonl`]: [response(1)],
    ".codex/sessions/2026/06/03/rollout-a.jsonl": rollout,
  });

test("every known agent, its folders, and from when to when", async () => {
  const folder = home();
  const { code, stdout } = await tokensift(["sources", "--timezone", "Europe/Berlin"], { home: folder });
  expect(code).toBe(0);
  const claude = join(folder, ".claude/projects");
  expect(stdout).toContain(
    `claude: 1 transcript, ${response(1).length + 1} bytes, 1 response, 2026-06-01 to 2026-06-01\n`,
  );
  expect(stdout).toContain(`  ${claude}: 1 transcript, ${response(1).length + 1} bytes\n`);
  expect(stdout).toContain(`codex: 1 transcript, ${rollout.length} bytes, 2 responses, 2026-06-03 to 2026-06-05\n`);
  expect(stdout).toContain(`  ${join(folder, ".codex/archived_sessions")}: not there\n`);
  expect(stdout).toContain(`gemini: no transcripts\n  ${join(folder, ".gemini/tmp")}: not there\n`);
});

test("for programs, and only those asked for", async () => {
  const folder = home();
  const { stdout } = await tokensift(["sources", "--json", "--source", "codex", "--timezone", "UTC"], { home: folder });
  expect(JSON.parse(stdout)).toEqual({
    schemaVersion: 1,
    sources: [
      {
        source: "codex",
        folders: [
          { path: join(folder, ".codex/sessions"), exists: true, transcripts: 1, bytes: rollout.length },
          { path: join(folder, ".codex/archived_sessions"), exists: false, transcripts: 0, bytes: 0 },
          { path: join(folder, ".codex/rollout_revisions"), exists: false, transcripts: 0, bytes: 0 },
        ],
        transcripts: 1,
        bytes: rollout.length,
        responses: 2,
        firstDay: "2026-06-02",
        lastDay: "2026-06-04",
      },
    ],
  });
});

test("a mistake is one line", async () => {
  const { code, stderr } = await tokensift(["sources", "--source", "cursor"], { home: home() });
  expect([code, stderr.split("\n").length]).toEqual([2, 2]);
  expect(stderr).toMatch(/^tokensift: --source: "cursor" is no known agent/);
});
