import { describe, expect, test } from "vitest";
import { makeHome, response } from "./home.ts";
import { hasTerminal, onTerminal } from "./terminal.ts";
import { tokensift } from "./tokensift.ts";

const BOLD = "\x1B[1m";

describe("colour", () => {
  const runs = async (args: readonly string[], variables: Record<string, string> = {}) => {
    const { stdout } = await tokensift(args, { home: makeHome(response()), variables });
    return stdout.includes(BOLD);
  };

  test("is not in a pipe", async () => expect(await runs([])).toBe(false));
  test("is there with --color", async () => expect(await runs(["--color"])).toBe(true));
  test("is there with FORCE_COLOR", async () => expect(await runs([], { FORCE_COLOR: "1" })).toBe(true));
  test("is not there with NO_COLOR", async () =>
    expect(await runs([], { NO_COLOR: "1", FORCE_COLOR: "1" })).toBe(false));
  test("follows the flag before the environment", async () => {
    expect(await runs(["--no-color"], { FORCE_COLOR: "1" })).toBe(false);
    expect(await runs(["--color"], { NO_COLOR: "1" })).toBe(true);
  });
});

describe.skipIf(!hasTerminal)("on a terminal (needs util-linux's script to try)", () => {
  test("there is colour, and the terminal's width", async () => {
    const home = makeHome(response());
    const wide = await onTerminal("scan", home, {}, 120);
    expect(wide).toContain(BOLD);
    expect(wide).toContain("creation");
    const narrow = await onTerminal("scan --no-color", home, {}, 60);
    expect(narrow).not.toContain("\x1B[");
    expect(narrow).toContain("Left out to fit 60 columns");
  });

  test("diagnostics stand below the table", async () => {
    const text = await onTerminal("scan --no-color", makeHome(response(), "{damaged\n"));
    expect(text).toMatch(/\nTotal .*\n\nCost is an estimate .*\n\nSkipped 1 line: 1 malformed\n/);
  });

  test("a short scan shows no progress", async () => {
    expect(await onTerminal("scan --no-color", makeHome(response()))).not.toContain("\x1B[K");
  });
});
