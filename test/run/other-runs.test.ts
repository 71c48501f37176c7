/** CLI sessions where two runs are under way in one project. */
import fc from "fast-check";
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

const FIGURES = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0, costNanoUsd: undefined };
const minute = fc.integer({ min: -20, max: 80 });
const wrapper = fc.record({
  teamName: fc.constantFrom("crew", "others"),
  worker: fc.constantFrom("one", "two"),
  from: minute,
  lasts: fc.nat(40),
  names: fc.subarray(["c0de-1", "c0de-2", "c0de-3"]),
});
const cliSession = fc.record({ seconds: fc.integer({ min: -1300, max: 4900 }), isUsed: fc.boolean() });

test("of any wrappers of two runs, each session is of the only one that names it, or that holds its start, or of none", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(wrapper, { minLength: 1, maxLength: 5 }),
      fc.array(cliSession, { maxLength: 3 }),
      async (wrappers, cliSessions) => {
        const world = new World();
        world.writeSession(0, transcript("lead", minutes(0)));
        for (const [i, { teamName, worker, from, lasts, names }] of wrappers.entries()) {
          const says = { teamName, agentName: `${worker}-worker-${i}`, text: names.join(" ") };
          world.writeSession(i + 1, transcript(`w${i}`, minutes(from, from + lasts), says));
        }
        const workers = ["one", "two"].map((workerId) => ({ workerId, agent: "codex" }));
        const state = { workers, runEndedAt: at(3600) };
        const sessions = cliSessions.map(({ seconds, isUsed }, i) => ({
          agent: "codex" as const,
          id: `c0de-${i + 1}`,
          startedMs: AT_MS + seconds * 1000,
          model: null,
          figures: isUsed ? FIGURES : undefined,
        }));
        const answer = await collectRun(world.writeRun(state, { createdAt: at(0) }), {
          ...world.options,
          findCliSessions: async () => ({ sessions }),
        });
        const isInRun = (minutesAt: number) => minutesAt >= 0 && minutesAt <= 60;
        const expected: Record<string, string[]> = { one: [], two: [], nobody: [] };
        for (const [i, { seconds, isUsed }] of cliSessions.entries()) {
          if (!isUsed && !isInRun(seconds / 60)) continue;
          const around = wrappers.filter(
            ({ teamName, from, lasts }) =>
              seconds >= from * 60 - 10 &&
              seconds <= (from + lasts) * 60 + 10 &&
              (teamName === "others" || isInRun(from) || isInRun(from + lasts)),
          );
          if (around.every(({ teamName }) => teamName === "others")) continue;
          const ownersOf = (some: typeof wrappers) => [
            ...new Set(some.map(({ teamName, worker }) => (teamName === "crew" ? worker : "others"))),
          ];
          const id = `c0de-${i + 1}`;
          const all = ownersOf(around);
          const owners = all.length === 1 ? all : ownersOf(around.filter(({ names }) => names.includes(id)));
          const owner = owners.length === 1 ? (owners[0] as string) : "nobody";
          if (owner !== "others") expected[owner]?.push(id);
        }
        const found = answer.workers.map(({ workerId, usage }) => {
          const { cliSessionId: first, cliAdditionalSessionIds: others = [] } = usage;
          return [workerId, first === undefined ? [] : [first, ...others].sort()];
        });
        const nobody = answer.usageSummary.diagnostics.unassignedCliSessions.map(({ sessionId }) => sessionId);
        expect({ ...Object.fromEntries(found), nobody: nobody.sort() }).toEqual(expected);
      },
    ),
    { numRuns: Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 100) },
  );
});
