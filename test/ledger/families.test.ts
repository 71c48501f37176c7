/**
 * Random families of forks that grow, are forked and go between scans: a ledger holds every response it ever saw, once.
 *
 * TOKENSIFT_MODEL_RUNS  sequences to try (default 2000; a tenth of them here)
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SessionEntry } from "../../src/ledger/types.ts";
import { lines, makeFolder, response, sessionId } from "../transcripts.ts";
import { message, PROJECT_FOLDER, transcriptOf } from "./home.ts";
import { emptyLedger, rescan } from "./rescan.ts";

const runs = Math.ceil(Number(process.env["TOKENSIFT_MODEL_RUNS"] ?? 2000) / 10);

type Step = { readonly kind: "begin" } | { readonly kind: "scan" } | Change;
type Change =
  | { readonly kind: "grow"; readonly which: number; readonly by: number }
  /** A copy of so much of another, in tenths, which may be followed by something of its own. */
  | { readonly kind: "fork"; readonly which: number; readonly tenths: number; readonly by: number }
  | { readonly kind: "go" | "rewrite"; readonly which: number };

const which = fc.nat(100);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("begin" as const, "scan" as const) }),
  fc.record({ kind: fc.constant("grow" as const), which, by: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant("fork" as const), which, tenths: fc.nat(10), by: fc.nat(2) }),
  fc.record({ kind: fc.constant("go" as const), which }),
);
const anyStep = fc.oneof({ weight: 9, arbitrary: step }, fc.record({ kind: fc.constant("rewrite" as const), which }));

/** A line of a transcript; `response` is the number of the one it is of. */
interface Line {
  readonly text: string;
  readonly response: number | undefined;
}

/** What a person has on disk, and a ledger that is scanned now and then. */
class World {
  readonly #home = makeFolder({ [`${PROJECT_FOLDER}/.keep`]: "" });
  readonly #sessions = new Map<number, Line[]>();
  readonly #seen = new Set<number>();
  #ledger = emptyLedger();
  #begun = 0;
  #responses = 0;
  #scans = 0;

  async take(step: Step): Promise<void> {
    if (step.kind === "scan") await this.scan();
    else if (step.kind === "begin") this.#write(++this.#begun, this.#more(this.#begun, 2));
    else this.#change(step);
  }

  #change(step: Change): void {
    const [n, some] = [...this.#sessions][step.which % Math.max(1, this.#sessions.size)] ?? [];
    if (n === undefined || !some) return;
    if (step.kind === "grow") this.#write(n, [...some, ...this.#more(n, step.by)]);
    else if (step.kind === "fork") {
      const copied = some.slice(0, Math.ceil((some.length * step.tenths) / 10));
      this.#write(++this.#begun, [...copied, ...(step.by > 0 ? this.#more(this.#begun, step.by) : [])]);
    } else if (step.kind === "go") {
      rmSync(join(this.#home, transcriptOf(n)));
      this.#sessions.delete(n);
    } else this.#write(n, some.slice(0, -1));
  }

  #more(n: number, by: number): Line[] {
    const said = { text: message(`task-${n}`, { uuid: `said-${++this.#responses}`, ...at(this.#responses) }) };
    const answers = Array.from({ length: by }, () => {
      const number = ++this.#responses;
      return { text: response(number, at(number), usageOf(number), modelOf(number)), response: number };
    });
    return [{ ...said, response: undefined }, ...answers];
  }

  #write(n: number, some: readonly Line[]): void {
    this.#sessions.set(n, [...some]);
    writeFileSync(join(this.#home, transcriptOf(n)), lines(some.map(({ text }) => text)));
  }

  /** What the last scan was unsure of. */
  doubts: readonly string[] = [];

  async scan(): Promise<void> {
    const { ledger, doubts } = await rescan(this.#home, this.#ledger, this.#scans++);
    this.doubts = doubts;
    this.#ledger = ledger;
    for (const some of this.#sessions.values()) {
      for (const { response: number } of some) if (number !== undefined) this.#seen.add(number);
    }
  }

  /** What the ledger holds, and what it should. */
  sums() {
    const held = Object.values(this.#ledger.sessions);
    const here = new Set([...this.#sessions.values()].flat().flatMap(({ response: number }) => number ?? []));
    return { held: sumOf(held), seen: expectedOf(this.#seen), here: expectedOf(here) };
  }
}

const at = (n: number) => ({ timestamp: new Date(Date.UTC(2026, 5, 1, 0, n)).toISOString() });
/** No two sets of responses add up alike, or nearly none. */
const usageOf = (n: number) => ({ input_tokens: n * n, cache_creation_input_tokens: n ** 3 });
const modelOf = (n: number) => ({ model: n % 2 === 0 ? "claude-opus-4-6" : "claude-haiku-4-5" });

function sumOf(held: readonly Pick<SessionEntry, "message_count" | "input_tokens" | "cache_tokens" | "models">[]) {
  const sum = (of: (one: (typeof held)[number]) => number) => held.reduce((total, one) => total + of(one), 0);
  return {
    responses: sum(({ message_count }) => message_count),
    input: sum(({ input_tokens }) => input_tokens),
    cache: sum(({ cache_tokens }) => cache_tokens),
    haiku: sum(({ models }) => models["claude-haiku-4-5"] ?? 0),
  };
}

function expectedOf(numbers: Iterable<number>) {
  return sumOf(
    [...numbers].map((n) => {
      const [input, created, read] = [n * n, n ** 3, 100];
      const models = n % 2 === 0 ? {} : { "claude-haiku-4-5": input + created + read + 10 };
      return { message_count: 1, input_tokens: input + created + read, cache_tokens: created + read, models };
    }),
  );
}

test("a ledger holds every response that it ever saw, once", { timeout: 60_000 + runs * 2000 }, async () => {
  let [scans, gone] = [0, 0];
  const property = fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 25 }), async (steps) => {
    const world = new World();
    let isCut = false;
    let before = 0;
    for (const one of [...steps, { kind: "scan" } as const]) {
      await world.take(one);
      isCut ||= one.kind === "rewrite";
      gone += one.kind === "go" ? 1 : 0;
      if (one.kind !== "scan") continue;
      scans++;
      const { held, seen, here } = world.sums();
      if (!isCut) expect([held, world.doubts]).toEqual([seen, []]);
      // And said, in the scan that finds it.
      if (held.responses < before) expect(world.doubts).not.toEqual([]);
      before = held.responses;
      // What a transcript that is still there has lost is lost.
      for (const name of ["responses", "input", "cache", "haiku"] as const) {
        expect(held[name]).toBeLessThanOrEqual(seen[name]);
        expect(held[name]).toBeGreaterThanOrEqual(here[name]);
      }
    }
  });
  await fc.assert(property, { numRuns: runs });
  expect(Math.min(scans, gone)).toBeGreaterThan(runs / 8);
});
