/** `tokensift statusline`: one line of the scan's own figures, whatever stands on stdin. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BlocksReport, Figures, ScanResult } from "tokensift";
import { describe, expect, test } from "vitest";
import { makeFolder, sessionId } from "../transcripts.ts";
import { makeHome, response } from "./home.ts";
import { hasTerminal, onTerminal } from "./terminal.ts";
import { CLI, type Ending, endOf, tokensift, type World } from "./tokensift.ts";

const SESSION = sessionId(1);
const PROJECT = ".claude/projects/-srv-app";
const MINUTE_MS = 60_000;
const SECRET = "what the user asked";
const msAgo = (ms: number) => new Date(Date.now() - ms).toISOString();
const user = JSON.stringify({
  type: "user",
  uuid: "u-1",
  timestamp: msAgo(0),
  message: { role: "user", content: SECRET },
});

/** One response of a million tokens of input, or of so much: a cost to be seen. */
const million = (ms: number, model = "claude-opus-4-6", input = 1_000_000, nowMs = Date.now()) =>
  response(
    { timestamp: new Date(nowMs - ms).toISOString() },
    { input_tokens: input, output_tokens: 0, cache_read_input_tokens: 0 },
    { model },
  );

async function statusline(
  stdin: unknown,
  { home = "/nonexistent", variables = {} }: World,
  ...flags: string[]
): Promise<Ending> {
  const child = spawn(process.execPath, [CLI, "statusline", ...flags], {
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      TZ: "UTC",
      TOKENSIFT_CACHE_DIR: join(makeFolder(), "cache"),
      ...variables,
    },
  });
  child.stdin.on("error", () => {});
  if (stdin instanceof LeftOpen) for (const part of stdin.parts) child.stdin.write(part);
  else child.stdin.end(typeof stdin === "string" ? stdin : JSON.stringify(stdin));
  return endOf(child);
}

/** What is written to stdin by somebody who does not close it. */
class LeftOpen {
  readonly parts: readonly string[];
  constructor(parts: readonly string[]) {
    this.parts = parts;
  }
}

const input = (more: object = {}) => {
  return {
    hook_event_name: "Status",
    session_id: SESSION,
    transcript_path: `/elsewhere/${SESSION}.jsonl`,
    cwd: "/srv/app",
    model: { id: "claude-opus-4-6", display_name: "Opus 4.6" },
    workspace: { current_dir: "/srv/app", project_dir: "/srv/app" },
    cost: { total_cost_usd: 99, total_duration_ms: 1 },
    ...more,
  };
};
const context = (more: object = {}) => {
  const current_usage = {
    input_tokens: 8500,
    output_tokens: 1200,
    cache_creation_input_tokens: 5000,
    cache_read_input_tokens: 2000,
  };
  return { context_window: { total_input_tokens: 1, context_window_size: 200_000, current_usage, ...more } };
};

/** This session, its subagent, a copy of its first response in another session, and another session's own. */
function atWork(): string {
  // Rates are of exactly seven minutes.
  const nowMs = Date.now();
  const before = (minutes: number, input?: number) => million(minutes * MINUTE_MS, undefined, input, nowMs);
  const first = before(10);
  return makeFolder({
    [`${PROJECT}/${SESSION}.jsonl`]: `${user}\n${first}`,
    [`${PROJECT}/${SESSION}/subagents/agent-a1.jsonl`]: before(5),
    [`${PROJECT}/${sessionId(2)}.jsonl`]: `${first}${before(3, 2_000_000)}`,
    [`${PROJECT}/${sessionId(3)}.jsonl`]: before(40 * 60),
  });
}

const usd = ({ costUsd }: Pick<Figures, "costUsd">) => `$${(costUsd as number).toFixed(2)}`;

