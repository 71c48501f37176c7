import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeFolder } from "../transcripts.ts";
import { makeHome, response } from "./home.ts";
import { tokensift } from "./tokensift.ts";

const HOUR_MS = 3_600_000;
/** Before now, but not before this hour began: the block that is running begins in it. */
const msAgo = (ms: number) => new Date(Date.now() - ms).toISOString();

/** A home with a block that is running: 222 tokens in ten minutes. */
const atWork = () => makeHome(response({ timestamp: msAgo(11 * 60_000) }), response({ timestamp: msAgo(60_000) }));

describe("the block that is running", () => {
  test("says in words what is left and where it leads", async () => {
    const { code, stdout, stderr } = await tokensift(["blocks", "--active", "--token-limit", "10k"], {
      home: atWork(),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^Blocks of five hours, all time \(UTC\)\n\nActive block of claude: 20.* to \d\d:\d\d, [34] h \d\d left\n/,
    );
    expect(stdout).toContain("\n  so far      222 tokens, <$0.01, 2.2 % of 10,000\n");
    expect(stdout).toContain("\n  burn rate   22 tokens/min, <$0.01/hour\n");
    expect(stdout).toMatch(/\n  at the end {2}[5-7],\d{3} tokens, \$0\.\d\d, \d\d\.\d % of 10,000, if it goes on so\n/);
  });

  test("stands below the table too", async () => {
    const { stdout } = await tokensift(["blocks"], { home: atWork() });
    expect(stdout).toMatch(/^20\d\d-\d\d-\d\d \d\d:00  active  /m);
    expect(stdout).toContain("\nActive block of claude: ");
  });

  test("has no rate at once", async () => {
    const { stdout } = await tokensift(["blocks", "--active"], { home: makeHome(response({ timestamp: msAgo(0) })) });
    expect(stdout).toContain("burn rate   not known yet: less than a minute of work");
  });

  test("is none after five hours", async () => {
    const { code, stdout } = await tokensift(["blocks", "--active"], {
      home: makeHome(response({ timestamp: msAgo(6 * HOUR_MS) })),
    });
    expect(code).toBe(0);
    expect(stdout).toContain("No block is running.\n");
  });
});

test("recent blocks, and the others in one line", async () => {
  const home = makeHome(response(), response({ timestamp: msAgo(30 * HOUR_MS) }), response({ timestamp: msAgo(0) }));
  const { stdout } = await tokensift(["blocks", "--recent"], { home });
  expect(stdout.match(/^20\d\d-\d\d-\d\d .*opus/gm)).toHaveLength(2);
  expect(stdout).toContain("\n… 1 other block, in the total\n");
  expect(stdout).toMatch(/^Total .* 333 /m);
});

test("an empty machine says where it looked, and how to see a report", async () => {
  const { code, stdout, stderr } = await tokensift(["blocks"], { home: makeFolder() });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toMatch(/^No transcripts found. Looked in:\n/);
});

test("nothing in the window says so", async () => {
  const { code, stdout, stderr } = await tokensift(["blocks", "--since", "2030-01-01"], { home: makeHome(response()) });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toMatch(/^No rows: nothing in 1 transcript/);
});

test("the largest of no blocks is none", async () => {
  const { code, stdout, stderr } = await tokensift(["blocks", "--token-limit", "max"], { home: atWork() });
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: "--token-limit max: no block is over, so there is no largest one\n",
  });
  expect(stdout).not.toContain("Limit");
});

test("colour is for terminals and for who asks", async () => {
  const home = atWork();
  // oxlint-disable-next-line no-control-regex
  const code = /\u001B\[/;
  expect((await tokensift(["blocks"], { home })).stdout).not.toMatch(code);
  expect((await tokensift(["blocks", "--color"], { home })).stdout).toMatch(code);
  expect((await tokensift(["blocks"], { home, variables: { FORCE_COLOR: "1", NO_COLOR: "1" } })).stdout).not.toMatch(
    code,
  );
});

test("lines fit 80 columns, whatever models are called", async () => {
  const long = (n: number) => response({ timestamp: msAgo(n) }, {}, { model: `a-model-of-a-very-long-name-${n}` });
  const home = makeHome(...[0, 1, 2, 3].map(long), response({ timestamp: msAgo(0) }, { input_tokens: 987_654_321 }));
  const { stdout } = await tokensift(["blocks", "--token-limit", "5M", "--source", "claude,codex"], {
    home,
    variables: { COLUMNS: "80" },
  });
  expect(stdout).toContain("987,654,");
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("a model's part has its name however narrow it is", async () => {
  const models = ["claude-opus-4-6", "claude-haiku-4-5"];
  const home = makeHome(...models.map((model) => response({ timestamp: msAgo(60_000) }, {}, { model })));
  const { stdout } = await tokensift(["blocks", "--breakdown"], { home, variables: { COLUMNS: "40" } });
  expect(stdout).toMatch(/^ {2}opus-4-6 +111\b/m);
  expect(stdout).toMatch(/^ {2}haiku-4-5 +111\b/m);
});

test("what transcripts say reaches no terminal as commands", async () => {
  const home = makeHome(response({ timestamp: msAgo(0) }, {}, { model: "x\u001B[31mred" }));
  for (const flags of [[], ["--breakdown"], ["--json"]]) {
    const { stdout } = await tokensift(["blocks", ...flags], { home });
    expect(stdout).toContain("red");
    expect(stdout).not.toContain("\u001B");
  }
});

test("--output is written whole, and --strict and --fail-over-tokens end as in a scan", async () => {
  const home = makeHome(response(), "{broken\n");
  const file = `${makeFolder()}/blocks.json`;
  const ending = await tokensift(["blocks", "--json", "--output", file, "--strict", "--fail-over-tokens", "110"], {
    home,
  });
  expect(ending).toMatchObject({ code: 1, stdout: "" });
  expect(ending.stderr).toContain("tokensift: --strict: 1 line skipped as damaged\n");
  expect(ending.stderr).toContain("tokensift: --fail-over-tokens: the total of 111 is above 110\n");
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ schemaVersion: 1, totals: { totalTokens: 111 } });
});

describe("what cannot be is one sentence and exit code 2", () => {
  test.each([
    [["--active", "--recent"], /^tokensift: --active and --recent: two choices of blocks \(give one of them\)\n$/],
    [["--token-limit", "many"], /^tokensift: --token-limit: "many" is no number of tokens/],
    [["--token-limit", "0"], /^tokensift: --token-limit: "0" is no number of tokens above 0\n$/],
    [["--by", "day"], /^tokensift: .*--by/],
    [["--timezone", "Mars"], /^tokensift: --timezone: "Mars" is no time zone/],
    [["somewhere"], /^tokensift: blocks: too many arguments/],
    [["--activ"], /^tokensift: .*--active/],
  ])("%j", async (flags, message) => {
    const { code, stdout, stderr } = await tokensift(["blocks", ...flags], { home: makeHome(response()) });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain("\n");
  });
});
