import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ScanResult } from "../../src/types.ts";
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
        unreadable: [],
      },
    ],
  });
});

test("a mistake is one line", async () => {
  const { code, stderr } = await tokensift(["sources", "--source", "cursor"], { home: home() });
  expect([code, stderr.split("\n").length]).toEqual([2, 2]);
  expect(stderr).toMatch(/^tokensift: --source: "cursor" is no known agent/);
});

test("an agent named twice is one, and several may be named apart", async () => {
  const folder = home();
  const rows = async (...args: string[]) => {
    const { stdout } = await tokensift(["scan", "--json", "--by", "source", ...args], { home: folder });
    const { rows: found, stats } = JSON.parse(stdout) as ScanResult;
    return [stats.transcripts, ...found.map(({ key }) => key.source)];
  };
  expect(await rows("--source", "codex,codex")).toEqual([1, "codex"]);
  expect(await rows("--source", "codex", "--source", "claude")).toEqual([2, "claude", "codex"]);
});

test("a relative CLAUDE_CONFIG_DIR is below the current folder, and known by its whole path", async () => {
  const folder = home();
  const variables = { CLAUDE_CONFIG_DIR: ".claude" };
  const { stdout } = await tokensift(["sources", "--source", "claude"], { folder, variables });
  expect(stdout).toContain(`  ${folder}/.claude/projects: 1 transcript, `);
});

test.skipIf(process.getuid?.() !== 0)("what cannot be read is not said to be absent (needs root to try)", async () => {
  const folder = home();
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, ".gemini/tmp"), { recursive: true, mode: 0o700 });
  chmodSync(join(folder, ".codex/sessions/2026"), 0o700);
  const { stdout } = await tokensift(["sources", "--source", "codex,gemini"], { home: folder, user: 65_534 });
  expect(stdout).toBe(
    `codex: no transcripts\n  ${folder}/.codex/sessions: 0 transcripts, 0 bytes\n` +
      `  ${folder}/.codex/archived_sessions: not there\n` +
      `  ${folder}/.codex/rollout_revisions: not there\n` +
      `  Could not read 1 file\n    ${folder}/.codex/sessions/2026 (EACCES)\n` +
      `gemini: no transcripts\n  ${folder}/.gemini/tmp: cannot be read (EACCES)\n`,
  );
});
