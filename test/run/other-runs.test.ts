/** CLI sessions where two runs are under way in one project. */
import { collectRun } from "tokensift";
import { describe, expect, test } from "vitest";
import { tokensift } from "../cli/tokensift.ts";
import { at, AT_MS, minutes, rolloutLines, usageOf, writeRollout } from "./rollouts.ts";
import { transcript, uuid, World } from "./world.ts";

describe("another run in the same project at the same time", () => {
  const codex = { workerId: "one", agent: "codex" };
  /** Both have a codex worker from minute 0 to 10; what each says is in its transcript. */
  function arrangeTwo(ours: string, theirs: string, more: object = {}) {
    const world = new World();
    world.writeSession(0, transcript("lead", minutes(0, 60)));
    const says = (text: string, teamName: string) => ({ teamName, agentName: "one-worker", text });
    world.writeSession(1, transcript("ours", minutes(0, 10), says(ours, "crew")));
    world.writeSession(2, transcript("theirs", minutes(0, 10), { ...says(theirs, "others"), ...more }));
    writeRollout(world, 70, rolloutLines(70, world.root, 60));
    writeRollout(world, 71, rolloutLines(71, world.root, 61));
    const manifest = { createdAt: new Date(AT_MS).toISOString() };
    return { world, state: world.writeRun({ workers: [codex, { workerId: "two" }] }, manifest) };
  }
  const of = async ({ world, state }: { world: World; state: string }) => {
    const cold = await collectRun(state, world.options);
    const warm = await collectRun(state, world.options);
    expect(usageOf(warm, "one")).toEqual(usageOf(cold, "one"));
    expect(warm.usageSummary.diagnostics).toEqual(cold.usageSummary.diagnostics);
    expect(cold.usageSummary.runTotalTokens).toBe(4);
    return cold;
  };

  test("keeps the session that its worker's transcript names", async () => {
    const answer = await of(arrangeTwo(`session id: ${uuid(70)}`, `session id: ${uuid(71)}`));
    expect(usageOf(answer, "one")).toMatchObject({ cliSessionId: uuid(70), cliTotalTokens: 9900 });
    expect(usageOf(answer, "one")).not.toHaveProperty("cliAdditionalSessionIds");
    expect(answer.usageSummary.diagnostics.unassignedCliSessions).toEqual([]);
  });

  test("leaves to nobody what neither names, and that is said", async () => {
    const { world, state } = arrangeTwo(`session id: ${uuid(70)}`, "");
    const answer = await of({ world, state });
    expect(usageOf(answer, "one")).toMatchObject({ cliSessionId: uuid(70), cliTotalTokens: 9900 });
    expect(answer.usageSummary.diagnostics.unassignedCliSessions).toEqual([
      { agent: "codex", sessionId: uuid(71), startedAt: at(61), workerIds: ["one"] },
    ]);
    const variables = { TOKENSIFT_CACHE_DIR: world.cache, COLUMNS: "200" };
    const { stdout } = await tokensift(["run", state], { home: world.home, variables });
    expect(stdout).toContain(`codex session ${uuid(71)} could be of one or of another run, so it is of none`);
  });

  test("takes none that began when its worker was not there, or wraps nothing", async () => {
    const later = arrangeTwo("", "");
    later.world.writeSession(2, transcript("late", minutes(30, 40), { teamName: "others", agentName: "one-worker" }));
    const claude = arrangeTwo("", "", { agentName: "two-worker" });
    for (const arranged of [later, claude]) {
      expect(usageOf(await of(arranged), "one")).toMatchObject({
        cliSessionId: uuid(70),
        cliAdditionalSessionIds: [uuid(71)],
        cliTotalTokens: 19_800,
      });
    }
  });
});
