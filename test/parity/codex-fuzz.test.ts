/**
 * Random families of Codex rollouts.
 *
 * TOKENSIFT_FUZZ_RUNS  families to try (default 1000)
 * TOKENSIFT_FUZZ_SEED  seed of a run to repeat; fast-check prints it with a failure
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { scan } from "tokensift";
import { expect, test } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import type { Dimension } from "../../src/types.ts";
import { answerOf, makeFolder, oracleOptions } from "../transcripts.ts";
import { compareScan } from "./compare.ts";
import {
  type Act,
  ALONE,
  count,
  family,
  plainActs,
  type Review,
  review,
  reviewWithin,
  writeFamily,
} from "./generate-codex.ts";
import { oracleCodexScan } from "./oracle-codex.ts";

const runs = Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 1000);
const seed = process.env["TOKENSIFT_FUZZ_SEED"];
const settings = { numRuns: runs, ...(seed && { seed: Number(seed) }) };
const timeout = 60_000 + runs * 500;

const BY: readonly Dimension[][] = [
  ["session", "model"],
  ["hour", "agent"],
  ["project", "branch"],
  ["day", "source"],
];

/** A folder for one family; the one before goes. */
function put(root: string, files: Record<string, Buffer>): string {
  const folder = join(root, "home");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

test("any family is as the oracle says, however it is cut", { timeout }, async () => {
  const root = makeFolder();
  const property = fc.asyncProperty(
    family,
    fc.nat(BY.length - 1),
    fc.constantFrom<ScanOptions["count"]>("responses", "responses", "responses", "records"),
    fc.integer({ min: 30, max: 2000 }),
    async (sessions, at, count, rangeBytes) => {
      const paths = [put(root, writeFamily(sessions))];
      const question = { paths, by: BY[at]!, count, threads: 0, cache: false, timezone: "UTC", rangeBytes };
      const result = await scan(question);
      compareScan(result, oracleCodexScan(paths, oracleOptions(question, result)));
    },
  );
  await fc.assert(property, settings);
});

test("a plain session's figures are its last total", { timeout }, async () => {
  const root = makeFolder();
  const property = fc.asyncProperty(plainActs, async (acts) => {
    const { totals } = await scan({ paths: [put(root, writeFamily([{ ...ALONE, acts }]))], threads: 0, cache: false });
    expect(totals.totalTokens).toBe(used(acts));
  });
  await fc.assert(property, settings);
});

test(
  "rollouts that go on from the total of another one add their own, whether that one is there",
  { timeout },
  async () => {
    const root = makeFolder();
    const next = fc.record({
      acts: plainActs,
      refers: fc.record({ isPage: fc.boolean(), repeats: fc.boolean() }),
      isGone: fc.boolean(),
    });
    const property = fc.asyncProperty(
      plainActs,
      fc.array(next, { minLength: 1, maxLength: 3 }),
      async (first, others) => {
        const sessions = [
          { ...ALONE, acts: first },
          // What one that is gone was at last cannot be known again.
          ...others.map((one, n) => ({
            ...ALONE,
            ...one,
            isGone: one.isGone && !others[n + 1]?.refers.repeats,
            from: 1,
            copied: 100,
          })),
        ];
        const there = sessions.filter(({ isGone }) => !isGone);
        const { totals } = await scan({ paths: [put(root, writeFamily(sessions))], threads: 0, cache: false });
        expect(totals.totalTokens).toBe(there.reduce((sum, { acts }) => sum + used(acts), 0));
      },
    );
    await fc.assert(property, settings);
  },
);

test("a fork that copies only the last of its parent adds its own", { timeout }, async () => {
  const root = makeFolder();
  const fork = fc.record({ acts: plainActs, skipped: fc.nat(99), copyMs: fc.constantFrom(0, 4000) });
  const property = fc.asyncProperty(plainActs, fc.array(fork, { minLength: 1, maxLength: 3 }), async (acts, forks) => {
    const sessions = [
      { ...ALONE, acts },
      ...forks.map((one) => ({ ...ALONE, ...one, from: 1, copied: 100, namesOrigin: true })),
    ];
    const { totals } = await scan({ paths: [put(root, writeFamily(sessions))], threads: 0, cache: false });
    expect(totals.totalTokens).toBe(sessions.reduce((sum, one) => sum + used(one.acts), 0));
  });
  await fc.assert(property, settings);
});

test("what was used in turns that were taken back counts, and what was kept counts once", { timeout }, async () => {
  const root = makeFolder();
  // More than any total before: what follows is none of them.
  const much = (n: number): Act => ({
    do: "count",
    use: { input: 10_000 * 3 ** n, cached: 0, written: 0, output: 1, reasoning: 0 },
  });
  const next = fc.record({
    acts: plainActs,
    refers: fc.option(fc.record({ isPage: fc.constant(false), repeats: fc.boolean() }), { nil: null }),
    reverted: fc.option(fc.record({ kept: fc.nat(100), acts: plainActs }), { nil: null }),
  });
  const property = fc.asyncProperty(fc.array(next, { minLength: 1, maxLength: 3 }), async (some) => {
    const sessions = some.map(({ reverted, ...one }, n) => ({
      ...ALONE,
      ...one,
      reverted: reverted && { ...reverted, acts: [much(n), ...reverted.acts] },
      from: 1,
      copied: 100,
      namesOrigin: true,
    }));
    const { totals } = await scan({ paths: [put(root, writeFamily(sessions))], threads: 0, cache: false });
    expect(totals.totalTokens).toBe(
      sessions.reduce((sum, { acts, reverted }) => sum + used(acts) + used(reverted?.acts ?? []), 0),
    );
  });
  await fc.assert(property, settings);
});

const HARMLESS = ["repeat", "estimate", "null", "tool", "text", "own meta", "torn", "bad number"] as const;

test("repeats, estimates, restarts, reviews and forks add nothing of their own", { timeout }, async () => {
  const root = makeFolder();
  const disturbance = fc.oneof(
    fc.constantFrom(...HARMLESS).map((name): Act => ({ do: name })),
    fc.constant<Act>({ do: "restart" }),
    review,
  );
  const disturbed = fc
    .tuple(plainActs, fc.array(fc.tuple(fc.nat(20), disturbance), { maxLength: 6 }))
    .map(([acts, some]) => {
      const all = [...acts];
      for (const [at, one] of some) all.splice(at % (all.length + 1), 0, one);
      return all;
    });
  const property = fc.asyncProperty(disturbed, fc.boolean(), async (all, hasFork) => {
    // A restart can lead to a total that stood there before: then nobody can tell its event from a repeat.
    const totals = new Set<string>();
    let [input, output, isAmbiguous] = [0, 0, false];
    for (const one of all) {
      if (one.do === "restart") input = output = 0;
      const chain = one.do === "review" ? { input: 0, output: 0 } : { input, output };
      for (const use of one.do === "count" ? [one.use] : one.do === "review" ? one.uses : []) {
        chain.input += use.input;
        chain.output += use.output;
        isAmbiguous ||= totals.has(`${chain.input} ${chain.output}`) || use.input + use.output === 0;
        totals.add(`${chain.input} ${chain.output}`);
      }
      if (one.do === "count") ({ input, output } = chain);
    }
    fc.pre(!isAmbiguous && !fallsLess(all));
    const parent = { ...ALONE, acts: all };
    const fork = { ...ALONE, acts: [], from: 1, copied: 100, namesOrigin: true, repeatsMeta: true };
    const paths = [put(root, writeFamily(hasFork ? [parent, fork] : [parent]))];
    expect((await scan({ paths, threads: 0, cache: false })).totals.totalTokens).toBe(used(all));
  });
  await fc.assert(property, settings);
});

test("reviews by others, by the session itself, and killed ones add their own", { timeout }, async () => {
  const root = makeFolder();
  const some = (how: readonly Review[], ...first: fc.Arbitrary<readonly Act[]>[]) =>
    fc
      .tuple(...first, fc.array(fc.oneof(plainActs, fc.tuple(reviewWithin([0, 1, -10], how))), { maxLength: 8 }))
      .map((parts) => parts.flat(2));
  // What the first reviews of a session are, before it tells any total, only their likes can show.
  const acts = fc.oneof(
    some(["ended", "killed"]),
    some(["within"]),
    some(["ended", "killed", "within"], fc.tuple(count)),
  );
  const property = fc.asyncProperty(acts, fc.integer({ min: 30, max: 2000 }), async (all, rangeBytes) => {
    // Totals that stand there twice are one.
    const totals = new Set<string>();
    let [total, isAmbiguous] = [{ input: 0, output: 0 }, false];
    for (const one of all) {
      const uses = one.do === "count" ? [one.use] : one.do === "review" ? one.uses : [];
      const isOther = one.do === "review" && one.how !== "within";
      const chain = isOther ? { input: 0, output: 0 } : total;
      for (const use of uses) {
        chain.input += use.input;
        chain.output += use.output;
        isAmbiguous ||= totals.has(`${chain.input} ${chain.output}`) || use.input + use.output === 0;
        totals.add(`${chain.input} ${chain.output}`);
      }
      if (one.do === "review" && one.how === "killed" && uses.length > 0) total = chain;
    }
    fc.pre(!isAmbiguous);
    const paths = [put(root, writeFamily([{ ...ALONE, acts: all }]))];
    const { totals: figures } = await scan({ paths, threads: 0, cache: false, rangeBytes });
    expect(figures.totalTokens).toBe(used(all));
  });
  await fc.assert(property, settings);
});

/** Whether a request after a restart is so large that the total does not fall: then the restart cannot be seen. */
function fallsLess(acts: readonly Act[]): boolean {
  let before = { input: 0, cached: 0, written: 0, output: 0, reasoning: 0 };
  let now = before;
  let isAfterRestart = false;
  for (const act of acts) {
    if (act.do === "restart") {
      now = { input: 0, cached: 0, written: 0, output: 0, reasoning: 0 };
      isAfterRestart = true;
    }
    // Any event in between would show the total at zero, or before the restart.
    if (isAfterRestart && (act.do === "repeat" || act.do === "again" || act.do === "estimate")) return true;
    if (act.do !== "count") continue;
    const { use } = act;
    now = {
      input: now.input + use.input,
      cached: now.cached + use.cached,
      written: now.written + use.written,
      output: now.output + use.output,
      reasoning: now.reasoning + use.reasoning,
    };
    const isFall = (Object.keys(now) as (keyof typeof now)[]).some((part) => now[part] < before[part]);
    if (isAfterRestart && !isFall && Object.values(before).some((part) => part > 0)) return true;
    isAfterRestart = false;
    before = now;
  }
  return false;
}

function used(acts: readonly Act[]): number {
  const uses = acts.flatMap((one) => (one.do === "count" ? [one.use] : one.do === "review" ? one.uses : []));
  return uses.reduce((sum, { input, output }) => sum + input + output, 0);
}

test("rollouts that grow, line by line or torn: a warm scan says what a cold one does", { timeout }, async () => {
  const root = makeFolder();
  const property = fc.asyncProperty(
    family,
    fc.array(fc.nat(100), { minLength: 1, maxLength: 4 }),
    async (sessions, cuts) => {
      const files = writeFamily(sessions);
      const cacheDirectory = join(root, "cache");
      rmSync(cacheDirectory, { recursive: true, force: true });
      const realNow = Date.now;
      // What was written a moment ago is never believed: a clock ahead makes the cursors count.
      Date.now = () => realNow() + 5000;
      try {
        const folder = put(root, {});
        for (const percent of [...cuts.sort((a, b) => a - b), 100]) {
          for (const [name, bytes] of Object.entries(files)) {
            mkdirSync(dirname(join(folder, name)), { recursive: true });
            const end = Math.floor((bytes.length * percent) / 100);
            const had = sizeOf.get(name) ?? 0;
            if (end > had) writeFileSync(join(folder, name), bytes.subarray(had, end), { flag: "a" });
            sizeOf.set(name, Math.max(had, end));
          }
          const question = { paths: [folder], by: ["session", "model"] as const, threads: 0, timezone: "UTC" };
          const warm = await scan({ ...question, cacheDirectory });
          expect(answerOf(warm)).toEqual(answerOf(await scan({ ...question, cache: false })));
        }
      } finally {
        Date.now = realNow;
        sizeOf.clear();
      }
    },
  );
  await fc.assert(property, { ...settings, numRuns: Math.ceil(runs / 4) });
});

/** Bytes written so far, by name. */
const sizeOf = new Map<string, number>();

test("a rollout that goes on from another and begins with a review has no repeat in it", async () => {
  const nothing = { input: 0, cached: 0, written: 0, output: 0, reasoning: 0 };
  const acts: Act[] = [
    { do: "review", uses: [nothing], hasOwn: false, lateMs: 0, how: "ended" },
    { do: "count", use: { ...nothing, output: 1, reasoning: 1 } },
  ];
  const first = { ...ALONE, acts: [{ do: "count", use: nothing }] satisfies Act[] };
  const second = { ...ALONE, from: 1, refers: { isPage: false, repeats: false }, acts };
  const folder = put(makeFolder(), writeFamily([first, second]));
  const options: ScanOptions = { paths: [folder], by: ["session"], threads: 0, cache: false };
  const { totals } = await scan(options);
  expect(totals).toMatchObject({ outputTokens: 1, responses: 1 });
});
