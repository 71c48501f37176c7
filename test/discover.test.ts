/** Where agents keep their transcripts, and what places and first records say about them. */
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import zlib from "node:zlib";
import { scan } from "tokensift";
import { describe, expect, test } from "vitest";
import { diagnosticLines } from "../src/report/diagnostics.ts";
import { lines, makeFolder, response, sessionId, type Tree } from "./transcripts.ts";

const rollout = (id: string, input: number, more: object = {}): string =>
  lines(
    [
      { type: "session_meta", payload: { id, cwd: "/srv/app", ...more } },
      { type: "event_msg", payload: { type: "token_count", info: { total_token_usage: { input_tokens: input } } } },
    ].map((line) => JSON.stringify(line)),
  );
const gemini = (id: string, input: number): string =>
  lines(
    [
      { sessionId: id, projectHash: "x" },
      { id: "m1", type: "gemini", tokens: { input } },
    ].map((line) => JSON.stringify(line)),
  );

/** What is on a machine with these files at home. */
async function scanHome(tree: Tree, variables: Record<string, string> = {}, by: "source" | "project" = "source") {
  const home = makeFolder(tree);
  const here = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value.replaceAll("~", home).replaceAll("%", "~")]),
  );
  const environment = { variables: here, home, platform: "linux" as const };
  const { rows } = await scan({ environment, by: [by], threads: 0, cache: false });
  return Object.fromEntries(rows.map(({ key, totalTokens }) => [key[by], totalTokens]));
}

const HOME: Tree = {
  [`.claude/projects/-srv-app/${sessionId(1)}.jsonl`]: [response(1)],
  [`.codex/sessions/2026/06/01/rollout-2026-06-01T10-00-00-${sessionId(2)}.jsonl`]: rollout(sessionId(2), 1000),
  [`.codex/sessions/rollout-old-${sessionId(3)}.jsonl`]: rollout(sessionId(3), 2000),
  [`.codex/archived_sessions/rollout-2026-06-01T10-00-00-${sessionId(4)}.jsonl`]: rollout(sessionId(4), 4000),
  [`.codex/rollout_revisions/${sessionId(2)}/${sessionId(5)}.jsonl`]: rollout(sessionId(2), 8000),
  [`.codex/rollout_revisions/.staging/sessions/rollout-2026-06-01T10-00-00-${sessionId(2)}.jsonl`]: rollout(
    "s",
    90_000,
  ),
  ".gemini/tmp/app/chats/session-1.jsonl": gemini("s1", 7),
  ".gemini/tmp/app/chats/s1/s2.jsonl": gemini("s2", 8),
  ".gemini/tmp/app/logs.json": "[]",
};

const document = (id: string, input: number): string =>
  JSON.stringify({ sessionId: id, projectHash: "x", messages: [{ id: "m1", type: "gemini", tokens: { input } }] });

const amp = (input: number) => JSON.stringify({ id: "t", messages: [{ usage: { model: "m", inputTokens: input } }] });
const pi = (id: string, input: number) =>
  lines(
    [
      { type: "session", id, cwd: "/srv/app" },
      { type: "message", id, message: { role: "assistant", model: "m", usage: { input } } },
    ].map((line) => JSON.stringify(line)),
  );