describe("the line", () => {
  test("has the figures of scan and blocks, each response once", async () => {
    const home = atWork();
    const json = async <T>(...args: string[]) =>
      JSON.parse((await tokensift([...args, "--json"], { home })).stdout) as T;
    const session = (await json<ScanResult>("scan", "--session", SESSION)).totals;
    const today = (await json<ScanResult>("scan", "--since", "today")).totals;
    const block = (await json<BlocksReport>("blocks", "--active")).blocks[0];
    expect(session).toMatchObject({ totalTokens: 2_000_000, responses: 2, costUsd: 10 });
    expect(block).toMatchObject({ totalTokens: 4_000_000, responses: 3, costUsd: 20 });
    const { stdout, ...rest } = await statusline(input(context()), { home });
    expect(rest).toEqual({ code: 0, signal: null, stderr: "" });
    const left = /\((\d h \d\d left)\)/.exec(stdout)?.[1];
    // 20 dollars from 10 minutes ago to 3 minutes ago.
    expect(stdout).toBe(
      `Opus 4.6 | $10.00 session / ${usd(today)} today / $20.00 block (${left}) | $171.43/hour | context 15,500 (8 %)\n`,
    );
  });

  test("says nothing of a session that no transcript is of: what Claude Code says may be that of the one before", async () => {
    const { stdout } = await statusline(input({ session_id: sessionId(9) }), { home: atWork() });
    expect(stdout).toMatch(/^Opus 4\.6 \| \$\d+\.00 today \/ \$20\.00 block /);
  });

  test("says zero where a transcript has no response yet", async () => {
    const home = makeFolder({ [`${PROJECT}/${SESSION}.jsonl`]: `${user}\n` });
    expect((await statusline(input(), { home })).stdout).toBe("Opus 4.6 | $0.00 session / $0.00 today / no block\n");
  });

  test("says no block where none is running", async () => {
    const { stdout } = await statusline(input(), { home: makeHome(million(40 * 60 * MINUTE_MS)) });
    expect(stdout).toBe("Opus 4.6 | $0.00 today / no block\n");
  });

  test("takes no id for a pattern", async () => {
    const { stdout } = await statusline(input({ session_id: "*" }), { home: atWork() });
    expect(stdout).not.toContain("session");
  });

  test("names the session by its transcript where no id is given", async () => {
    const { stdout } = await statusline({ transcript_path: `/elsewhere/${SESSION}.jsonl` }, { home: atWork() });
    expect(stdout).toMatch(/^\$10\.00 session \/ /);
  });

  test("says where a price is missing", async () => {
    const home = makeFolder({ [`${PROJECT}/${SESSION}.jsonl`]: million(2 * MINUTE_MS) + million(0, "nobody-knows") });
    expect((await statusline(input(), { home })).stdout).toContain("| >$5.00 session / ");
    const unknown = makeFolder({ [`${PROJECT}/${SESSION}.jsonl`]: million(0, "nobody-knows", 1234) });
    expect((await statusline(input(), { home: unknown })).stdout).toContain("| 1,234 tokens session / ");
  });

  test("is in tokens where costs are not asked for", async () => {
    const { stdout } = await statusline(input(), { home: atWork() }, "--cost", "none");
    expect(stdout).toContain("| 2,000,000 tokens session / ");
    expect(stdout).toContain("/ 4,000,000 tokens block (");
    expect(stdout).toMatch(/ \| 571,4\d\d tokens\/min/);
  });

  test("knows today where no zone is set, as a scan does", async () => {
    const home = atWork();
    const rest = { PATH: process.env["PATH"], HOME: home, TOKENSIFT_CACHE_DIR: join(makeFolder(), "cache") };
    const run = async (...args: string[]) => {
      const child = spawn(process.execPath, [CLI, ...args], { env: rest, stdio: ["ignore", "pipe", "pipe"] });
      return (await endOf(child)).stdout;
    };
    const { totals } = JSON.parse(await run("scan", "--since", "today", "--json")) as ScanResult;
    expect(await run("statusline")).toContain(`${usd(totals)} today / `);
  });

  test("is not stopped by absurd numbers of other days", async () => {
    const huge = million(40 * 60 * MINUTE_MS, "claude-opus-4-6", Number.MAX_SAFE_INTEGER);
    const home = makeFolder({
      [`${PROJECT}/${SESSION}.jsonl`]: million(0),
      [`${PROJECT}/${sessionId(2)}.jsonl`]: huge,
      [`${PROJECT}/${sessionId(3)}.jsonl`]: huge.replaceAll("msg_", "msg_x").replaceAll("req_", "req_x"),
    });
    expect((await tokensift(["scan"], { home })).code).toBe(2);
    const { stdout, stderr } = await statusline(input(), { home });
    expect({ stdout: stdout.split(" block")[0], stderr }).toEqual({
      stdout: "Opus 4.6 | $5.00 session / $5.00 today / $5.00",
      stderr: "",
    });
  });

  test("is of all sessions and of today, whatever windows and filters stand elsewhere", async () => {
    const variables = { TOKENSIFT_SINCE: "2030-01-01", TOKENSIFT_SOURCE: "codex", TOKENSIFT_BY: "day" };
    const { stdout } = await statusline(input(), { home: atWork(), variables });
    expect(stdout).toContain("| $10.00 session / ");
  });
});

