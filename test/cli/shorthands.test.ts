import { describe, expect, test } from "vitest";
import { makeHome, response } from "./home.ts";
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

test("hours sorted by their key are in order, also where the clock goes back", async () => {
  const times = ["2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"];
  const home = makeHome(...times.map((timestamp) => response({ timestamp })), response({ timestamp: "" }));
  const { stdout } = await tokensift(
    ["hourly", "--timezone", "Europe/Berlin", "--sort", "key", "--format", "csv", "--quiet"],
    { home },
  );
  const keys = stdout.split("\r\n").map((line) => line.split(",")[0]);
  expect(keys).toEqual(["hour", "2026-10-25T02+02:00", "2026-10-25T02+01:00", "2026-10-25T03+01:00", "unknown", ""]);
});
