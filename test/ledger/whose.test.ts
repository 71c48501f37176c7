/** Which sessions a ledger holds, and that it holds all of them: links, worktrees, several folders. */
import { spawn } from "node:child_process";
import { readFileSync, symlinkSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { Ledger } from "../../src/ledger/types.ts";
import { CLI, type Ending, endOf, tokensift } from "../cli/tokensift.ts";
import { makeFolder, response, sessionId, type Tree, writeFiles } from "../transcripts.ts";
import { message } from "./home.ts";

type Shown = Ledger & { readonly ledger_path: string };

async function scanIn(home: string, folder: string, ...paths: string[]): Promise<Shown> {
  const variables = { TOKENSIFT_CACHE_DIR: join(home, "cache") };
  const { stdout, stderr, code } = await tokensift(["tasks", "scan", "--json", ...paths], { home, folder, variables });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Shown;
}

const transcript = (n: number) => `.claude/projects/-p${n}/${sessionId(n)}.jsonl`;
const session = (n: number, cwd: string, ...more: string[]): Tree => ({
  [transcript(n)]: [message(`task-${n}`, { cwd }), response(n, { cwd }), ...more],
});

async function hook(home: string, folder: string, path: string, n: number): Promise<Ending> {
  const env = { PATH: process.env["PATH"], HOME: home, TZ: "UTC", TOKENSIFT_CACHE_DIR: join(home, "cache") };
  const child = spawn(process.execPath, [CLI, "hook"], { cwd: folder, env });
  child.stdin.end(JSON.stringify({ session_id: sessionId(n), transcript_path: join(home, path), cwd: folder }));
  return endOf(child);
}

const QUIET = { code: 0, stdout: "", stderr: "" };
const figures = ({ tasks }: Ledger) => Object.entries(tasks).map(([id, { message_count }]) => [id, message_count]);

test("a project reached by symbolic links is one project, and a worktree may have a relative path", async () => {
  const home = makeFolder({
    "real/repo/.git/worktrees/w/gitdir": "../../../../wt/.git\n",
    "real/wt/.git": "gitdir: ../repo/.git/worktrees/w\n",
  });
  symlinkSync(join(home, "real"), join(home, "link"));
  const [real, link] = [join(home, "real/repo"), join(home, "link/repo")];
  writeFiles(home, {
    ...session(1, real),
    ...session(2, link),
    ...session(3, `${link}/gone`),
    ...session(4, join(home, "link/wt")),
    ...session(5, `${link}-2`),
  });
  const ledger = await scanIn(home, real);
  expect(figures(ledger)).toEqual([1, 2, 3, 4].map((n) => [`task-${n}`, 1]));
  expect((await scanIn(home, join(home, "link/wt"))).ledger_path).toBe(ledger.ledger_path);
  // An agent may say the folder as its user wrote it.
  writeFiles(home, session(2, link, response(12, { cwd: link })));
  expect(await hook(home, link, transcript(2), 2)).toMatchObject(QUIET);
  expect(figures(JSON.parse(readFileSync(ledger.ledger_path, "utf8")) as Ledger)[1]).toEqual(["task-2", 2]);
});

test("the hook of a session that lies in several project folders counts all of it", async () => {
  const home = makeFolder({ "repo/.git/HEAD": "" });
  const repo = join(home, "repo");
  const moved = `.claude/projects/-moved/${sessionId(1)}.jsonl`;
  const agent = `.claude/projects/-third/${sessionId(1)}/subagents/agent-a.jsonl`;
  const inside = { cwd: join(repo, "wt") };
  writeFiles(home, {
    ...session(1, repo, response(2, { cwd: repo })),
    [moved]: [response(3, inside)],
    [agent]: [response(4, { ...inside, isSidechain: true, agentId: "a", sessionId: sessionId(1) })],
  });
  const { ledger_path: path, ...whole } = await scanIn(home, repo);
  expect(figures(whole)).toEqual([["task-1", 4]]);
  writeFiles(home, { [moved]: [response(3, inside), response(5, inside)] });
  expect(await hook(home, repo, moved, 1)).toMatchObject(QUIET);
  expect(figures(JSON.parse(readFileSync(path, "utf8")) as Ledger)).toEqual([["task-1", 5]]);
});

test("the hook of a session of Qwen Code counts its subagents", async () => {
  const home = makeFolder({ "repo/.git/HEAD": "" });
  const repo = join(home, "repo");
  const answer = (uuid: string) => {
    const usageMetadata = { promptTokenCount: 100, candidatesTokenCount: 10, totalTokenCount: 110 };
    const [type, timestamp] = ["assistant", "2026-06-01T00:00:00.000Z"];
    const said = {
      sessionId: sessionId(1),
      timestamp,
      type,
      cwd: repo,
      model: "claude-opus-4-6",
      message: { parts: [] },
    };
    return JSON.stringify({ uuid, ...said, usageMetadata });
  };
  const main = `.qwen/projects/-r/chats/${sessionId(1)}.jsonl`;
  writeFiles(home, {
    [main]: [answer("a")],
    [`.qwen/projects/-r/subagents/${sessionId(1)}/agent-x.jsonl`]: [answer("b")],
  });
  const { ledger_path: path } = await scanIn(home, repo);
  writeFiles(home, { [main]: [answer("a"), answer("c")] });
  expect(await hook(home, repo, main, 1)).toMatchObject(QUIET);
  const { sessions } = JSON.parse(readFileSync(path, "utf8")) as Ledger;
  expect(sessions[sessionId(1)]).toMatchObject({ message_count: 3, total_tokens: 330, subagents: 1 });
});

test("the hook of a session of Qwen Code counts what its log of requests tells, which stays when the transcript goes", async () => {
  const home = makeFolder({ "repo/.git/HEAD": "" });
  const repo = join(home, "repo");
  const [id, timestamp, model] = [sessionId(1), "2026-06-01T00:00:00.000Z", "claude-opus-4-6"];
  const answer = (uuid: string, input: number) =>
    JSON.stringify({
      ...{ uuid, sessionId: id, timestamp, type: "assistant", cwd: repo, model, message: { parts: [] } },
      usageMetadata: { promptTokenCount: input, candidatesTokenCount: 0, totalTokenCount: input },
    });
  const request = (of: string, input: number, feature: string) =>
    JSON.stringify({
      ...{ schemaVersion: 1, id: `${of} ${input}`, sessionId: of, timestamp, model, source: feature, feature },
      ...{ inputTokens: input, outputTokens: 0, cachedTokens: 0, thoughtsTokens: 0, totalTokens: input },
    });
  const main = `.qwen/projects/-r/chats/${id}.jsonl`;
  const log = ".qwen/usage/token-usage-2026-06.jsonl";
  const before = [request(id, 10, "main"), request(id, 20, "prompt_suggestion"), request("other", 40, "main")];
  writeFiles(home, { [main]: [answer("a", 10)], [log]: before });
  const { ledger_path: path } = await scanIn(home, repo);
  const known = () => (JSON.parse(readFileSync(path, "utf8")) as Ledger).sessions;
  expect(known()[id]).toMatchObject({ message_count: 2, total_tokens: 30 });
  writeFiles(home, { [main]: [answer("a", 10), answer("c", 80)], [log]: [...before, request(id, 80, "main")] });
  expect(await hook(home, repo, main, 1)).toMatchObject(QUIET);
  expect(known()[id]).toMatchObject({ message_count: 3, total_tokens: 110 });
  expect(Object.keys(known())).toEqual([id]);
  rmSync(join(home, main));
  await scanIn(home, repo);
  expect(known()[id]).toMatchObject({ message_count: 3, total_tokens: 110 });
});

test("of given paths a part of a session takes no place of the whole", async () => {
  const home = makeFolder({ "repo/.git/HEAD": "" });
  const cwd = join(home, "repo");
  const part = `.claude/projects/-part/${sessionId(1)}.jsonl`;
  writeFiles(home, { ...session(1, cwd, response(2, { cwd })), [part]: [response(3, { cwd })] });
  expect(figures(await scanIn(home, cwd))).toEqual([["task-1", 3]]);
  expect(figures(await scanIn(home, cwd, join(home, dirname(part))))).toEqual([["task-1", 3]]);
  writeFiles(home, { [part]: [response(3, { cwd }), response(4, { cwd })] });
  const world = { home, folder: cwd, variables: { TOKENSIFT_CACHE_DIR: join(home, "cache") } };
  const { stderr } = await tokensift(["tasks", "scan", "--json", join(home, dirname(part))], world);
  expect(stderr).toMatch(
    /^tokensift: session \S+: only a part of its transcripts was given, so it keeps its last figures;/,
  );
  expect(figures(await scanIn(home, cwd))).toEqual([["task-1", 4]]);
});

test("a session of elsewhere that the hook recorded keeps growing", async () => {
  const home = makeFolder({ "a/.git/HEAD": "", "b/.git/HEAD": "" });
  const [a, b] = [join(home, "a"), join(home, "b")];
  writeFiles(home, session(1, a));
  expect(await hook(home, b, transcript(1), 1)).toMatchObject(QUIET);
  writeFiles(home, session(1, a, response(2, { cwd: a })));
  expect(figures(await scanIn(home, b))).toEqual([["task-1", 2]]);
});

test.each([
  ["scan", "--session", "tasks scan takes no --session (tasks record does)"],
  ["summary", "--fail", "tasks summary takes no --fail (tasks anomaly does)"],
  ["scan", "--threshold", "tasks scan takes no --threshold (tasks anomaly and tasks report do)"],
  ["anomaly", "--insert", "tasks anomaly takes no --insert (tasks report does)"],
  ["scan", "--task", "tasks scan takes no --task: it is about all of them (tasks get shows one)"],
  ["summary", "--task", "tasks summary takes no --task: it is about all of them (tasks get shows one)"],
  ["anomaly", "--task", "tasks anomaly takes no --task: it is about all of them (tasks get shows one)"],
  ["enrich", "--task", "tasks enrich takes no --task: it is about all of them (tasks get shows one)"],
])("tasks %s %s is refused: it would do nothing", async (action, flag, said) => {
  const home = makeFolder();
  const ending = await tokensift(["tasks", action, flag, "x"], { home, folder: home });
  expect(ending).toMatchObject({ code: 2, stdout: "", stderr: `tokensift: ${said}\n` });
});