describe("the context", () => {
  test("has the percentage that Claude Code says, and stands out when it is nearly full", async () => {
    const { stdout } = await statusline(input(context({ used_percentage: 81.4 })), { home: atWork() }, "--color");
    expect(stdout).toContain("\u001B[33mcontext 15,500 (81 %)\u001B[39m");
  });

  test("is that of the transcript's last response where an older Claude Code does not say", async () => {
    const own = response(
      { timestamp: msAgo(5000) },
      { input_tokens: 7, cache_creation_input_tokens: 20, cache_read_input_tokens: 300 },
    );
    const home = makeFolder({
      [`${PROJECT}/${SESSION}.jsonl`]: million(9000) + own,
      [`${PROJECT}/${SESSION}/subagents/agent-a1.jsonl`]: million(1000),
    });
    expect((await statusline(input(), { home })).stdout).toMatch(/ \| context 327\n$/);
  });

  test("of a fork that has not answered yet is that of the last response it copied", async () => {
    const own = (ms: number, inputTokens: number, session: string) =>
      response(
        { timestamp: msAgo(ms), sessionId: session, uuid: `u-${inputTokens}`, requestId: `r-${inputTokens}` },
        {
          input_tokens: inputTokens,
          cache_read_input_tokens: 0,
        },
        { id: `m-${inputTokens}` },
      );
    const original = sessionId(0);
    const home = makeFolder({
      [`${PROJECT}/${original}.jsonl`]: own(9000, 7, original) + own(8000, 30, original) + own(1000, 500, original),
      [`${PROJECT}/${SESSION}.jsonl`]: own(9000, 7, SESSION) + own(8000, 30, SESSION),
    });
    expect((await statusline(input(), { home })).stdout).toMatch(/ \| context 30\n$/);
  });

  test("is not told where Claude Code does not know it: at the beginning, and after a compaction", async () => {
    const { stdout } = await statusline(input(context({ current_usage: null })), { home: atWork() });
    expect(stdout).not.toContain("context");
  });
});

describe("what is wrong is said on stderr, with a short line and exit code 0", () => {
  test.each([
    ["no JSON", `{"session_id": "${SECRET}`],
    ["a list", "[1]"],
    ["no text", Buffer.from([0xff, 0xfe, 0]).toString("latin1")],
  ])("stdin is %s", async (_, stdin) => {
    const { code, stdout, stderr } = await statusline(stdin, { home: atWork() });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\$\d+\.00 today \/ \$20\.00 block \(\d h \d\d left\) \| \$171\.43\/hour\n$/);
    expect(stderr).toBe("tokensift: statusline: stdin is no JSON object (it is for the status line of Claude Code)\n");
  });

  test("nothing on stdin is nothing to say: today and the block alone", async () => {
    const { code, stdout, stderr } = await statusline("", { home: atWork() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\$\d+\.00 today \/ \$20\.00 block /);
  });

  test("a pipe that nobody closes is not waited for once all is said", async () => {
    const text = JSON.stringify(input({ model: { display_name: "{}" } }));
    for (const parts of [
      [text],
      [`${text}\n`],
      [text.slice(0, text.indexOf("}") + 1), text.slice(text.indexOf("}") + 1)],
    ]) {
      const { code, stdout, stderr } = await statusline(new LeftOpen(parts), { home: atWork() });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain("{} | $10.00 session / ");
    }
  });

  test("fields of other kinds are passed over", async () => {
    const odd = { session_id: 5, transcript_path: {}, model: "Opus", cost: [], context_window: { current_usage: "x" } };
    const { code, stdout, stderr } = await statusline(odd, { home: atWork() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\$\d+\.00 today \/ /);
  });

  test("lines are damaged: what is missing is said, as a scan does", async () => {
    const home = makeFolder({ [`${PROJECT}/${SESSION}.jsonl`]: `${million(0)}{broken ${SECRET}\n` });
    const { code, stdout, stderr } = await statusline(input(), { home });
    expect({ code, line: stdout.split(" /")[0] }).toEqual({ code: 0, line: "Opus 4.6 | $5.00 session" });
    expect(stderr).toMatch(/^Skipped 1 line: 1 malformed\n {2}[^\n]*:2 \(byte \d+\) malformed\n$/);
    expect((await statusline(input(), { home }, "--quiet")).stderr).toBe("");
  });

  test("there are no transcripts", async () => {
    const { code, stdout, stderr } = await statusline(input(), { home: makeFolder() });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "Opus 4.6 | no transcripts\n" });
    expect(stderr).toMatch(/^tokensift: No transcripts found. Looked in:\n {2}\//);
  });

  test("a variable or a config file is wrong", async () => {
    const home = atWork();
    const line = "Opus 4.6 | no figures (tokensift says why on stderr)\n";
    const zone = await statusline(input(), { home, variables: { TOKENSIFT_TIMEZONE: "Mars" } });
    expect(zone).toMatchObject({ code: 0, stdout: line });
    expect(zone.stderr).toMatch(/^tokensift: TOKENSIFT_TIMEZONE: "Mars" is no time zone[^\n]*\n$/);
    mkdirSync(join(home, ".config/tokensift"), { recursive: true });
    writeFileSync(join(home, ".config/tokensift/config.json"), '{"tyme": 1}');
    const file = await statusline(input(), { home });
    expect(file).toMatchObject({ code: 0, stdout: line });
    expect(file.stderr).toMatch(/^tokensift: .*tyme[^\n]*\n$/);
    const both = await statusline("[1]", { home });
    expect(both.stderr).toMatch(/^tokensift: statusline: stdin[^\n]*\ntokensift: .*tyme[^\n]*\n$/);
  });

  test("a flag is wrong: exit code 2, for whoever writes the command", async () => {
    for (const flags of [
      ["--timezone", "Mars"],
      ["--prices", "/nowhere.json"],
      ["--bogus"],
      ["--by", "day"],
      ["more"],
    ]) {
      const { code, stdout, stderr } = await statusline(input(), { home: atWork() }, ...flags);
      expect({ flags, code, stdout }).toEqual({ flags, code: 2, stdout: "" });
      expect(stderr).toMatch(/^tokensift: [^\n]+\n$/);
    }
  });
});

