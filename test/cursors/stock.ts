/** Trees that transcripts of a model run are cut from, and the questions asked of them. Plain ones first: failures shrink to them. */
import fc from "fast-check";
import type { ScanOptions } from "../../src/options.ts";
import { toEngine } from "../parity/engine-options.ts";
import { type Asked, scenario } from "../parity/generate.ts";
import { family, writeFamily } from "../parity/generate-codex.ts";
import { lines, response, sessionId } from "../transcripts.ts";

export interface Stock {
  /** Relative path to all the bytes that a file will ever get. */
  readonly files: Readonly<Record<string, Buffer>>;
}

/** Does not change from run to run: a kept counterexample names its stock by number. */
const SEED = 3;
const MOST_BYTES = 12_000;

const responses = (from: number, count: number, more: object = {}): Buffer =>
  Buffer.from(lines(Array.from({ length: count }, (_, i) => response(from + i, more))));

/** A response in three records, of which the last has the figures. */
const snapshots = (n: number): Buffer =>
  Buffer.from(
    lines([1, 4, 60].map((output) => response(n, { uuid: `uuid-${n}-${output}` }, { output_tokens: output }))),
  );

/** So long that beside its cursor those that are new are little enough for a file of their own. */
export const LARGE = { path: `-srv-app/${sessionId(9)}.jsonl`, bytes: responses(1000, 600) } as const;

const PLAIN: readonly Stock[] = [
  { files: { [`-srv-app/${sessionId(1)}.jsonl`]: responses(1, 12) } },
  {
    files: {
      [`-srv-app/${sessionId(1)}.jsonl`]: Buffer.concat([responses(1, 2), snapshots(3), snapshots(4), responses(5, 4)]),
      [`-srv-app/${sessionId(2)}.jsonl`]: Buffer.concat([responses(1, 2), snapshots(3), responses(20, 6)]),
    },
  },
  {
    files: {
      [`-srv-app/${sessionId(1)}.jsonl`]: responses(1, 6, { teamName: "red" }),
      [`-srv-app/${sessionId(1)}/subagents/agent-a1.jsonl`]: responses(30, 6, { isSidechain: true }),
      [`-srv-app/${sessionId(1)}/subagents/agent-a1.meta.json`]: Buffer.from('{"agentType":"Explore"}'),
      [`-srv-other/${sessionId(2)}.jsonl`]: responses(3, 6, { cwd: "/srv/other" }),
    },
  },
];

const sizeOf = ({ files }: Stock): number => Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0);
const hasLines = ({ files }: Stock): boolean =>
  Object.entries(files).some(([name, bytes]) => name.endsWith(".jsonl") && bytes.includes(0x0a));

const drawn = fc.sample(scenario, { numRuns: 120, seed: SEED });

export const STOCKS: readonly Stock[] = [
  ...PLAIN,
  ...drawn
    .map(({ tree }): Stock => ({ files: tree.files }))
    .filter((stock) => hasLines(stock) && sizeOf(stock) < MOST_BYTES)
    .sort((a, b) => sizeOf(a) - sizeOf(b)),
  // Last, so that kept counterexamples keep their numbers.
  ...fc
    .sample(family, { numRuns: 60, seed: SEED })
    .map((sessions): Stock => ({ files: writeFamily(sessions) }))
    .filter((stock) => hasLines(stock) && sizeOf(stock) < MOST_BYTES),
];

const plainQuestions: Asked[] = [
  { paths: [], by: ["source", "model"] },
  { paths: [], by: ["day", "agent", "team"] },
  { paths: [], by: ["session", "project"], count: "records" },
  { paths: [], by: ["model"], maxLine: 400 },
];

/** What is asked, but for the paths and the cutting of the work. */
export const QUESTIONS: ReadonlyArray<Omit<ScanOptions, "paths">> = [
  ...plainQuestions,
  ...drawn.flatMap(({ asked }) => asked),
].map((asked) => {
  const { paths: _, ...question } = toEngine(asked, { threads: 0, chunkBytes: null, rangeBytes: null });
  return question;
});
