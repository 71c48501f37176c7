/** What lies beside transcripts and tells of them: where it cannot be read that is said, nobody waits for it, and all else counts. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ScanResult } from "../../src/types.ts";
import { CLI } from "../cli/tokensift.ts";
import { Agent, OPENCODE } from "../databases.ts";
import { TEAM_STATE, World } from "../run/world.ts";
import { makeFolder, response, sessionId, type Tree } from "../transcripts.ts";

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
/** Whoever waits for a FIFO waits for ever. */
const PATIENCE_MS = 20_000;
const TRANSCRIPT = `.claude/projects/-srv-app/${sessionId(1)}.jsonl`;
const DATA = ".local/share/opencode";

interface Asked {
  readonly asNobody?: boolean;
  readonly folder?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

function ask(home: string, args: readonly string[], { asNobody, folder = home, variables = {} }: Asked = {}) {
  const user = asNobody && isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: home, TZ: "UTC", TOKENSIFT_CACHE_DIR: join(home, "cache"), ...variables },
    encoding: "utf8",
    timeout: PATIENCE_MS,
    ...user,
  });
  return { code: status, stdout, stderr };
}

function scanned(home: string, args: readonly string[] = [], asked: Asked = {}) {
  const { code, stdout, stderr } = ask(home, ["scan", "--json", ...args], asked);
  expect({ code, stderr: /internal error/.exec(stderr)?.[0] }).toEqual({ code: 0, stderr: undefined });
  const { rows, totals, diagnostics, stats, costBasis } = JSON.parse(stdout) as ScanResult;
  const unreadable = diagnostics.unreadable.map(({ path, code: why }) => `${path.slice(home.length + 1)} ${why}`);
  return { rows, tokens: totals.totalTokens, unreadable, skipped: stats.skipped, costBasis };
}

/** A home that is nobody's, so that rights hold for whoever runs the tests. */
function homeWith(tree: Tree = {}): string {
  const home = makeFolder({ [TRANSCRIPT]: [response(1)], ...tree });
  give(home);
  return home;
}

function give(folder: string): void {
  chmodSync(folder, 0o755);
  if (isRoot) execFileSync("chown", ["-R", `${NOBODY}:${NOBODY}`, folder]);
}

function withDatabase(name = "opencode.db", data = message(1000)): string {
  const home = homeWith();
  const agent = new Agent(OPENCODE);
  agent.insert("session", { id: "ses_1", directory: "/srv/oc" });
  agent.insert("message", { id: "msg_1", session_id: "ses_1", data });
  agent.insert("message", { id: "msg_2", session_id: "ses_1", data: message(7) });
  agent.checkpoint();
  agent.publish(join(home, DATA, name), { withLog: false });
  give(home);
  return home;
}

function message(input: number, more: object = {}): string {
  const tokens = { input, output: 2, reasoning: 0, cache: { read: 0, write: 0 } };
  return JSON.stringify({ role: "assistant", modelID: "m", time: { created: 1_780_000_000_000 }, tokens, ...more });
}

function fifo(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  execFileSync("mkfifo", [path]);
}

describe.skipIf(process.platform === "win32")("pipes", () => {
  const GEMINI = ".gemini/tmp/app";
  const session = JSON.stringify({ sessionId: "g", projectHash: "x", startTime: "2026-06-01T00:00:00Z" });
  const answer = JSON.stringify({
    id: "m",
    timestamp: "2026-06-01T00:00:01Z",
    type: "gemini",
    model: "gemini-2.5-pro",
    tokens: { input: 20, output: 2, cached: 0, thoughts: 0, tool: 0, total: 22 },
  });
  test.each([
    [`${GEMINI}/.project_root`, 111 + 22],
    [".gemini/projects.json", 111 + 22],
    [`${DATA}/storage/session/p/ses_1.json`, 111 + 22 + 9],
  ])("where %s should be: it is said", (path, tokens) => {
    const home = homeWith({
      [`${GEMINI}/chats/session-1.jsonl`]: [session, answer],
      ...(path.startsWith(DATA) && { [`${DATA}/storage/message/ses_1/msg_1.json`]: message(7) }),
    });
    fifo(join(home, path));
    expect(scanned(home)).toMatchObject({ tokens, unreadable: [`${path} NO_FILE`] });
  });

  test.each(["-journal", "-wal"])("where a database's %s should be: it is said of the database", (end) => {
    const home = withDatabase();
    fifo(join(home, DATA, `opencode.db${end}`));
    expect(scanned(home)).toMatchObject({ tokens: 111, unreadable: [`${DATA}/opencode.db NO_FILE`] });
  });

  test("where kept rows or prices should be: they are no use", () => {
    const home = withDatabase();
    const tokens = 111 + 1002 + 9;
    const { costBasis } = scanned(home);
    const cache = join(home, "cache");
    const rows = execFileSync("ls", [cache], { encoding: "utf8" })
      .split("\n")
      .filter((name) => name.endsWith(".rows"));
    for (const name of [...rows, "prices/index.json"]) fifo(join(cache, name));
    expect(scanned(home)).toMatchObject({ tokens, unreadable: [], costBasis });
  });

  test("where a config file should be: it is said, and nothing is counted without it", () => {
    const home = homeWith();
    fifo(join(home, ".config/tokensift/config.json"));
    const { code, stderr } = ask(home, ["scan"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("config.json: cannot be read (NO_FILE")]);
  });

  test("where a worktree's place or a manifest should be: it is said", () => {
    const world = World.fromFixture("whole-team");
    fifo(world.path(".git/worktrees/other/gitdir"));
    const told = ask(world.home, ["run", world.path(TEAM_STATE), "--json"]);
    expect([told.code, JSON.parse(told.stdout)]).toEqual([
      0,
      withUnreadable(world.path(".git/worktrees/other/gitdir"), "NO_FILE"),
    ]);
    const { code, stderr } = ask(world.home, ["tasks", "scan"], { folder: world.root });
    expect([code, stderr]).toEqual([2, expect.stringContaining("gitdir: cannot be read (NO_FILE")]);
  });
});