describe("a home", () => {
  test.each([
    [{}, { amp: 1, pi: 10 }],
    [{ XDG_DATA_HOME: "~/data" }, { amp: 2, pi: 10 }],
    [
      { XDG_DATA_HOME: "~/data", AMP_DATA_HOME: "~/amp" },
      { amp: 4, pi: 10 },
    ],
    [{ PI_CODING_AGENT_DIR: "~/agent" }, { amp: 1, pi: 20 }],
    // What Pi itself takes for the home folder.
    [
      { PI_CODING_AGENT_DIR: "%/agent", PI_CODING_AGENT_SESSION_DIR: "%/new" },
      { amp: 1, pi: 60 },
    ],
    [{ PI_CODING_AGENT_SESSION_DIR: "~/new" }, { amp: 1, pi: 50 }],
    [
      { PI_CODING_AGENT_SESSION_DIR: "", AMP_DATA_HOME: "", XDG_DATA_HOME: "" },
      { amp: 1, pi: 10 },
    ],
  ])("with %j", async (variables, expected) => {
    const tree = {
      ".local/share/amp/threads/T-1.json": amp(1),
      "data/amp/threads/T-1.json": amp(2),
      "amp/amp/threads/T-1.json": amp(4),
      ".pi/agent/sessions/--srv-app--/1.jsonl": pi("a", 10),
      "agent/sessions/--srv-app--/2.jsonl": pi("b", 20),
      "new/3.jsonl": pi("c", 40),
    };
    expect(await scanHome(tree, variables)).toEqual(expected);
  });

  test("holds transcripts of several agents", async () => {
    expect(await scanHome(HOME)).toEqual({ claude: 111, codex: 15_000, gemini: 15 });
  });

  // Gemini CLI wrote a subagent's session so from 26 March to 9 April 2026 (`chatRecordingService.ts` 104587b).
  test("holds documents of Gemini CLI's subagents, which are not named like sessions", async () => {
    const tree = {
      ".gemini/tmp/app/chats/session-2026-04-01T10-00-s1.json": document("s1", 1),
      ".gemini/tmp/app/chats/s1/k3f9x2.json": document("k3f9x2", 2),
      ".gemini/tmp/app/chats/k3f9x2.json": document("not named like a session", 4),
    };
    expect(await scanHome(tree)).toEqual({ gemini: 3 });
  });

  test("holds no transcripts where Gemini CLI keeps logs and what its tools wrote", async () => {
    const tree = {
      ".gemini/tmp/app/chats/session-1.jsonl": gemini("s1", 7),
      ".gemini/tmp/app/logs/session-s1.jsonl": '{"type":"network","payload":{},"sessionId":"s1","timestamp":1}\n',
      ".gemini/tmp/app/checkpoints/session-1.json": document("s2", 8),
      ".gemini/tmp/app/made-by-a-tool.jsonl": gemini("s3", 16),
    };
    const environment = { variables: {}, home: makeFolder(tree), platform: "linux" as const };
    const { totals, stats } = await scan({ environment, threads: 0, cache: false });
    expect([totals.totalTokens, totals.firstAt, stats.transcripts]).toEqual([7, null, 1]);
  });

  // `formats/gemini.md` §1, §4 no. 3: it is an older copy of the file without the suffix.
  test("holds no transcripts where Gemini CLI kept a damaged one aside, or was writing one", async () => {
    const tree = {
      ".gemini/tmp/app/chats/session-1.jsonl": gemini("s1", 7),
      ".gemini/tmp/app/chats/session-1.jsonl.unreadable-1775000000000": gemini("s1", 7) + gemini("s2", 8),
      ".gemini/tmp/app/chats/session-3.jsonl.tmp-4711": gemini("s3", 16),
      ".gemini/tmp/app/chats/session-4.json.unreadable-1775000000000": document("s4", 32),
      ".gemini/tmp/app/chats/s1/k3f9x2.jsonl.unreadable-1775000000000": gemini("k3f9x2", 64),
    };
    expect(await scanHome(tree)).toEqual({ gemini: 7 });
    expect(await scanHome(Object.fromEntries(Object.entries(tree).slice(1)))).toEqual({});
  });

  test("is elsewhere where a variable says so", async () => {
    const tree = { ...HOME, "one/sessions/a.jsonl": rollout("a", 1), "two/sessions/b.jsonl": rollout("b", 2) };
    expect(await scanHome(tree, { CODEX_HOME: "~/one, ~/two", GEMINI_CLI_HOME: "~/none" })).toEqual({
      claude: 111,
      codex: 3,
    });
  });
});

