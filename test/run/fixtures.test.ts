/** Runs whose figures were computed by hand: `fixtures/run/CASE/why.md`. */
import { readFileSync } from "node:fs";
import { collectRun } from "tokensift";
import { expect, test } from "vitest";
import { fixturePath, TEAM_STATE, World } from "./world.ts";

interface Expected {
  readonly leadUsage: object;
  readonly workers: Readonly<Record<string, object>>;
  readonly unattributed: object;
  readonly usageSummary: object;
}

test("a whole team is counted as computed by hand", async () => {
  const world = World.fromFixture("whole-team");
  const expected = JSON.parse(readFileSync(fixturePath("whole-team/figures.json"), "utf8")) as Expected;
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
