/**
 * Trees of forks, replays, live copies and damage, made into runs: lead, workers and those nobody could name are together
 * what the oracle says of the same transcripts in the same window.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { collectRun } from "tokensift";
import { expect, test } from "vitest";
import { discover } from "../../src/discover/index.ts";
import { transcriptTree, type TranscriptTree, writeTree } from "../parity/generate.ts";
import { oracleScan } from "../parity/oracle.ts";
import { World } from "./world.ts";

const RUNS = Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 100);
const FIGURES = [
  "inputTokens",
  "outputTokens",
  "cacheCreation5mTokens",
  "cacheCreation1hTokens",
  "cacheReadTokens",
  "toolUses",
] as const;
const NAMES = ["", "a-worker", "a-worker-2", "b", "nobody"];

/** Leaves transcripts of sessions that have a main one, and says in each of these whose it is. Returns the sessions. */
function makeRun(world: World, tree: TranscriptTree): string[] {
  const folder = world.projectFolder();
  mkdirSync(folder, { recursive: true });
  writeTree(folder, tree);
  const { transcripts } = discover([folder], world.environment);
  const mains = transcripts.filter(({ isMain, session }) => isMain && session !== null);
  const sessions = [...new Set(mains.map(({ session }) => session as string))];
  for (const transcript of transcripts) {
    const { path, session, isMain } = transcript;
    // A subagent that may be of another team only is not of the run.
    const mayBeOfOthers = !isMain && /red|blue|\\u/.test(readFileSync(path, "latin1"));
    if (session === null || !sessions.includes(session) || mayBeOfOthers) {
      rmSync(path);
    } else if (mains.includes(transcript)) {
      const agentName = NAMES[sessions.indexOf(session) % NAMES.length];
      const tag = JSON.stringify({ teamName: "crew", ...(agentName && { agentName }) });
      writeFileSync(path, Buffer.concat([Buffer.from(`${tag}\n`), readFileSync(path)]));
    } else {
      // In the lead's session some become workers inside its process; elsewhere a name means nothing.
      const agentName = NAMES[transcripts.indexOf(transcript) % NAMES.length];
      const tag = JSON.stringify({ agentName });
      if (agentName) writeFileSync(path, Buffer.concat([Buffer.from(`${tag}\n`), readFileSync(path)]));
    }
  }
  return sessions;
}

test(
  "a run's shares add up to what the oracle says of its transcripts",
  { timeout: 60_000 + RUNS * 1000 },
  async () => {
    const bound = fc.option(fc.nat(100), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(transcriptTree, fc.tuple(bound, bound), async (tree, shares) => {
        const world = new World();
        const sessions = makeRun(world, tree);
        if (sessions.length === 0) return;
        const state = world.writeRun({
          lead: { sessionId: sessions[0] },
          workers: [{ workerId: "a" }, { workerId: "b" }],
        });
        const folder = dirname(join(world.projectFolder(), "x"));
        const whole = attempt(() => oracleScan([folder], { by: ["none"] }));
        if (!whole) return;
        const { firstAt, lastAt } = whole.totals as { firstAt: string | null; lastAt: string | null };
        const [firstMs, lastMs] = [firstAt, lastAt].map((at) => (at === null ? 0 : Date.parse(at))) as [number, number];
        const [since, until] = shares
          .map((share) => (share === undefined ? undefined : firstMs + Math.floor(((lastMs - firstMs) * share) / 100)))
          .map((ms) => ms ?? NaN) as [number, number];
        const [from, to] = since > until ? [until, since] : [since, until];
        const expected = oracleScan([folder], {
          by: ["none"],
          ...(!Number.isNaN(from) && { since: from }),
          ...(!Number.isNaN(to) && { until: to }),
        });
        const answer = await collectRun(state, {
          ...world.options,
          ...(!Number.isNaN(from) && { since: new Date(from).toISOString() }),
          ...(!Number.isNaN(to) && { until: new Date(to).toISOString() }),
        });
        const { leadUsage, workers, usageSummary } = answer;
        const blocks = [leadUsage, ...workers.map(({ usage }) => usage), usageSummary.unattributedWorkerUsage];
        const sums = FIGURES.map((name) =>
          blocks.reduce((sum, block) => sum + (block && "totalTokens" in block ? block[name] : 0), 0),
        );
        expect(sums).toEqual(FIGURES.map((name) => (expected.totals as unknown as Record<string, number>)[name]));
        expect(usageSummary.diagnostics.skipped).toEqual((expected.stats as { skipped: object }).skipped);
      }),
      { numRuns: RUNS },
    );
  },
);

/** Undefined: a sum beyond 2^53 - 1. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
