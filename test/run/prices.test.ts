/** Which prices a run's costs are made of. */
import { describe, expect, test } from "vitest";
import { tokensift } from "../cli/tokensift.ts";
import { run } from "./command.ts";
import { TEAM_STATE, transcript, World } from "./world.ts";

describe("prices of one's own", () => {
  const millions = JSON.stringify({ models: { "claude-*": { input: 1e6, output: 1e6 } } });

  test.each([
    ["by flag", { args: ["--prices", "own.json"] }],
    ["by variable", { variables: { TOKENSIFT_PRICES: "own.json" } }],
    ["by config file", { config: `{"prices": "own.json"}` }],
  ])("%s are a run's too, and are named", async (_, how: { args?: string[]; variables?: object; config?: string }) => {
    const world = new World();
    world.writeSession(0, transcript("lead", [{ atMs: Date.UTC(2026, 5, 10, 10), input: 3, output: 4 }]));
    const state = world.writeRun({});
    world.write(world.path("own.json"), millions);
    if (how.config) world.write(world.path("tokensift.config.json"), how.config);
    const variables = { TOKENSIFT_CACHE_DIR: world.cache, ...how.variables };
    const ask = async (...args: string[]) =>
      tokensift(["run", state, ...(how.args ?? []), ...args], { home: world.home, folder: world.root, variables });
    const { usageSummary, leadUsage } = JSON.parse((await ask("--json")).stdout) as {
      leadUsage: object;
      usageSummary: { costBasis: object };
    };
    expect(leadUsage).toMatchObject({ estimatedCostUsd: 7 });
    expect(usageSummary.costBasis).toMatchObject({
      isEstimate: true,
      overrides: expect.stringMatching(/own\.json$/) as string,
    });
    const { stdout } = await ask();
    expect(stdout.replaceAll(/\s+/g, " ")).toMatch(/not a bill\. Prices of \S*own\.json go first\./);
  });

  test("--cost none leaves costs out, and names no model as unpriced", async () => {
    const world = World.fromFixture("whole-team");
    const { usageSummary } = JSON.parse((await run(world, TEAM_STATE, "--cost", "none", "--json")).stdout) as {
      usageSummary: object;
    };
    expect(usageSummary).toMatchObject({ costBasis: null, runEstimatedCostUsd: null, unmatchedModels: [] });
    expect((await run(world, TEAM_STATE, "--cost", "none")).stdout).not.toMatch(/cost|\$/i);
    // Nothing was spent, and yet nobody asked what it cost.
    const empty = new World();
    empty.writeSession(0, transcript("lead", [{ atMs: Date.UTC(2026, 5, 10, 10), input: 0, output: 0 }]));
    const state = empty.writeRun({ workers: [{ workerId: "a" }] });
    expect((await run(empty, state, "--cost", "none")).stdout).not.toMatch(/cost|\$/i);
    expect(JSON.parse((await run(empty, state, "--cost", "none", "--json")).stdout)).toMatchObject({
      leadUsage: { estimatedCostUsd: null },
      usageSummary: { leadEstimatedCostUsd: null, workerEstimatedCostUsd: null, runEstimatedCostUsd: null },
    });
  });

  test("that cannot be read stop it", async () => {
    const world = World.fromFixture("whole-team");
    const { code, stdout, stderr } = await run(world, TEAM_STATE, "--prices", "/no/such.json");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^tokensift: --prices: \/no\/such\.json cannot be read \(ENOENT; give another file\)\n$/);
  });
});
