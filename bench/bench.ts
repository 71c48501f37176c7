import type { Contestant } from "./contestants.ts";
import { type Corpus, ensureCorpus, type Shape } from "./corpus.ts";
import { measure, type Sample } from "./harness.ts";
import { readOptions } from "./options.ts";
import { saveResults } from "./results.ts";
import { summarize } from "./summary.ts";

/** Measures the contestants on the shapes asked for; results are saved after each shape, so a later crash loses none. */
export async function runBench(
  name: string,
  contestants: readonly Contestant[] | ((corpus: Corpus) => readonly Contestant[]),
  corpusOf: (shape: Shape, seed: number) => Corpus = ensureCorpus,
): Promise<void> {
  const { shapes, seed, samples, save } = readOptions();
  const all: Sample[] = [];
  for (const shape of shapes) {
    const corpus = corpusOf(shape, seed);
    const chosen = typeof contestants === "function" ? contestants(corpus) : contestants;
    const measured = await measure(name, corpus, chosen, samples);
    all.push(...measured);
    if (save) console.error(`saved to ${saveResults(measured)}`);
  }
  console.log(summarize(all));
  if (all.some((sample) => !sample.isRight)) process.exitCode = 1;
}