// `<organisation>/<account>/local_<id>/.claude/projects/<folder>/<session>.jsonl`, and beside `.claude` the log of what the
// Agent SDK said, which repeats every response (github.com/skillsynchq/txcript, pull request 9).
describe("Claude Desktop's local agent mode", () => {
  const above = `${sessionId(90)}/${sessionId(91)}/local_${sessionId(92)}`;
  const said = JSON.stringify({
    ...{ type: "assistant", uuid: "said-1", session_id: sessionId(1), _audit_timestamp: "2026-06-01T00:01:00.100Z" },
    message: { id: "msg_1", model: "claude-opus-4-6", usage: { input_tokens: 1, output_tokens: 1 } },
  });
  const store: Tree = {
    [`${above}/audit.jsonl`]: [said],
    [`${above}/uploads/other.jsonl`]: [response(9)],
    [`${above}/uploads/projects/list.jsonl`]: [response(8)],
    [`${above}/.claude/projects/-sessions-app/${sessionId(1)}.jsonl`]: [response(1)],
    [`${above}/.claude/projects/-sessions-app/${sessionId(1)}/subagents/agent-a1.jsonl`]: [
      response(2, { isSidechain: true }),
    ],
    // Named like a working directory in the store.
    [`${sessionId(90)}/subagents/agent/local_x/.claude/projects/-local-agent-mode-sessions-/${sessionId(3)}.jsonl`]: [
      response(3, { cwd: "/sessions/web" }),
    ],
  };
  const beneath = (folder: string): Tree =>
    Object.fromEntries(Object.entries(store).map(([name, content]) => [`${folder}/${name}`, content]));
  const by = ["project", "session", "agent"] as const;
  const expected = [
    [{ project: "/sessions/web", session: sessionId(3), agent: "main" }, 111],
    [{ project: "/srv/app", session: sessionId(1), agent: "main" }, 111],
    [{ project: "/srv/app", session: sessionId(1), agent: "subagent" }, 111],
  ];
  const PACKAGE = "LocalCache/Roaming/Claude/local-agent-mode-sessions";

  test.each([
    ["linux", {}, ".config/Claude/local-agent-mode-sessions"],
    ["linux", { XDG_CONFIG_HOME: "~/xdg" }, "xdg/Claude/local-agent-mode-sessions"],
    ["darwin", {}, "Library/Application Support/Claude/local-agent-mode-sessions"],
    ["win32", { APPDATA: "~/Roaming" }, "Roaming/Claude/local-agent-mode-sessions"],
    ["win32", {}, "AppData/Roaming/Claude/local-agent-mode-sessions"],
    ["win32", { LOCALAPPDATA: "~/Local" }, `Local/Packages/Claude_pzs8sxrjxfjjc/${PACKAGE}`],
    ["win32", { LOCALAPPDATA: "~/Local" }, `Local/Packages/Anthropic.Claude_pzs8sxrjxfjjc/${PACKAGE}`],
    ["win32", {}, `AppData/Local/Packages/Claude_pzs8sxrjxfjjc/${PACKAGE}`],
  ] as const)(
    "%s, with %j: each session is known by its own id, in its own project",
    async (platform, some, folder) => {
      const home = makeFolder(beneath(folder));
      const variables = Object.fromEntries(
        Object.entries(some).map(([name, value]) => [name, value.replace("~", home)]),
      );
      const environment = { variables, home, platform };
      const { rows, stats } = await scan({ environment, by, threads: 0, cache: false });
      expect(rows.map(({ key, totalTokens }) => [key, totalTokens])).toEqual(expected);
      expect(stats).toMatchObject({ transcripts: 3, duplicateRecords: 0 });
    },
  );

  test("a store given by hand says the same, and a log that is given itself is read", async () => {
    const folder = makeFolder(beneath("local-agent-mode-sessions"));
    const { rows } = await scan({ paths: [folder], by, threads: 0, cache: false });
    expect(rows.map(({ key, totalTokens }) => [key, totalTokens])).toEqual(expected);
    const log = join(folder, "local-agent-mode-sessions", above, "audit.jsonl");
    expect((await scan({ paths: [log], threads: 0, cache: false })).totals.totalTokens).toBe(2);
  });
});

