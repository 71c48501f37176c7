/** `--substitute-data`: figures into a run's report data, and into the text beside it. */
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesIn, run, withoutTime } from "./command.ts";
import { TEAM_STATE, World } from "./world.ts";

describe("--substitute-data", () => {
  const DATA = {
    title: "Report",
    executionStatus: [
      { role: "lead", totalTokens: 1, note: "kept" },
      { worker: "codex" },
      { role: "report-writer" },
      { worker: "critic" },
      { worker: "codex-worker" },
      { role: "nobody" },
    ],
  };
  const TEXT = `Run {{token-usage:run.totalTokens}} ({{token-usage: run.billableEquivalentTokens }}), lead {{token-usage:lead.cacheReadTokens}},
report {{token-usage:workers.report-writer.totalTokens}}, cost {{token-usage:run.estimatedCostUsd}}, critic {{token-usage:workers.critic.toolUses}},
model {{token-usage:workers.claude.model}}; {{other:run}} {token-usage:run.totalTokens}
`;

  function arrange(name = "final.data.json", text = TEXT) {
    const world = World.fromFixture("whole-team");
    const data = world.write(world.path(`reports/${name}`), `${JSON.stringify(DATA, undefined, 4)}\n`);
    const markdown = world.write(world.path("reports/final.md"), text);
    return { world, data, markdown };
  }

  test.each(["final.data.json", "final.json"])(
    "fills %s and the text beside it, and changes nothing the second time",
    async (name) => {
      const { world, data, markdown } = arrange(name);
      chmodSync(markdown, 0o644);
      const { code, stderr } = await run(world, TEAM_STATE, "--substitute-data", data);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const filled = JSON.parse(readFileSync(data, "utf8")) as Record<string, Record<string, object>>;
      expect(filled["executionStatus"]).toEqual([
        {
          role: "lead",
          totalTokens: 467,
          note: "kept",
          estimatedCostUsd: 0.0049835,
          durationMs: 2_396_000,
          toolUses: 2,
        },
        { worker: "codex", totalTokens: 36, estimatedCostUsd: 0.000144, durationMs: 900_000, toolUses: 2 },
        { role: "report-writer", totalTokens: 66, estimatedCostUsd: 0.00045, durationMs: 60_000, toolUses: 0 },
        { worker: "critic", totalTokens: null, estimatedCostUsd: null, durationMs: null, toolUses: null },
        { worker: "codex-worker" },
        { role: "nobody" },
      ]);
      expect(filled["tokenUsage"]).toMatchObject({
        lead: { totalTokens: 467 },
        workers: { codex: { totalTokens: 36 }, critic: { source: "unavailable" } },
        run: { totalTokens: 2273, billableEquivalentTokens: 3526, inputTokens: 338 + 1633, cacheReadTokens: 3900 },
      });
      expect(readFileSync(markdown, "utf8")).toBe(`Run 2,273 (3,526), lead 3,300,
report 66, cost $0.0122, critic n/a,
model claude-sonnet-4-6; {{other:run}} {token-usage:run.totalTokens}
`);
      expect(statSync(markdown).mode & 0o777).toBe(0o644);
      const before = [data, markdown].map((path) => withoutTime(readFileSync(path, "utf8")));
      await run(world, TEAM_STATE, "--substitute-data", data);
      expect([data, markdown].map((path) => withoutTime(readFileSync(path, "utf8")))).toEqual(before);
      expect(filesIn(dirname(data))).toEqual([name, "final.md"].sort());
    },
  );

  test.each([
    "run.total",
    "workers.nobody.totalTokens",
    "workers.totalTokens",
    "lead",
    "lead.definitions",
    "lead.additionalSessionIds",
    "lead.cliTotalTokens",
    "run.cliTotalTokens",
    "run.runTotalTokens",
    "workers.codex.leadTotalTokens",
    "leads.totalTokens",
    "run.constructor",
    "workers.__proto__.totalTokens",
  ])("a placeholder that names nothing is an error that lists it, and nothing is written: %s", async (path) => {
    const { world, data, markdown } = arrange(
      "final.data.json",
      `${TEXT}{{token-usage:${path}}} {{token-usage:no.way}}`,
    );
    const files = [data, markdown, world.path(TEAM_STATE)];
    const before = files.map((file) => readFileSync(file, "utf8"));
    const { code, stdout, stderr } = await run(world, TEAM_STATE, "--substitute-data", data, "--write");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`{{token-usage:${path}}}, {{token-usage:no.way}}`);
    expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(before);
  });

  test("what is named but not known of somebody is n/a, whoever it is", async () => {
    const { world, data, markdown } = arrange();
    const paths = [
      ...["sessionId", "agentName", "source", "note", "model", "startedAt", "cliSessionId", "cliModel"].map(
        (name) => `workers.critic.${name}`,
      ),
      ...["note", "agentName", "source"].map((name) => `lead.${name}`),
      ...["cliNote", "cliTotalTokens", "agentName"].map((name) => `workers.codex.${name}`),
      ...["cliEstimatedCostUsd", "totalTokens"].map((name) => `run.${name}`),
    ];
    writeFileSync(markdown, paths.map((path) => `{{token-usage:${path}}}\n`).join(""));
    expect((await run(world, TEAM_STATE, "--substitute-data", data)).stderr).toBe("");
    expect(readFileSync(markdown, "utf8").trimEnd().split("\n")).toEqual([
      ...["n/a", "n/a", "unavailable", expect.stringContaining("no session of team"), "n/a", "n/a", "n/a", "n/a"],
      ...["n/a", "n/a", "claude-jsonl"],
      ...[expect.stringContaining("no Codex session"), "n/a", "codex-worker"],
      ...["n/a", "2,273"],
    ]);
  });

  test("is no team-state, which would be half written", async () => {
    const { world } = arrange();
    const before = readFileSync(world.path(TEAM_STATE), "utf8");
    symlinkSync(world.path(TEAM_STATE), world.path("link.json"));
    for (const data of [world.path(TEAM_STATE), world.path("link.json")]) {
      const { code, stdout, stderr } = await run(world, TEAM_STATE, "--write", "--substitute-data", data);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(
        /^tokensift: --substitute-data: .* is the team-state itself \(give the run's report data\)\n$/,
      );
    }
    expect(readFileSync(world.path(TEAM_STATE), "utf8")).toBe(before);
  });

  test("needs no text beside the data, but data", async () => {
    const { world, data } = arrange();
    const alone = world.write(join(world.base, "alone.json"), "{}");
    expect((await run(world, TEAM_STATE, "--substitute-data", alone)).code).toBe(0);
    expect(existsSync(join(world.base, "alone.md"))).toBe(false);
    expect((await run(world, TEAM_STATE, "--substitute-data", `${data}.gone`)).stderr).toMatch(/no such file/);
  });
});
