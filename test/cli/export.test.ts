import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeFolder, response as responseNumber, sessionId } from "../transcripts.ts";
import { makeHome, response, TRANSCRIPT } from "./home.ts";
import { CLI, endOf, start, tokensift } from "./tokensift.ts";

const HEADER =
  "time,source,model,project,session,agent,team,task,branch,id,inputTokens,outputTokens,reasoningTokens," +
  "cacheCreationTokens,cacheCreation5mTokens,cacheCreation1hTokens,cacheReadTokens,totalTokens,responses,toolUses," +
  "webSearches,costUsd,billableEquivalentTokens,costIsPartial";
const SESSION = sessionId(1);
const toolUse = { content: [{ type: "tool_use", id: "toolu_1", name: "Bash", input: {} }] };

/** A home with these lines in one transcript. */
const homeOf = (...lines: string[]) => makeFolder({ [`.claude/projects/-srv-app/${SESSION}.jsonl`]: lines });
const linesOf = (stdout: string) => stdout.split("\r\n").slice(0, -1);
const jsonOf = (stdout: string) =>
  stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const ndjson = async (home: string, ...args: string[]) =>
  jsonOf((await tokensift(["export", "--format", "ndjson", "--quiet", ...args], { home })).stdout);

describe("rows", () => {
  test("are CSV, by time, each response once", async () => {
    const home = homeOf(
      responseNumber(2, { gitBranch: "main", teamName: "blue" }, {}, toolUse),
      responseNumber(1),
      responseNumber(1, { uuid: "copy" }),
    );
    const { code, stdout, stderr } = await tokensift(["export"], { home });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [header, first, second, ...others] = linesOf(stdout);
    expect(header).toBe(HEADER);
    const figures = "1,10,0,0,0,0,100,111,1";
    expect(first).toMatch(
      new RegExp(
        `^2026-06-01T00:01:00\\.000Z,claude,claude-opus-4-6,/srv/app,${SESSION},main,blue,,,r[0-9a-f]{16},${figures},0,0,0\\.000305,61,false$`,
      ),
    );
    expect(second).toMatch(
      new RegExp(
        `^2026-06-01T00:02:00\\.000Z,claude,claude-opus-4-6,/srv/app,${SESSION},main,blue,,main,r[0-9a-f]{16},${figures},1,0,0\\.000305,61,false$`,
      ),
    );
    expect(others).toEqual([]);
  });

  test("say the same as NDJSON", async () => {
    const home = homeOf(responseNumber(1), responseNumber(2, {}, {}, { model: "our-own-model" }));
    const rows = await ndjson(home);
    const [header = "", ...lines] = linesOf((await tokensift(["export", "--quiet"], { home })).stdout);
    expect(rows.map((row) => Object.keys(row).join(","))).toEqual([header, header]);
    expect(rows.map((row) => Object.values(row).join(","))).toEqual(lines);
    expect(rows[1]).toMatchObject({
      model: "our-own-model",
      costUsd: null,
      costIsPartial: true,
      team: null,
      task: null,
    });
  });

  test("of what one response used under several models are several, of one id, and one counts as a response", async () => {
    const iterations = [
      { type: "advisor_message", model: "claude-haiku-4-5", input_tokens: 7, output_tokens: 3 },
      { type: "compaction", input_tokens: 5, output_tokens: 2 },
      { type: "message", input_tokens: 1, output_tokens: 10 },
    ];
    const home = homeOf(responseNumber(1, {}, { iterations }));
    const rows = await ndjson(home);
    expect(rows).toMatchObject([
      { model: "claude-opus-4-6", inputTokens: 6, outputTokens: 12, responses: 1 },
      { model: "claude-haiku-4-5", inputTokens: 7, outputTokens: 3, responses: 0 },
    ]);
    expect(rows[0]?.["id"]).toBe(rows[1]?.["id"]);
    // The other model alone: its row is there for the sums.
    expect(await ndjson(home, "--model", "*haiku*")).toEqual([rows[1]]);
  });

  test("of tool uses in another quarter of an hour have their own time, and no response", async () => {
    const at = (timestamp: string, more: object = {}) => ({ timestamp, ...more });
    const home = homeOf(
      responseNumber(1, at("2026-06-01T23:59:50Z")),
      responseNumber(1, at("2026-06-02T00:00:10Z", { uuid: "second" }), {}, toolUse),
    );
    const rows = await ndjson(home);
    expect(rows).toMatchObject([
      { time: "2026-06-01T23:59:50.000Z", responses: 1, toolUses: 0, totalTokens: 111 },
      {
        time: "2026-06-02T00:00:10.000Z",
        responses: 0,
        toolUses: 1,
        totalTokens: 0,
        costUsd: 0,
        model: "claude-opus-4-6",
      },
    ]);
    expect(rows[0]?.["id"]).toBe(rows[1]?.["id"]);
    expect(await ndjson(home, "--since", "2026-06-02")).toEqual([rows[1]]);
    expect(await ndjson(home, "--until", "2026-06-01")).toEqual([rows[0]]);
  });

  test("without a time come last, in every window", async () => {
    const home = homeOf(responseNumber(1, { timestamp: "soon" }), responseNumber(2));
    const rows = await ndjson(home);
    expect(rows.map(({ time }) => time)).toEqual(["2026-06-01T00:02:00.000Z", null]);
    expect(await ndjson(home, "--since", "2030-01-01")).toEqual([rows[1]]);
    const { stdout } = await tokensift(["export", "--quiet"], { home });
    expect(linesOf(stdout)[2]).toMatch(/^,claude,/);
  });

  test("hold names that others wrote, as a spreadsheet may have them", async () => {
    const home = homeOf(responseNumber(1, { gitBranch: '=HYPERLINK("x"),\n\u001b[31m', cwd: "/srv/a,b" }));
    const { stdout } = await tokensift(["export", "--quiet"], { home });
    expect(stdout).toContain(`,"/srv/a,b",`);
    expect(stdout).toContain(`,"'=HYPERLINK(""x""),\n�[31m",`);
    const { stdout: json } = await tokensift(["export", "--quiet", "--format", "ndjson"], { home });
    expect(json).toContain("\\u001b[31m");
    expect(jsonOf(json)[0]).toMatchObject({ branch: '=HYPERLINK("x"),\n\u001b[31m', project: "/srv/a,b" });
  });

  test("are those that a scan's flags ask for", async () => {
    const ask = {
      type: "user",
      uuid: "ask",
      timestamp: "2026-06-01T00:00:00Z",
      message: { role: "user", content: "do task-7" },
    };
    const home = homeOf(JSON.stringify(ask), responseNumber(1), responseNumber(70));
    expect(await ndjson(home)).toMatchObject([{ task: "task-7" }, { task: "task-7" }]);
    expect(await ndjson(home, "--task", "task-8")).toEqual([]);
    expect(await ndjson(home, "--cost", "none")).toMatchObject([{ costUsd: null, costIsPartial: false }, {}]);
    expect(await ndjson(home, "--until", "2026-06-01T02:30", "--timezone", "Europe/Berlin")).toHaveLength(1);
    expect(await ndjson(home, "--source", "codex")).toEqual([]);
    expect(await ndjson(makeFolder(), `${home}/.claude`)).toEqual(await ndjson(home));
    const own = { models: { "*": { input: 1, output: 1, cacheRead: 1 } } };
    const prices = `${makeFolder({ "own.json": JSON.stringify(own) })}/own.json`;
    expect((await ndjson(home, "--prices", prices))[0]).toMatchObject({ costUsd: 0.000111 });
  });
});