test.each([
  ["~/one", { "/one": 111 }],
  ["~/one/projects", { "/one": 111 }],
  ["~/one/projects/ , ~/two,, ", { "/one": 111, "/two": 111 }],
  ["~/none", {}],
  // Not set, in effect.
  [" ,", { "/home": 111, "/xdg": 111, "/desktop": 111 }],
])("CLAUDE_CONFIG_DIR %s", async (value, expected) => {
  const at = (n: number, cwd: string) => [response(n, { cwd })];
  const tree = {
    [`.claude/projects/-home/${sessionId(1)}.jsonl`]: at(1, "/home"),
    [`xdg/claude/projects/-xdg/${sessionId(2)}.jsonl`]: at(2, "/xdg"),
    [`xdg/Claude/local-agent-mode-sessions/a/b/projects/-desktop/${sessionId(3)}.jsonl`]: at(3, "/desktop"),
    [`one/projects/-one/${sessionId(4)}.jsonl`]: at(4, "/one"),
    [`two/projects/-two/${sessionId(5)}.jsonl`]: at(5, "/two"),
    [`two/${sessionId(6)}.jsonl`]: at(6, "/beside"),
  };
  expect(await scanHome(tree, { CLAUDE_CONFIG_DIR: value, XDG_CONFIG_HOME: "~/xdg" }, "project")).toEqual(expected);
});

test("one agent's transcripts, when only they are asked for", async () => {
  const environment = { variables: {}, home: makeFolder(HOME), platform: "linux" as const };
  const { rows, stats, diagnostics } = await scan({ environment, sources: ["codex"], by: ["source"], cache: false });
  expect(rows.map(({ key }) => key)).toEqual([{ source: "codex" }]);
  expect([stats.transcripts, diagnostics.roots.length]).toEqual([4, 3]);
  await expect(scan({ environment, sources: ["cursor" as "codex"] })).rejects.toMatchObject({ code: "INVALID_OPTION" });
});

test("files given by hand are whose their first records say, whatever they are called", async () => {
  const long = rollout("r", 1000, { instructions: "x".repeat(100_000) });
  const folder = makeFolder({
    "a.jsonl": long,
    [`b/${sessionId(1)}.jsonl`]: rollout("r2", 2000),
    "c.jsonl": gemini("s1", 7),
    "d.jsonl": [response(1)],
    "e.json": JSON.stringify({
      kind: "main",
      messages: [{ id: "m", type: "gemini", tokens: { input: 30 } }],
      lastUpdated: "",
      sessionId: "s",
    }),
    "f.json": '{"some":"thing"}',
    "g.meta.json": "{}",
  });
  const { rows, stats } = await scan({ paths: [folder], by: ["source"], threads: 0, cache: false });
  const totals = Object.fromEntries(rows.map(({ key, totalTokens }) => [key.source, totalTokens]));
  expect(totals).toEqual({ codex: 3000, claude: 111, gemini: 37 });
  expect(stats.transcripts).toBe(5);
});

test("folders of settings given by hand tell no more than their transcripts: what was typed is none", async () => {
  const typed = { display: "hi", pastedContents: {}, timestamp: Date.UTC(2023, 0, 1), project: "/srv/other" };
  const folder = makeFolder({
    ...HOME,
    ".claude/history.jsonl": lines(
      [typed, { ...typed, timestamp: Date.UTC(2027, 0, 1), sessionId: sessionId(9) }].map((line) =>
        JSON.stringify(line),
      ),
    ),
    ".codex/history.jsonl": `${JSON.stringify({ session_id: sessionId(2), ts: 1_672_531_200, text: "hi" })}\n`,
  });
  const options = { by: ["source"], threads: 0, cache: false } as const;
  const given = await scan({ ...options, paths: [join(folder, ".claude"), join(folder, ".codex")] });
  const own = await scan({
    ...options,
    environment: { variables: {}, home: folder, platform: "linux" },
    sources: ["claude", "codex"],
  });
  expect([given.totals.firstAt, given.totals.durationMs]).toEqual(["2026-06-01T00:01:00.000Z", 0]);
  expect({ ...given.totals, transcripts: given.stats.transcripts }).toEqual({ ...own.totals, transcripts: 5 });
});

