import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeHome, response } from "./home.ts";
import { tokensift } from "./tokensift.ts";

const COMMANDS = [
  "scan",
  "daily",
  "weekly",
  "monthly",
  "hourly",
  "session",
  "project",
  "blocks",
  "statusline",
  "export",
  "run",
  "sources",
  "prices",
  "tasks",
  "hook",
  "serve",
  "cache",
  "completion",
];

test.each([
  ["tasks", "summary", "--refresh"],
  ["sources"],
  ["prices"],
  ["prices", "claude-opus-4-6"],
  ["cache", "info"],
  ["export"],
  ["statusline"],
  ["blocks"],
  ["completion", "bash"],
])("every command takes what is said of all output, whether it has to do with it or not: %s", async (...words) => {
  const home = makeHome(response());
  const world = { home, folder: home, variables: { XDG_DATA_HOME: home } };
  const plainly = await tokensift(words, world);
  expect(plainly.code).toBe(0);
  const flags = ["--no-color", "--no-progress", "--quiet"];
  expect(await tokensift([...words, ...flags], world)).toMatchObject({ code: 0, stdout: plainly.stdout });
});

describe("help", () => {
  test("names every command, and how a run ends", async () => {
    const { code, stdout, stderr } = await tokensift(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
    expect(stdout).toContain("Exit codes: 0 done");
  });

  test.each(COMMANDS)("of %s has examples", async (command) => {
    const byFlag = await tokensift([command, "--help"]);
    expect(byFlag).toMatchObject({ code: 0, stderr: "" });
    expect(byFlag.stdout).toMatch(/\nExamples:\n  \$ tokensift /);
    expect(await tokensift(["help", command])).toEqual(byFlag);
  });

  test.each([
    [],
    ...[
      "scan",
      "daily",
      "blocks",
      "statusline",
      "export",
      "run",
      "sources",
      "prices",
      "tasks",
      "hook",
      "serve",
      "cache",
      "completion",
    ].map((name) => [name]),
  ])("fits 80 columns: %s", async (...command) => {
    const { stdout } = await tokensift([...command, "--help"]);
    expect(stdout).toContain("Usage: ");
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test("names no format that a command does not have", async () => {
    expect((await tokensift(["tasks", "--help"])).stdout).toContain("  table, json, md (default: table)\n");
    for (const command of ["blocks", "run", "sources", "prices", "cache"]) {
      const { stdout } = await tokensift([command, "--help"]);
      expect(stdout).toMatch(/^  --json +JSON instead of text$/m);
      expect(stdout).not.toContain("--format");
    }
  });

  test.each(["--version", "-V"])("%s is the package's version", async (flag) => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await tokensift([flag])).toEqual({ code: 0, signal: null, stdout: `${version}\n`, stderr: "" });
  });
});