describe("ids", () => {
  const idsOf = async (home: string, ...args: string[]) => (await ndjson(home, ...args)).map(({ id }) => id);
  const timeless = { requestId: undefined, uuid: undefined };
  const bare = (n: number, more: object = {}) => responseNumber(n, { ...timeless, ...more }, {}, { id: undefined });

  test("stay when a transcript grows, goes elsewhere, is read from a cache or asked about otherwise", async () => {
    const lines = [
      responseNumber(1),
      responseNumber(2, { requestId: undefined }),
      responseNumber(3, {}, {}, { id: undefined }),
      bare(4),
      bare(4, { gitBranch: "other" }),
      bare(5, { timestamp: undefined }),
    ];
    const home = homeOf(...lines);
    const ids = await idsOf(home);
    expect(new Set(ids).size).toBe(6);
    expect(await idsOf(home)).toEqual(ids);
    expect(await idsOf(home, "--no-cache")).toEqual(ids);
    expect(await idsOf(home, "--since", "2026-06-01T00:02:00Z")).toEqual(ids.slice(1));
    expect(await idsOf(homeOf(...lines, responseNumber(6), bare(6)))).toEqual(expect.arrayContaining(ids));
    const elsewhere = makeFolder({ [`a/${SESSION}.jsonl`]: lines, [`a/${sessionId(2)}.jsonl`]: [responseNumber(9)] });
    expect(await idsOf(home, "--no-cache", elsewhere)).toEqual(expect.arrayContaining(ids));
  });
});