test("a subagent's side file may begin with a byte order mark", async () => {
  const agent = `-srv-app/${sessionId(1)}/subagents/agent-a1`;
  const folder = makeFolder({
    [`${agent}.jsonl`]: [response(1, { isSidechain: true })],
    [`${agent}.meta.json`]: '\uFEFF{"agentType":"Plan"}',
  });
  const { rows } = await scan({ paths: [folder], by: ["agent"], threads: 0, cache: false });
  expect(rows.map(({ key }) => key.agent)).toEqual(["Plan"]);
});

test("a path is one project, whichever agent names it and however", async () => {
  const hashOf = (path: string) => createHash("sha256").update(path).digest("hex");
  const hash = hashOf("/srv/elsewhere");
  const tree: Tree = {
    [`.claude/projects/-srv-app/${sessionId(1)}.jsonl`]: [response(1)],
    ".codex/sessions/r.jsonl": rollout("r", 1000),
    ".gemini/tmp/marked/chats/session-1.jsonl": gemini("s1", 1),
    ".gemini/tmp/marked/.project_root": "/srv/app\n",
    ".gemini/tmp/listed/chats/session-1.jsonl": gemini("s2", 2),
    ".gemini/projects.json": JSON.stringify({ projects: { "/srv/app": "listed", "/srv/only-listed": "renamed" } }),
    [`.gemini/tmp/${hash}/chats/session-1.jsonl`]: gemini("s3", 4),
    [`.gemini/tmp/${hashOf("/srv/app")}/chats/session-1.jsonl`]: gemini("s4", 8),
    // Nobody else names that path.
    [`.gemini/tmp/${hashOf("/srv/only-listed")}/chats/session-1.jsonl`]: gemini("s5", 16),
  };
  expect(await scanHome(tree, {}, "project")).toEqual({ "/srv/app": 1122, "/srv/only-listed": 16, [hash]: 4 });
});