test.skipIf(!hasTerminal)("a terminal on stdin is not waited for (needs util-linux's script)", async () => {
  const text = await onTerminal("statusline", atWork(), { TOKENSIFT_CACHE_DIR: join(makeFolder(), "cache") }, 200);
  expect(text).toContain(" today / ");
  expect(text).toContain("tokensift: statusline: stdin is a terminal");
});

describe("how it looks", () => {
  test("it is one line without commands for a terminal, whatever models are called", async () => {
    const { stdout } = await statusline(input({ model: { display_name: "Op\nus\u001B[31m\r" } }), { home: atWork() });
    expect(stdout.split("\n")).toHaveLength(2);
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000B-\u001F]/);
  });

  test("no text of a transcript or of stdin is in it", async () => {
    const { stdout, stderr } = await statusline({ ...input(), prompt: SECRET }, { home: atWork() });
    expect(stdout + stderr).not.toContain(SECRET);
  });

  test("colour is for who asks", async () => {
    const world = { home: atWork() };
    const bold = "\u001B[1mOpus 4.6\u001B[22m";
    expect((await statusline(input(), world)).stdout).not.toContain("\u001B");
    expect((await statusline(input(), world, "--color")).stdout).toContain(bold);
    expect((await statusline(input(), { ...world, variables: { FORCE_COLOR: "1" } })).stdout).toContain(bold);
    const both = { FORCE_COLOR: "1", NO_COLOR: "1" };
    expect((await statusline(input(), { ...world, variables: both })).stdout).not.toContain("\u001B");
  });

  test("it fits the columns that are said, and loses the least first", async () => {
    const home = atWork();
    const shapes = new Set<string>();
    for (let columns = 130; columns > 0; columns -= 6) {
      const { stdout } = await statusline(input(context()), { home, variables: { COLUMNS: String(columns) } });
      expect(stdout.length - 1).toBeLessThanOrEqual(columns);
      shapes.add(["hour", "context", "today", "session"].filter((part) => stdout.includes(part)).join());
    }
    expect([...shapes]).toEqual([
      "hour,context,today,session",
      "context,today,session",
      "today,session",
      "session",
      "",
    ]);
  });
});

test("a warm line opens nothing that a warm scan does not, but its own code, and no transcript", async () => {
  const home = atWork();
  const cache = join(makeFolder(), "cache");
  for (const name of [1, 2, 3].map((n) => join(home, PROJECT, `${sessionId(n)}.jsonl`)))
    utimesSync(name, 1_700_000_000, 1_700_000_000);
  const agent = join(home, PROJECT, SESSION, "subagents/agent-a1.jsonl");
  utimesSync(agent, 1_700_000_000, 1_700_000_000);
  const preload = pathToFileURL(join(import.meta.dirname, "../cursors/record-opens.mjs")).href;
  const opened = async (args: readonly string[]): Promise<Set<string>> => {
    const report = join(makeFolder(), "opens");
    const variables = { RECORD_OPENS: report, NODE_OPTIONS: `--import=${preload}`, TOKENSIFT_CACHE_DIR: cache };
    const world = { home, variables: { ...variables, NODE_DISABLE_COMPILE_CACHE: "1" } };
    expect(await tokensift(args, world)).toMatchObject({ code: 0 });
    return new Set(
      readFileSync(report, "utf8")
        .split("\n")
        .filter((path) => path !== ""),
    );
  };
  await opened(["scan"]);
  const scan = await opened(["scan", "--source", "claude", "--json"]);
  const line = await opened(["statusline"]);
  const more = [...line].filter((path) => !scan.has(path)).map((path) => path.replace(/^.*\//, ""));
  expect(more).toEqual(["statusline.cjs"]);
  expect([...line].filter((path) => path.endsWith(".jsonl"))).toEqual([]);
  expect([...line].some((path) => path.includes(cache))).toBe(true);
});
