import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeFolder } from "../transcripts.ts";
import { makeHome, response, TRANSCRIPT } from "./home.ts";
import { tokensift } from "./tokensift.ts";

describe("--strict", () => {
  test("a damaged line is counted, and the run is done", async () => {
    const first = response();
    const home = makeHome(first, "{not JSON\n", response());
    const { code, stderr } = await tokensift(["--format", "csv"], { home });
    expect(code).toBe(0);
    expect(stderr).toBe(`Skipped 1 line: 1 malformed\n  ${home}/${TRANSCRIPT}:2 (byte ${first.length}) malformed\n`);
  });

  test("ends with 1 for a damaged line, after the result", async () => {
    const home = makeHome(response(), "{not JSON\n");
    const { code, stdout, stderr } = await tokensift(["--strict", "--json"], { home });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ totals: { totalTokens: 111 } });
    expect(stderr).toMatch(/\ntokensift: --strict: 1 line skipped as damaged\n$/);
  });

  test("ends with 1 for a line that is too long", async () => {
    const home = makeHome(response(), response());
    const { code, stderr } = await tokensift(["--strict", "--max-line", "100", "--quiet"], { home });
    expect(code).toBe(1);
    expect(stderr).toBe("tokensift: --strict: 2 lines skipped as damaged\n");
  });

  test("ends with 1 for what cannot be read", async () => {
    const home = makeHome(response());
    symlinkSync("nowhere", `${home}/.claude/projects/gone.jsonl`);
    const { code, stderr } = await tokensift(["--strict", "--quiet"], { home });
    expect(code).toBe(1);
    expect(stderr).toBe("tokensift: --strict: 1 file unreadable\n");
  });

  test("ends with 0 for a line that is still being written", async () => {
    const home = makeHome(response(), response().slice(0, 40));
    const { code, stderr } = await tokensift(["--strict", "--json"], { home });
    expect(code).toBe(0);
    expect(stderr).toContain("Skipped 1 line: 1 pending (still being written, for the next run)\n");
  });

  test("ends with 0 where nothing was skipped", async () => {
    expect(await tokensift(["--strict", "--json"], { home: makeHome(response()) })).toMatchObject({
      code: 0,
      stderr: "",
    });
  });
});

describe("--fail-over-tokens", () => {
  const run = (most: string) => tokensift(["--fail-over-tokens", most, "--json"], { home: makeHome(response()) });

  test("ends with 1 above the number, after the result", async () => {
    const { code, stdout, stderr } = await run("110");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ totals: { totalTokens: 111 } });
    expect(stderr).toBe("tokensift: --fail-over-tokens: the total of 111 is above 110\n");
  });

  test.each(["111", "112", "0.111k", "0.1k", "1_000", "1.5M", "2B"])("%s", async (most) => {
    expect((await run(most)).code).toBe(most === "0.1k" ? 1 : 0);
  });
});

describe("an empty machine", () => {
  test("where paths were given there is another way out than where none were, and no window to blame", async () => {
    const folder = makeFolder({ "empty/readme.md": "no transcript", "other/x.jsonl": ['{"a":1}'] });
    for (const words of [["scan"], ["export"], ["prices", "explain"], ["tasks", "scan", "--ledger", "l.json"]]) {
      const { code, stderr } = await tokensift([...words, "empty"], { home: folder, folder });
      expect(code).toBe(0);
      expect(stderr).toContain(`No transcripts found. Looked in:\n  ${folder}/empty\nGive the files of an agent, `);
      expect(stderr).not.toContain("CODEX_HOME");
    }
    const { stderr } = await tokensift(["scan", "other"], { home: folder, folder });
    expect(stderr).toBe("No rows: there is no response in 1 transcript.\n");
  });

  test("says so to whoever asks for tasks, too", async () => {
    const home = makeFolder();
    const { code, stderr } = await tokensift(["tasks", "scan"], { home, folder: home });
    expect(code).toBe(0);
    expect(stderr).toContain(`No transcripts found. Looked in:\n  ${home}/.local/share/amp/threads\n`);
    expect(stderr).not.toContain("go to the project's folder");
  });

  test("says where it looked and what to do, and is done", async () => {
    const home = makeFolder();
    const { code, stdout, stderr } = await tokensift([], { home });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toBe(
      "No transcripts found. Looked in:\n" +
        `  ${home}/.local/share/amp/threads\n` +
        `  ${home}/.claude/projects\n` +
        `  ${home}/.config/claude/projects\n` +
        `  ${home}/.config/Claude/local-agent-mode-sessions\n` +
        `  ${home}/.codex/sessions\n` +
        `  ${home}/.codex/archived_sessions\n` +
        `  ${home}/.codex/rollout_revisions\n` +
        `  ${home}/.copilot/session-state\n` +
        `  ${home}/.copilot/session-store.db\n` +
        `  ${home}/.gemini/tmp\n` +
        `  ${home}/.local/share/opencode/opencode.db\n` +
        `  ${home}/.local/share/opencode/storage/message\n` +
        `  ${home}/.local/share/opencode/storage/part\n` +
        `  ${home}/.pi/agent/sessions\n` +
        `  ${home}/.qwen/projects\n` +
        `  ${home}/.qwen/tmp\n` +
        `  ${home}/.qwen/usage\n` +
        `  ${home}/.qwen/usage_record.jsonl\n` +
        "Use one of these agents once, name other folders in AMP_DATA_HOME, CLAUDE_CONFIG_DIR, CODEX_HOME, COPILOT_HOME, GEMINI_CLI_HOME, PI_CODING_AGENT_DIR or QWEN_HOME, or give paths: tokensift scan PATH…\n" +
        "To see what a report looks like: tokensift scan --demo\n",
    );
  });

  test("is an empty result for programs", async () => {
    const { code, stdout } = await tokensift(["--json", "--strict"], { home: makeFolder() });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rows: [], totals: { totalTokens: 0 } });
  });

  test("is only a header for spreadsheets, and silent when asked to be", async () => {
    const { stdout, stderr } = await tokensift(["--format", "csv", "--quiet"], { home: makeFolder() });
    expect(stdout).toMatch(/^source,model,inputTokens,.*\r\n$/);
    expect(stderr).toBe("");
  });

  test("a given folder without transcripts is empty too", async () => {
    const folder = makeFolder();
    const { code, stderr } = await tokensift(["scan", folder]);
    expect(code).toBe(0);
    expect(stderr).toContain(`Looked in:\n  ${folder}\n`);
  });

  test("a home that is gone is empty too", async () => {
    const home = makeFolder();
    rmSync(home, { recursive: true });
    expect(await tokensift(["--quiet"], { home })).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  test("nothing in the window is another thing", async () => {
    const home = makeHome(response());
    mkdirSync(`${home}/empty`);
    const { code, stdout, stderr } = await tokensift(["--since", "2030-01-01"], { home });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toBe("No rows: nothing in 1 transcript (1 response) is in this window and matches these filters.\n");
  });
});