function withUnreadable(path: string, code: string): unknown {
  return expect.objectContaining({
    usageSummary: expect.objectContaining({
      diagnostics: expect.objectContaining({ unreadable: [{ path, code }] }) as unknown,
    }) as unknown,
  });
}

describe.skipIf(!isRoot)("what may not be read (needs root to try)", () => {
  test("a folder of databases", () => {
    const home = withDatabase();
    chmodSync(join(home, DATA), 0o311);
    expect(scanned(home, [], { asNobody: true })).toMatchObject({
      tokens: 111 + 1002 + 9,
      unreadable: [`${DATA} EACCES`],
    });
  });

  test("a database's journal: what it would undo is not known", () => {
    const home = withDatabase();
    writeFileSync(join(home, DATA, "opencode.db-journal"), "\xd9\xd5", { mode: 0o000 });
    expect(scanned(home, [], { asNobody: true })).toMatchObject({
      tokens: 111,
      unreadable: [`${DATA}/opencode.db EACCES`],
    });
  });

  test("documents and databases given by hand, whoever's they are", () => {
    const home = homeWith({
      "given/T-1.json": "{}",
      "given/opencode.db": "",
      "given/mine.db": "",
      "given/x.jsonl": "",
    });
    const names = ["T-1.json", "opencode.db", "x.jsonl"].map((name) => `given/${name}`);
    for (const name of names) chmodSync(join(home, name), 0);
    expect(scanned(home, [join(home, "given")], { asNobody: true })).toMatchObject({
      tokens: 0,
      unreadable: names.map((name) => `${name} EACCES`),
    });
  });

  test("a subagent's side file, which only a grouping by agents asks for", () => {
    const agent = `.claude/projects/-srv-app/${sessionId(1)}/subagents/agent-a`;
    const home = homeWith({
      [`${agent}.jsonl`]: [response(2, { isSidechain: true })],
      [`${agent}.meta.json`]: '{"agentType":"Explore"}',
    });
    chmodSync(join(home, `${agent}.meta.json`), 0);
    expect(scanned(home, [], { asNobody: true })).toMatchObject({ tokens: 222, unreadable: [] });
    expect(scanned(home, ["--by", "agent"], { asNobody: true })).toMatchObject({
      tokens: 222,
      unreadable: [`${agent}.meta.json EACCES`],
    });
  });

  test("the user's config: nothing is counted without it, but where the home is somebody else's", () => {
    const home = homeWith({ ".config/tokensift/config.json": '{"by":"model"}' });
    expect(scanned(home, [], { asNobody: true }).rows[0]?.key).toHaveProperty("model");
    chmodSync(join(home, ".config/tokensift"), 0);
    const { code, stderr } = ask(home, ["scan"], { asNobody: true });
    expect([code, stderr]).toEqual([2, expect.stringContaining("config.json: cannot be read (EACCES")]);
  });

  test("what says where transcripts of a run are", () => {
    const world = World.fromFixture("whole-team");
    give(world.base);
    const projects = join(world.home, ".claude/projects");
    chmodSync(projects, 0o311);
    const told = ask(world.home, ["run", world.path(TEAM_STATE), "--json"], { asNobody: true });
    expect([told.code, JSON.parse(told.stdout)]).toEqual([0, withUnreadable(projects, "EACCES")]);
  });

  test("a current folder in one that is somebody else's: there is no repository, no config and no timers", () => {
    const home = homeWith();
    const folder = join(makeFolder({ "in/side": "" }), "in");
    const { code, stderr } = ask(home, ["scan", "--by", "task", "--json"], { asNobody: true, folder });
    expect([code, stderr]).toEqual([0, ""]);
  });
});

