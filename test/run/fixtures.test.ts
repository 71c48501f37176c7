/** Runs whose figures were computed by hand: `fixtures/run/CASE/why.md`. */
import { readFileSync } from "node:fs";
import { type CliSession, collectRun } from "tokensift";
import { expect, test } from "vitest";
import { fixturePath, TEAM_STATE, World } from "./world.ts";

interface Expected {
  readonly leadUsage: object;
  readonly workers: Readonly<Record<string, object>>;
  readonly unattributed: object;
  readonly usageSummary: object;
  readonly cli: Readonly<Record<string, object>>;
}

const read = <T>(name: string) => JSON.parse(readFileSync(fixturePath(`whole-team/${name}`), "utf8")) as T;

test("a whole team is counted as computed by hand", async () => {
  const world = World.fromFixture("whole-team");
  const expected = read<Expected>("figures.json");
  const { leadUsage, workers, usageSummary } = await collectRun(world.path(TEAM_STATE), world.options);
  expect(leadUsage).toMatchObject(expected.leadUsage);
  for (const worker of workers) {
    expect(worker.usage, String(worker["workerId"])).toMatchObject(expected.workers[String(worker["workerId"])] ?? {});
  }
  expect(workers.map(({ workerId }) => workerId)).toEqual(Object.keys(expected.workers));
  expect(usageSummary).toMatchObject(expected.usageSummary);
  expect(usageSummary.unattributedWorkerUsage).toMatchObject(expected.unattributed);
  expect(usageSummary.diagnostics.notes).toEqual([]);
});

test("the CLI sessions underneath are beside it, as computed by hand", async () => {
  const world = World.fromFixture("whole-team");
  const expected = read<Expected>("figures.json");
  const found = read<Array<Omit<CliSession, "startedMs"> & { startedAt: string }>>("cli-sessions.json");
  const findCliSessions = async () => ({
    sessions: found.map(({ startedAt, ...session }) => ({ ...session, startedMs: Date.parse(startedAt) })),
  });
  const answer = await collectRun(world.path(TEAM_STATE), { ...world.options, findCliSessions });
  for (const { workerId, usage } of answer.workers) {
    const cli = Object.entries(usage).filter(([name]) => name.startsWith("cli"));
    const { cliModel: _, ...others } = Object.fromEntries(cli) as Record<string, unknown>;
    const { cliModel, ...wanted } = { cliModel: undefined, ...expected.cli[String(workerId)] };
    expect(others, String(workerId)).toEqual(wanted);
    if (cliModel !== undefined) expect(usage).toMatchObject({ cliModel });
  }
  expect(answer.usageSummary).toMatchObject({ ...expected.usageSummary, cliEstimatedCostUsd: 1.250000001 });
});
