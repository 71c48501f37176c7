import type { Contestant } from "./contestants.ts";
import { ensureCorpus } from "./corpus.ts";
import { measure, type Sample } from "./harness.ts";
import { readOptions } from "./options.ts";
import { saveResults } from "./results.ts";
import { summarize } from "./summary.ts";

/** Measures the contestants on the shapes asked for; results are saved after each shape, so a later crash loses none. */
export async function runBench(name: string, contestants: readonly Contestant[]): Promise<void> {
  const { shapes, seed, samples, save } = readOptions();
  const all: Sample[] = [];
  for (const shape of shapes) {
    const measured = await measure(name, ensureCorpus(shape, seed), contestants, samples);
    all.push(...measured);
    if (save) console.error(`saved to ${saveResults(measured)}`);
  }
  console.log(summarize(all));
  if (all.some((sample) => !sample.isRight)) process.exitCode = 1;
}
