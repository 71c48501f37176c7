/** Random sequences of changes to a world, and what has to hold after each of their steps. */
import fc from "fast-check";
import { scan } from "tokensift";
import { expect } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import type { ScanResult } from "../../src/types.ts";
import { type Behaviour, type Row, Watch } from "./identity.ts";
import { sayingsOf } from "./scan.ts";
import { QUESTIONS, STOCKS } from "./stock.ts";
import { DAMAGES, JUNK, SIDES, type Step, type When, World } from "./world.ts";

/** No cursors on either side: is the model itself in order? */
export const IS_SELF_TEST = process.env["TOKENSIFT_MODEL_SELF"] !== undefined;

export interface Sequence {
  readonly stock: number;
  /** Lines that each transcript has at first. */
  readonly begun: number;
  readonly when: When;
  /**
   * The clock of the runs minus that of the file system. What was changed within the last 20 ms is never believed, so
   * without a clock that is ahead most cursors would be of no use to the next step.
   */
  readonly aheadMs: number;
  /** Whether there is a transcript longer than all others. */
  readonly hasLarge?: boolean;
  readonly steps: readonly Step[];
}

// ------------------------------------------------------------------------------------------------------- Sequences

const percent = fc.integer({ min: 0, max: 100 });
const file = fc.nat(7);
const lines = fc.integer({ min: 1, max: 3 });
const when = fc.constantFrom<When>("past", "past", "other past", "recent", "recent", "now", "future");
const keysOf = <T extends object>(some: T) => fc.constantFrom(...(Object.keys(some) as (keyof T)[]));
const fixed = <T extends string>(name: T) => fc.constant(name);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fixed("grow"), file, lines, when }) },
  { weight: 7, arbitrary: fc.record({ do: fixed("half"), file, percent, when }) },
  { weight: 5, arbitrary: fc.record({ do: fixed("junk"), file, kind: keysOf(JUNK), when }) },
  { weight: 4, arbitrary: fc.record({ do: fixed("truncate"), file, percent, when }) },
  { weight: 3, arbitrary: fc.record({ do: fixed("new tail"), file, when }) },
  { weight: 4, arbitrary: fc.record({ do: fixed("change"), file, percent, anew: fc.boolean(), when }) },
  { weight: 4, arbitrary: fc.record({ do: fixed("rewrite"), file, like: file, anew: fc.boolean(), when }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fixed("change and grow"),
      file,
      where: fc.constantFrom("head", "anchor"),
      percent,
      lines,
      when,
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fixed("move"), file, to: file }) },
  { weight: 3, arbitrary: fc.record({ do: fixed("delete"), file }) },
  { weight: 4, arbitrary: fc.record({ do: fixed("touch"), file, when }) },
  { weight: 4, arbitrary: fc.record({ do: fixed("fork"), file, to: file, when }) },
  { weight: 2, arbitrary: fc.record({ do: fixed("link"), file, to: file, soft: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fixed("agent"), file, lines, when }) },
  { weight: 4, arbitrary: fc.record({ do: fixed("side"), file, kind: keysOf(SIDES), when }) },
  { weight: 8, arbitrary: fc.record({ do: fixed("damage"), how: fc.constantFrom(...DAMAGES), cache: file, percent }) },
  { weight: 6, arbitrary: fc.record({ do: fixed("ask"), question: fc.nat(QUESTIONS.length - 1) }) },
  { weight: 5, arbitrary: fc.record({ do: fixed("paths"), pick: fc.nat(12) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fixed("cut"),
      // Workers take some 50 ms to start, so they are rare here; the fuzz of test/parity is where they are tested.
      threads: fc.oneof({ weight: 19, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(1, 2) }),
      rangeBytes: fc.oneof(fc.constant(null), fc.integer({ min: 50, max: 3000 })),
      chunkBytes: fc.constantFrom(4096, 16, 100, 65_536),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fixed("twice"), question: fc.nat(QUESTIONS.length - 1) }) },
  { weight: 3, arbitrary: fc.record({ do: fixed("time"), ms: fc.constantFrom(30, 3000, 3 * 86_400_000, -5000) }) },
  { weight: 6, arbitrary: fc.record({ do: fixed("nothing") }) },
);