test("what is damaged is said, though it only names", () => {
  const agent = `.claude/projects/-srv-app/${sessionId(1)}/subagents/agent-a`;
  const storage = `${DATA}/storage`;
  const home = homeWith({
    [`${agent}.jsonl`]: [response(2, { isSidechain: true })],
    [`${agent}.meta.json`]: '{"agentType":"Expl',
    ".gemini/tmp/app/chats/session-1.jsonl": ['{"sessionId":"g","projectHash":"x","startTime":"2026-06-01T00:00:00Z"}'],
    ".gemini/projects.json": '{"projects":',
    [`${storage}/message/ses_1/msg_1.json`]: message(7),
    [`${storage}/session/p/ses_1.json`]: "null",
  });
  const named = [".gemini/projects.json NO_JSON", `${storage}/session/p/ses_1.json NO_JSON`];
  expect(scanned(home)).toMatchObject({ tokens: 222 + 9, unreadable: named });
  const unreadable = [`${agent}.meta.json NO_JSON`, ...named];
  expect(scanned(home, ["--by", "agent"])).toMatchObject({ tokens: 222 + 9, unreadable });
});

test("a config file that is a link to nowhere is said", () => {
  const home = homeWith();
  mkdirSync(join(home, ".config/tokensift"), { recursive: true });
  symlinkSync("nowhere", join(home, ".config/tokensift/config.json"));
  expect(ask(home, ["scan"])).toMatchObject({ code: 2, stderr: expect.stringContaining("(ENOENT;") as string });
});

test("a root that is a link to nowhere is said: a disk that is not there", () => {
  const home = homeWith();
  mkdirSync(join(home, ".codex"));
  symlinkSync("/nowhere/sessions", join(home, ".codex/sessions"));
  symlinkSync("/nowhere/pi", join(home, ".pi"));
  const unreadable = [".codex/sessions ENOENT", ".pi/agent/sessions ENOENT"];
  expect(scanned(home)).toMatchObject({ tokens: 111, unreadable });
});

test("a .git that leads in a circle is no repository", () => {
  const home = homeWith();
  symlinkSync(".git", join(home, ".git"));
  expect(scanned(home, ["--by", "task"])).toMatchObject({ tokens: 111 });
});

test("a database whose log cannot be looked at costs itself", () => {
  const home = withDatabase();
  symlinkSync("opencode.db-wal", join(home, DATA, "opencode.db-wal"));
  expect(scanned(home)).toMatchObject({ tokens: 111, unreadable: [`${DATA}/opencode.db ELOOP`] });
});

test.each([
  ["a number beyond all numbers", message(1).replace('"input":1', '"input":1e400')],
  [
    "what nests too deep to be written",
    message(1, { cwd: "x" })
      .replace('"x"', `${"[".repeat(300_000)}${"]".repeat(300_000)}`)
      .replace('"reasoning":0', `"reasoning":${"[".repeat(300_000)}${"]".repeat(300_000)}`),
  ],
])("a row of a database with %s is damaged, and the others count", (_, data) => {
  const { tokens, skipped } = scanned(withDatabase("opencode.db", data));
  expect([tokens, skipped.malformed]).toEqual([111 + 9, 1]);
});

test.each<[string, (index: Record<string, unknown>) => unknown]>([
  ["is nothing", () => null],
  ["names what can be no file", (index) => ({ ...index, providers: [{ id: "a\0b", bytes: 1 }] })],
  ["names what is not there", (index) => ({ ...index, providers: [{ id: "gone", bytes: 1 }] })],
  ["lists nothing", (index) => ({ ...index, providers: [null] })],
  ["has a pattern that is none", (index) => ({ ...index, providers: [{ id: "x", match: { regex: "(" } }] })],
])("fetched prices whose list %s are no use", (_, change) => {
  const home = homeWith({
    [`.claude/projects/-srv-app/${sessionId(2)}.jsonl`]: [response(2, {}, {}, { model: "odd-1" })],
  });
  const { costBasis } = scanned(home);
  const bundled = JSON.parse(readFileSync(join(CLI, "../prices/index.json"), "utf8")) as Record<string, unknown>;
  const fetched = change({ ...bundled, fetchedAt: "2026-11-20T00:00:00.000Z" });
  mkdirSync(join(home, "cache/prices"), { recursive: true });
  writeFileSync(join(home, "cache/prices/index.json"), JSON.stringify(fetched));
  expect(scanned(home)).toMatchObject({ tokens: 222, costBasis });
});

test("a hook that is given a folder does not scan what is above it", () => {
  const home = homeWith();
  const child = spawnSync(process.execPath, [CLI, "hook"], {
    input: JSON.stringify({ session_id: "s", transcript_path: "/" }),
    env: { PATH: process.env["PATH"], HOME: home },
    encoding: "utf8",
    timeout: PATIENCE_MS,
  });
  expect([child.status, child.stderr]).toEqual([0, expect.stringContaining("transcript_path is a folder")]);
});