describe("a compressed rollout", () => {
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };
  const name = `sessions/rollout-2026-06-01T10-00-00-${sessionId(2)}.jsonl`;
  // Magic, then nothing: without a reader it is never looked at.
  const bytes = zstdCompressSync?.(Buffer.from(rollout(sessionId(2), 1000))) ?? Buffer.from("28b52ffd", "hex");
  const scanFolder = (tree: Tree) => scan({ paths: [makeFolder(tree)], by: ["session"], threads: 0, cache: false });

  test("is read where Node can, and named where it cannot", async () => {
    const result = await scanFolder({ [`${name}.zst`]: bytes });
    if (zstdCompressSync) {
      expect(result.rows.map(({ key, totalTokens }) => [key.session, totalTokens])).toEqual([[sessionId(2), 1000]]);
      return;
    }
    expect(result.diagnostics.unreadable).toMatchObject([{ code: "NO_ZSTD" }]);
    expect(diagnosticLines(result).join("\n")).toMatch(/compressed; Node 22\.15 or newer reads it/);
  });

  test.skipIf(!zstdCompressSync)("that is cut off anywhere is pending; of several frames all count", async () => {
    const compress = zstdCompressSync as (bytes: Buffer, options?: object) => Buffer;
    const text = (n: number) =>
      Buffer.from(rollout(sessionId(n), n * 1000, { noise: "x".repeat(n === 3 ? 300_000 : 0) }));
    const checked = compress(text(2), {
      params: { [(zlib.constants as Record<string, number>)["ZSTD_c_checksumFlag"]!]: 1 },
    });
    // RFC 8878: a frame of somebody else's, which readers pass over.
    const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    for (const whole of [compress(text(2)), checked, compress(text(3))]) {
      const files = Object.fromEntries(
        Array.from({ length: 40 }, (_, cut) => Math.floor((whole.length * cut) / 40)).map((length) => [
          `sessions/rollout-${length}.jsonl.zst`,
          whole.subarray(0, length),
        ]),
      );
      const { stats, totals, diagnostics } = await scanFolder(files);
      const empty = Object.values(files).filter(({ length }) => length === 0).length;
      expect(diagnostics.unreadable).toEqual([]);
      expect([totals.totalTokens, stats.skipped.pending]).toEqual([0, Object.keys(files).length - empty]);
      expect((await scanFolder({ "sessions/rollout-a.jsonl.zst": whole })).totals.responses).toBe(1);
    }
    const halves = [text(2).subarray(0, 40), text(2).subarray(40)].map((half) => compress(half));
    expect(
      (await scanFolder({ "sessions/rollout-a.jsonl.zst": Buffer.concat([skippable, ...halves]) })).totals.totalTokens,
    ).toBe(2000);
    const other = await scanFolder({ "sessions/rollout-a.jsonl.zst": Buffer.from("something else") });
    expect(other.diagnostics.unreadable).toMatchObject([{ code: expect.stringMatching(/^ZSTD_/) as string }]);
  });

  const lineOf = (from: number) =>
    `{"timestamp":"2026-06-01T10:00:0${from}.000Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":${from}000}}}}\n`;
  const badUtf8 = Buffer.from(lineOf(3).replace("event_msg", 'event_msg","x":"?'));
  badUtf8[badUtf8.indexOf("?")] = 0xff;

  test.skipIf(!zstdCompressSync).each([
    ["ordinary lines", lineOf(2) + lineOf(3)],
    ["a byte order mark", `\uFEFF${lineOf(2)}${lineOf(3)}`],
    ["a line that is no UTF-8", Buffer.concat([Buffer.from(lineOf(2)), badUtf8, Buffer.from(lineOf(4))])],
    ["a long line", `${lineOf(2)}{"x":"${"y".repeat(2000)}"}\n${lineOf(3)}`],
    ["no line end", lineOf(2) + lineOf(3).trimEnd()],
  ])("says what the plain one would: %s", async (_, text) => {
    const plain = Buffer.from(text);
    const compressed = (zstdCompressSync as (bytes: Buffer) => Buffer)(plain);
    const answer = async (tree: Tree) => {
      const options = { by: ["session"], threads: 0, cache: false, maxLineBytes: 1000 } as const;
      const { totals, stats } = await scan({ ...options, paths: [makeFolder(tree)] });
      return { totals, records: stats.records, skipped: stats.skipped };
    };
    expect(await answer({ [`${name}.zst`]: compressed })).toEqual(await answer({ [name]: plain }));
  });

  test.skipIf(!zstdCompressSync)(
    "has its own records: those of its neighbour's cursor stay what they were",
    async () => {
      const compressed = (zstdCompressSync as (bytes: Buffer) => Buffer)(Buffer.from(lineOf(1) + lineOf(2)));
      const tree = { "sessions/rollout-a.jsonl.zst": compressed, "sessions/rollout-b.jsonl": lineOf(3) + lineOf(4) };
      const [folder, cacheDirectory] = [makeFolder(tree), makeFolder()];
      const realNow = Date.now;
      Date.now = () => realNow() + 5000;
      try {
        const records = async () => (await scan({ paths: [folder], cacheDirectory, threads: 0 })).stats.records;
        expect(await records()).toBe(4);
        rmSync(join(folder, "sessions/rollout-a.jsonl.zst"));
        expect(await records()).toBe(2);
      } finally {
        Date.now = realNow;
      }
    },
  );

  test("is passed over where the plain one is there", async () => {
    const { totals, stats } = await scanFolder({ [`${name}.zst`]: bytes, [name]: rollout(sessionId(2), 5) });
    expect([totals.totalTokens, stats.transcripts]).toEqual([5, 1]);
  });
});

test("a folder of Codex's in the place of an agent nobody named is found by what is in it", async () => {
  const folder = makeFolder({ "exports/x.jsonl": rollout("x", 3) });
  const { rows } = await scan({ paths: [join(folder, "exports")], by: ["source", "session"], cache: false });
  expect(rows.map(({ key }) => key)).toEqual([{ source: "codex", session: "x" }]);
});