export const sequence: fc.Arbitrary<Sequence> = fc.record({
  stock: fc.nat(STOCKS.length - 1),
  begun: fc.nat(5),
  when: fc.constantFrom<When>("past", "past", "recent"),
  aheadMs: fc.constantFrom(1000, 1000, 1000, 0),
  hasLarge: fc.nat(2).map((n) => n > 0),
  steps: fc.array(step, { minLength: 1, maxLength: 7, size: "max" }),
});

// ------------------------------------------------------------------------------------------------------------ A run

/** New cursors of a project were written to a file of their own. */
export const NEWER_APART = "newer cursors apart";

/** What happened in a sequence: kinds of steps, rows of the spec's identity table, and what runs did of it. */
export type Happened = Set<Step["do"] | Row | Behaviour | typeof NEWER_APART>;

export async function play({ stock, begun, when, aheadMs, hasLarge, steps }: Sequence): Promise<Happened> {
  const happened: Happened = new Set();
  const realNow = Date.now;
  let ahead = aheadMs;
  Date.now = () => realNow() + ahead;
  const world = new World(STOCKS[stock % STOCKS.length]!, begun, when, hasLarge);
  const { cacheDirectory } = world;
  const watch = new Watch();
  /** Answers without cursors, by question, while no transcript changes. */
  const cold = new Map<string, Promise<Answer>>();
  let question = 0;
  let pick = 0;
  let cut: ScanOptions = { threads: 0, chunkBytes: 4096 };
  try {
    for (const step of [{ do: "nothing" } as const, ...steps]) {
      happened.add(step.do);
      if (step.do === "ask") question = step.question;
      if (step.do === "paths") pick = step.pick;
      if (step.do === "time") ahead += step.ms;
      if (step.do === "cut") {
        const { do: _, rangeBytes, ...rest } = step;
        cut = { ...rest, ...(rangeBytes === null ? {} : { rangeBytes }) };
      }
      if (step.do === "damage") watch.damaged();
      if (changesContent(step)) cold.clear();
      world.apply(step);
      world.avoidStatedLimit();
      const paths = world.paths(pick);
      const asked = (step.do === "twice" ? [question, step.question] : [question]).map((number): ScanOptions => ({
        ...QUESTIONS[number % QUESTIONS.length],
        ...cut,
        paths,
      }));
      const ask = async (options: ScanOptions): Promise<ScanResult | null> => {
        const warm = await answerTo({ ...options, ...(IS_SELF_TEST ? { cache: false } : { cacheDirectory }) });
        const key = JSON.stringify(options);
        const known = cold.get(key) ?? answerTo({ ...options, cache: false });
        cold.set(key, known);
        compare(warm, await known);
        return warm.result;
      };
      try {
        const bounds = watch.look(world.transcripts(paths), asked[0]!, happened);
        const others = asked.slice(1).map((other) => watch.look(world.transcripts(paths), other, new Set()));
        const [result] = await Promise.all(asked.map(ask));
        if (!IS_SELF_TEST) watch.check(bounds, result ?? null, asked[0]!, happened);
        if (step.do === "twice") {
          for (const [i, other] of others.entries()) watch.note(other, asked[i + 1]!);
          watch.unsure();
        }
      } catch (error) {
        (error as Error).message += `\nafter: ${JSON.stringify(step)}\nasked: ${JSON.stringify(asked)}`;
        throw error;
      }
      world.remember();
      if (world.cacheFiles().some((path) => path.endsWith(".recent.cursors"))) happened.add(NEWER_APART);
    }
    return happened;
  } finally {
    Date.now = realNow;
    world.remove();
  }
}

interface Answer {
  /** Null when the scan refused to answer. */
  readonly result: ScanResult | null;
  /** What has to be the same with and without cursors. */
  readonly sayings: string;
}

async function answerTo(options: ScanOptions): Promise<Answer> {
  try {
    const result = await scan(options);
    return { result, sayings: JSON.stringify(sayingsOf(result)) };
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== "SUM_TOO_LARGE") throw error;
    return { result: null, sayings: JSON.stringify({ code }) };
  }
}

/** Throws a readable difference. */
function compare(warm: Answer, cold: Answer): void {
  if (warm.sayings === cold.sayings) return;
  expect(JSON.parse(warm.sayings)).toEqual(JSON.parse(cold.sayings));
  throw new Error("the warm answer is the cold one, but written in another order");
}

const changesContent = (step: Step): boolean => "file" in step && step.do !== "touch";