describe("--output", () => {
  test("is written whole, for its owner alone", async () => {
    const home = homeOf(responseNumber(1));
    const folder = makeFolder();
    const { code, stdout, stderr } = await tokensift(["export", "--output", `${folder}/rows.csv`], { home });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(readdirSync(folder)).toEqual(["rows.csv"]);
    expect(statSync(`${folder}/rows.csv`).mode & 0o777).toBe(0o600);
    const plain = await tokensift(["export"], { home });
    expect(readFileSync(`${folder}/rows.csv`, "utf8")).toBe(plain.stdout);
  });

  test("is as it was where the export fails", async () => {
    const folder = makeFolder({ "rows.csv": "before\n" });
    const home = homeOf(responseNumber(1, {}, { input_tokens: Number.MAX_SAFE_INTEGER }), responseNumber(2));
    const { code, stderr } = await tokensift(["export", "--output", `${folder}/rows.csv`], { home });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tokensift: \w+ adds up to more than 2\^53 - 1/);
    expect(readdirSync(folder)).toEqual(["rows.csv"]);
    expect(readFileSync(`${folder}/rows.csv`, "utf8")).toBe("before\n");
  });

  test("is no transcript", async () => {
    const home = homeOf(responseNumber(1));
    const file = `${home}/.claude/projects/-srv-app/${SESSION}.jsonl`;
    const before = readFileSync(file, "utf8");
    expect(await tokensift(["export", "--output", file], { home })).toMatchObject({
      code: 2,
      stderr: `tokensift: --output: ${file} is among transcripts, which are only ever read (give another file)\n`,
    });
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("leaves nothing behind on Ctrl-C", async () => {
    const home = homeOf(...MANY, ...MANY.map((line) => line.replaceAll("-line-", "-more-")));
    const folder = makeFolder();
    const child = start(["export", "--quiet", "--output", `${folder}/rows.csv`], { home });
    const ending = endOf(child);
    while (readdirSync(folder).length === 0 && child.exitCode === null) await new Promise((go) => setTimeout(go, 1));
    child.kill("SIGINT");
    const { code, signal } = await ending;
    // It may have been done before it heard of that, or just been done: then the system ends it.
    expect([0, 130]).toContain(signal === "SIGINT" ? 130 : code);
    expect(readdirSync(folder)).toEqual(existsSync(`${folder}/rows.csv`) ? ["rows.csv"] : []);
    if (code === 0) expect(linesOf(readFileSync(`${folder}/rows.csv`, "utf8"))).toHaveLength(1 + 2 * MANY.length);
  });
});

/** More than a pipe holds. */
const MANY = Array.from({ length: 5000 }, (_, n) =>
  responseNumber(1, { uuid: `uuid-line-${n}`, requestId: `req-line-${n}` }, {}, { id: `msg-line-${n}` }),
);

describe("a pipe that nobody reads to its end is a normal end", () => {
  test("and no more rows are made", async () => {
    const home = homeOf(...MANY, "{damaged");
    const script = `"$0" "$1" export --format ndjson | head -1; echo "\${PIPESTATUS[0]}"`;
    const shell = spawn("bash", ["-c", script, process.execPath, CLI], {
      env: { PATH: process.env["PATH"], HOME: home, TZ: "UTC" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { stdout, stderr } = await endOf(shell);
    const [line = "", exitCode, ...others] = stdout.trimEnd().split("\n");
    expect(JSON.parse(line)).toMatchObject({ totalTokens: 111 });
    expect({ exitCode, others, stderr }).toEqual({ exitCode: "0", others: [], stderr: "" });
  });

  test("of all that is there, nothing is lost", async () => {
    const { stdout } = await tokensift(["export", "--quiet"], { home: homeOf(...MANY) });
    const rows = linesOf(stdout);
    expect(rows).toHaveLength(1 + MANY.length);
    expect(new Set(rows).size).toBe(1 + MANY.length);
  });
});

describe("what a run says beside its rows", () => {
  test("is on stderr, as of a scan", async () => {
    const first = response();
    const home = makeHome(first, "{not JSON\n", response({}, {}, { model: "our-own-model" }));
    const { code, stderr } = await tokensift(["export", "--stats"], { home });
    expect(code).toBe(0);
    expect(stderr).toContain(
      `Skipped 1 line: 1 malformed\n  ${home}/${TRANSCRIPT}:2 (byte ${first.length}) malformed\n`,
    );
    expect(stderr).toContain("Cost excludes 111 tokens of unpriced models: our-own-model");
    expect(stderr).toMatch(/\n1 transcript, .*2 responses/);
    expect(await tokensift(["export", "--strict", "--quiet"], { home })).toMatchObject({
      code: 1,
      stderr: "tokensift: --strict: 1 line skipped as damaged\n",
    });
  });

  test("of an empty machine is where it looked, and a header", async () => {
    const { code, stdout, stderr } = await tokensift(["export"], { home: makeFolder() });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${HEADER}\r\n` });
    expect(stderr).toContain("No transcripts found. Looked in:\n");
    const home = makeHome(response());
    const { stderr: none } = await tokensift(["export", "--since", "2030-01-01"], { home });
    expect(none).toBe("No rows: nothing in 1 transcript (1 response) is in this window and matches these filters.\n");
  });
});

describe("flags and defaults", () => {
  test("of a scan's rows are none of it: written by hand a mistake, in a config file no matter", async () => {
    const home = makeHome(response());
    const config = {
      by: "day",
      breakdown: true,
      sort: "key",
      top: 0,
      count: "records",
      failOverTokens: 0,
      failOverUsd: 0,
    };
    const folder = makeFolder({ "tokensift.config.json": JSON.stringify({ ...config, json: true }) });
    const plain = await tokensift(["export"], { home });
    expect(plain.code).toBe(0);
    expect(await tokensift(["export"], { home, folder })).toEqual(plain);
    expect(await tokensift(["export"], { home, variables: { TOKENSIFT_FORMAT: "md" } })).toEqual(plain);
    expect(await tokensift(["export", "--format", "csv"], { home, folder })).toEqual(plain);
    const rows = await tokensift(["export"], { home, variables: { TOKENSIFT_FORMAT: "ndjson" } });
    expect(rows.stdout).toMatch(/^\{"time":/);
    for (const [flag, says] of [
      ["--format json", `--format: "json" is no format of export (one of csv, ndjson)`],
      ["--by day", "unknown option '--by' (see tokensift export --help)"],
      ["/nowhere", "no such file or folder: /nowhere (give another path)"],
    ] as const) {
      expect(await tokensift(["export", ...flag.split(" ")], { home })).toMatchObject({
        code: 2,
        stdout: "",
        stderr: `tokensift: ${says}\n`,
      });
    }
  });
});
