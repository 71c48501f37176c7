import { describe, expect, test } from "vitest";
import { FIXTURES, tokensift } from "./tokensift.ts";

const world = { variables: { CLAUDE_CONFIG_DIR: `${FIXTURES}/report/names` } };

describe("a shorthand is scan --by", () => {
  test.each([
    ["daily", "day"],
    ["weekly", "week"],
    ["monthly", "month"],
    ["hourly", "hour"],
    ["session", "session"],
    ["project", "project"],
  ])("%s is --by %s", async (shorthand, dimension) => {
    const flags = ["--format", "csv", "--breakdown", "--since", "2026-06-01"];
    expect(await tokensift([shorthand, ...flags], world)).toEqual(
      await tokensift(["scan", "--by", dimension, ...flags], world),
    );
  });

  test("whatever the environment groups by", async () => {
    const { stdout } = await tokensift(["daily", "--format", "csv"], {
      variables: { ...world.variables, TOKENSIFT_BY: "model" },
    });
    expect(stdout).toMatch(/^day,inputTokens/);
  });

  test("no command is scan", async () => {
    const flags = ["--format", "csv"];
    expect(await tokensift(flags, world)).toEqual(await tokensift(["scan", ...flags], world));
  });
});