describe("--fail-over-usd", () => {
  const run = (most: string, ...more: string[]) =>
    tokensift(["--fail-over-usd", most, "--json", ...more], { home: makeHome(response()) });

  test.each([
    ["0.000304999", 1, "tokensift: --fail-over-usd: the estimated total of 0.000305 USD is above 0.000304999\n"],
    ["0.000305", 0, ""],
    ["$1,000", 0, ""],
  ])("%s", async (most, code, stderr) => {
    expect(await run(most)).toMatchObject({ code, stderr });
  });

  test("a cost that is not known is not below", async () => {
    const ofFive = "whether it is above 5 is not known, for claude-opus-4-6 has";
    for (const [cost, why] of [
      ["recorded", `no cost is known; ${ofFive} responses without a recorded cost (--cost auto calculates it)`],
      ["none", "with --cost none no cost is known (leave out one of the two)"],
    ]) {
      const stderr = `tokensift: --fail-over-usd: ${why}\n`;
      expect(await run("5", "--quiet", "--cost", cost as string)).toMatchObject({ code: 1, stderr });
    }
    const home = makeHome(response({}, {}, { model: "our-own-model" }));
    expect(await tokensift(["--fail-over-usd", "5", "--json", "--quiet"], { home })).toMatchObject({
      code: 1,
      stderr:
        "tokensift: --fail-over-usd: no cost is known; whether it is above 5 is not known, for our-own-model has no price (--prices FILE gives it one)\n",
    });
  });

  test("a cost that is known in part is above what its part is above, and not known to be below", async () => {
    const home = makeHome(response(), response({}, {}, { model: "our-own-model" }));
    const args = (most: string, ...more: string[]) => ["--fail-over-usd", most, "--json", "--quiet", ...more];
    const says = "tokensift: --fail-over-usd: the estimated total is at least 0.000305 USD; ";
    expect(await tokensift(args("5"), { home })).toMatchObject({
      code: 1,
      stderr: `${says}whether it is above 5 is not known, for our-own-model has no price (--prices FILE gives it one)\n`,
    });
    expect(await tokensift(args("0.0003"), { home })).toMatchObject({
      code: 1,
      stderr: "tokensift: --fail-over-usd: the estimated total of at least 0.000305 USD is above 0.0003\n",
    });
    expect(await tokensift(args("5", "--cost", "recorded"), { home })).toMatchObject({ code: 1 });
    expect(await tokensift(args("5", "--model", "claude-*"), { home })).toMatchObject({ code: 0, stderr: "" });
    const prices = `${makeFolder({ "own.json": JSON.stringify({ models: { "our-*": { input: 1, output: 1 } } }) })}/own.json`;
    expect(await tokensift(args("5", "--prices", prices), { home })).toMatchObject({ code: 0, stderr: "" });
  });

  // A comma before a fraction would make ten times the dollars of it.
  test.each(["lots", "0,5", "1,50", "1,2345", "0,500", "1,000,00", "-1", "1e3"])("%s is no number", async (text) => {
    const { code, stderr } = await run(text);
    expect(code).toBe(2);
    expect(stderr).toBe(`tokensift: --fail-over-usd: "${text}" is no number of dollars (give one such as 25 or 0.5)\n`);
  });
});
