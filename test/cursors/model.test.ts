/**
 * After every step of a random sequence of changes a warm run answers like one without cursors, byte for byte.
 *
 * TOKENSIFT_MODEL_RUNS  sequences to try (default 2000)
 * TOKENSIFT_MODEL_SEED  seed of a run to repeat; the seed is always printed
 * TOKENSIFT_MODEL_PATH  fast-check's path to a counterexample, to repeat only that
 * TOKENSIFT_MODEL_SELF  any value: no cursors on either side (tests the model itself)
 *
 * A failure prints the shrunk sequence as it can be added to `CASES`.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { CASES } from "./cases.ts";
import { BEHAVIOURS, ROWS } from "./identity.ts";
import { type Happened, IS_SELF_TEST, NEWER_APART, play, sequence } from "./model.ts";
import { STEPS } from "./world.ts";

const { env } = process;
const runs = Number(env.TOKENSIFT_MODEL_RUNS ?? 2000);
const seed = Number(env.TOKENSIFT_MODEL_SEED ?? Date.now() % 2 ** 31);
const path = env.TOKENSIFT_MODEL_PATH;

/** Fewer sequences say nothing about shares; of so many each thing has happened in some. */
const ENOUGH_FOR_SHARES = 1000;
const ENOUGH = 150;

test.each(Object.entries(CASES))("%s", async (_, sequence) => {
  await play(sequence);
});

test(
  "whatever happens to files and cache, a warm run answers like one without cursors",
  { timeout: 60_000 + runs * 1000 },
  async () => {
    console.log(`model: seed ${seed}, ${runs} sequences`);
    const counts = new Map<string, number>();
    const property = fc.asyncProperty(sequence, async (some) => count(counts, await play(some)));
    const details = await fc.check(property, { seed, numRuns: runs, ...(path ? { path, endOnFailure: true } : {}) });
    if (details.failed) {
      const repeat = `TOKENSIFT_MODEL_SEED=${seed} TOKENSIFT_MODEL_PATH=${details.counterexamplePath}`;
      const [shrunk] = details.counterexample ?? [];
      const cause = details.errorInstance;
      throw new Error(
        `after ${details.numRuns} sequences and ${details.numShrinks} shrinks\nrepeat: ${repeat}\ncase: ${JSON.stringify(shrunk)}\n${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
    if (runs < ENOUGH || path || IS_SELF_TEST) return;
    const shares = Object.fromEntries(
      [...STEPS, ...ROWS, ...BEHAVIOURS, NEWER_APART].map((name) => [name, (counts.get(name) ?? 0) / runs]),
    );
    console.log(
      `model: share of sequences with ${Object.entries(shares)
        .map(([name, share]) => `${name} ${(100 * share).toFixed(0)} %`)
        .join(", ")}`,
    );
    const least = runs < ENOUGH_FOR_SHARES ? 0 : 0.02;
    for (const [name, share] of Object.entries(shares)) expect(share, `sequences with: ${name}`).toBeGreaterThan(least);
  },
);

function count(counts: Map<string, number>, happened: Happened): void {
  for (const name of happened) counts.set(name, (counts.get(name) ?? 0) + 1);
}
