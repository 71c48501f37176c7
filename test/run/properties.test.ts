/** What holds of every run, whatever its sessions and its window. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { collectRun, type CollectedTeamState, type CollectRunOptions } from "tokensift";
import { expect, test } from "vitest";
import { type Spent, transcript, uuid, World } from "./world.ts";

const RUNS = Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 60);
const START_MS = Date.UTC(2026, 5, 10, 10);
const MINUTE_MS = 60_000;
const WORKERS = ["codex", "claude", "report-writer"] as const;

/** Who a session says it is, and whose spend that makes it. */
const ROLES = {
  "codex-worker": "codex",
  "Codex-Worker-002": "codex",
  "claude-reverify-r1": "claude",
  "report-writer": "report-writer",
  helper: "unattributed",
  "": "unattributed",
} as const;

interface Session {
  readonly role: keyof typeof ROLES;
  readonly team: "crew" | "CREW" | "others";
  readonly isNested: boolean;
  readonly spent: readonly Spent[];
  readonly subagent: readonly Spent[];
}

const spent = fc.array(
  fc.record({
    atMs: fc.option(
      fc.integer({ min: -20, max: 80 }).map((minute) => START_MS + minute * MINUTE_MS),
      {
        nil: undefined,
        freq: 20,
      },
    ),
    input: fc.nat(1000),
    output: fc.nat(1000),
  }),
  { minLength: 1, maxLength: 6 },
);
const session: fc.Arbitrary<Session> = fc.record({
  role: fc.constantFrom(...(Object.keys(ROLES) as Array<keyof typeof ROLES>)),
  team: fc.constantFrom("crew", "CREW", "others"),
  isNested: fc.boolean(),
  spent,
  subagent: fc.oneof(fc.constant([]), spent),
});
const bound = fc.option(
  fc.integer({ min: -30, max: 90 }).map((minute) => START_MS + minute * MINUTE_MS),
  {
    nil: undefined,
  },
);
type Bounds = readonly [sinceMs: number | undefined, untilMs: number | undefined];
/** Where the beginning is the run's own, the end comes no sooner: that is an error. */
const window = fc.tuple(bound, bound).map(([a, b]): Bounds => {
  if (b === undefined) return [a, b];
  return a === undefined ? [a, Math.max(b, START_MS)] : [Math.min(a, b), Math.max(a, b)];
});

function build(lead: readonly Spent[], sessions: readonly Session[]): { world: World; state: string } {
  const world = new World();
  world.writeSession(0, transcript("lead", lead, { cwd: world.root }));
  for (const [i, { role, team, isNested, spent: own, subagent }] of sessions.entries()) {
    const says = {
      cwd: world.root,
      ...(isNested ? { team: { teamName: team } } : { teamName: team }),
      ...(role !== "" && { agentName: role }),
    };
    const path = world.writeSession(i + 1, transcript(`s${i}`, own, says));
    const below = join(path.replace(/\.jsonl$/, ""), "subagents", `agent-${i}.jsonl`);
    if (subagent.length > 0) world.write(below, transcript(`a${i}`, subagent, { isSidechain: true }));
  }
  const workers = WORKERS.map((workerId) => ({ workerId }));
  return { world, state: world.writeRun({ workers }, { createdAt: new Date(START_MS).toISOString() }) };
}

/** The answer without when it was given. */
function said(answer: CollectedTeamState): unknown {
  return JSON.parse(JSON.stringify(answer, (key, value: unknown) => (key === "collectedAt" ? undefined : value)));
}

function asked([sinceMs, untilMs]: Bounds): CollectRunOptions {
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    ...(sinceMs !== undefined && { since: iso(sinceMs) }),
    ...(untilMs !== undefined && { until: iso(untilMs) }),
  };
}

function totals({ leadUsage, workers, usageSummary }: CollectedTeamState): Record<string, number> {
  const total = (usage: object | null) => (usage && "totalTokens" in usage ? Number(usage.totalTokens) : 0);
  return {
    lead: total(leadUsage),
    ...Object.fromEntries(workers.map(({ usage, workerId }) => [workerId, total(usage)])),
    unattributed: total(usageSummary.unattributedWorkerUsage),
  };
}

/** The same, added up from what was written. */
function expectedTotals(lead: readonly Spent[], sessions: readonly Session[], sinceMs: number, untilMs: number) {
  const sums: Record<string, number> = { lead: 0, codex: 0, claude: 0, "report-writer": 0, unattributed: 0 };
  const add = (owner: string, some: readonly Spent[]) => {
    for (const { atMs, input, output } of some) {
      const isIn = atMs === undefined || (atMs >= sinceMs && atMs <= untilMs);
      if (isIn) sums[owner] = (sums[owner] as number) + input + output;
    }
  };
  add("lead", lead);
  for (const { role, team, spent: own, subagent } of sessions) {
    if (team !== "others") add(ROLES[role], [...own, ...subagent]);
  }
  return sums;
}

test("everybody's tokens are those of their sessions inside the window, and they add up to the run", async () => {
  await fc.assert(
    fc.asyncProperty(spent, fc.array(session, { maxLength: 6 }), window, async (lead, sessions, [sinceMs, untilMs]) => {
      const { world, state } = build(lead, sessions);
      const answer = await collectRun(state, { ...world.options, ...asked([sinceMs, untilMs]) });
      const expected = expectedTotals(lead, sessions, sinceMs ?? START_MS, untilMs ?? Infinity);
      expect(totals(answer)).toEqual(expected);
      const { leadTotalTokens, workerTotalTokens, runTotalTokens } = answer.usageSummary;
      const sum = Object.values(expected).reduce((a, b) => a + b);
      expect({ leadTotalTokens, workerTotalTokens, runTotalTokens }).toEqual({
        leadTotalTokens: expected["lead"],
        workerTotalTokens: sum - (expected["lead"] as number),
        runTotalTokens: sum,
      });
    }),
    { numRuns: RUNS },
  );
});

test("cold, warm and without a cache, for any windows one after the other, say the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      spent,
      fc.array(session, { maxLength: 4 }),
      fc.array(window, { minLength: 1, maxLength: 3 }),
      async (lead, sessions, windows) => {
        const { world, state } = build(lead, sessions);
        for (const one of [...windows, ...windows]) {
          const warm = await collectRun(state, { ...world.options, ...asked(one) });
          const fresh = await collectRun(state, { ...world.options, ...asked(one), cache: false });
          expect(JSON.stringify(said(warm))).toBe(JSON.stringify(said(fresh)));
        }
      },
    ),
    { numRuns: RUNS },
  );
});

test("a run that grows by pieces of lines is at each moment what a fresh look says", async () => {
  await fc.assert(
    fc.asyncProperty(session, fc.array(fc.nat(100), { maxLength: 4 }), async (grown, cuts) => {
      const { world, state } = build([], [{ ...grown, team: "crew" }]);
      const path = join(world.projectFolder(), `${uuid(1)}.jsonl`);
      const bytes = readFileSync(path);
      writeFileSync(path, "");
      const places = cuts.map((percent) => Math.floor((bytes.length * percent) / 100)).sort((a, b) => a - b);
      let from = 0;
      for (const to of [...places, bytes.length]) {
        appendFileSync(path, bytes.subarray(from, to));
        from = to;
        const warm = await collectRun(state, world.options);
        const fresh = await collectRun(state, { ...world.options, cache: false });
        expect(JSON.stringify(said(warm))).toBe(JSON.stringify(said(fresh)));
      }
    }),
    { numRuns: RUNS },
  );
});
