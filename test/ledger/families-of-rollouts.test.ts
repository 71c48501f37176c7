/**
 * The same as `families.test.ts` of Codex, whose forks copy running totals at new times.
 *
 * TOKENSIFT_MODEL_RUNS  sequences to try (default 2000; a tenth of them here)
 */
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { lines, makeFolder, sessionId } from "../transcripts.ts";
import { emptyLedger, rescan } from "./rescan.ts";

const runs = Math.ceil(Number(process.env["TOKENSIFT_MODEL_RUNS"] ?? 2000) / 10);

interface Step {
  readonly kind: "begin" | "scan" | "grow" | "fork" | "go";
  readonly which: number;
  /** Of how many of the original's totals a fork holds copies, in tenths. */
  readonly tenths: number;
  readonly by: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("begin", "scan", "grow", "grow", "fork", "fork", "go"),
  which: fc.nat(100),
  tenths: fc.nat(10),
  by: fc.integer({ min: 1, max: 3 }),
});

/** What one request used, and the total behind it. */
interface Told {
  readonly input: number;
  readonly total: number;
  readonly second: number;
}

interface Rollout {
  readonly n: number;
  readonly beganSecond: number;
  /** The nearest first. */
  readonly ancestors: readonly number[];
  readonly copied: readonly Told[];
  readonly own: readonly Told[];
}

/** Copies are known by their running totals: no two sums of these are equal. Those of cubes were, 3, 4 and 5 being 6. */
const inputOf = (request: number) => createHash("sha256").update(String(request)).digest().readUIntBE(0, 5);
const at = (second: number) => new Date(Date.UTC(2026, 5, 1, 0, 0, second)).toISOString();
const line = (second: number, type: string, payload: object) =>
  JSON.stringify({ timestamp: at(second), type, payload });
const pathOf = (n: number) => `.codex/sessions/2026/06/01/rollout-2026-06-01T00-00-00-${sessionId(n)}.jsonl`;

class World {
  readonly #home = makeFolder({ ".codex/sessions/.keep": "" });
  readonly #rollouts = new Map<number, Rollout>();
  /** What every request used that was ever seen in the rollout it was made in. */
  readonly #seen = new Set<number>();
  /** And in copies: of those that were gone before anybody looked nobody knows what was used when. */
  readonly #copied = new Set<number>();
  #ledger = emptyLedger();
  #begun = 0;
  #requests = 0;
  /** Nothing is written within two seconds of what was before. */
  #second = 0;
  #scans = 0;

  async take({ kind, which, tenths, by }: Step): Promise<void> {
    if (kind === "scan") return this.scan();
    const now = (this.#second += 10);
    if (kind === "begin") {
      this.#write({ n: ++this.#begun, beganSecond: now, ancestors: [], copied: [], own: this.#more([], by) });
      return undefined;
    }
    const rollout = [...this.#rollouts.values()][which % Math.max(1, this.#rollouts.size)];
    if (!rollout) return undefined;
    const { n, ancestors, copied, own } = rollout;
    if (kind === "grow") this.#write({ ...rollout, own: [...own, ...this.#more([...copied, ...own], by)] });
    else if (kind === "fork") {
      const some = [...copied, ...own];
      const part = some.slice(0, Math.ceil((some.length * tenths) / 10));
      const more = this.#more(part, by);
      this.#write({ n: ++this.#begun, beganSecond: now, ancestors: [n, ...ancestors], copied: part, own: more });
    } else {
      rmSync(join(this.#home, pathOf(n)));
      this.#rollouts.delete(n);
    }
    return undefined;
  }

  #more(before: readonly Told[], by: number): Told[] {
    let total = before.at(-1)?.total ?? 0;
    return Array.from({ length: by }, () => {
      const input = inputOf(++this.#requests);
      total += input;
      return { input, total, second: (this.#second += 10) };
    });
  }

  #write(rollout: Rollout): void {
    const { n, beganSecond, ancestors, copied, own } = rollout;
    this.#rollouts.set(n, rollout);
    const [from] = ancestors;
    const meta = (one: number, more: object) =>
      line(beganSecond, "session_meta", { id: sessionId(one), cwd: "/srv/app", ...more });
    const told = (second: number, total: number) =>
      line(second, "event_msg", {
        type: "token_count",
        info: { total_token_usage: { input_tokens: total, output_tokens: 0, total_tokens: total } },
      });
    const path = join(this.#home, pathOf(n));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(
      path,
      lines([
        meta(n, from === undefined ? {} : { forked_from_id: sessionId(from) }),
        ...ancestors.map((one) => meta(one, {})),
        ...copied.map(({ total }) => told(beganSecond, total)),
        ...own.map(({ second, total }) => told(second, total)),
      ]),
    );
  }

  async scan(): Promise<void> {
    this.#ledger = (await rescan(this.#home, this.#ledger, this.#scans++)).ledger;
    for (const { own, copied } of this.#rollouts.values()) {
      for (const { input } of own) this.#seen.add(input);
      for (const { input } of copied) this.#copied.add(input);
    }
  }

  sums() {
    const held = Object.values(this.#ledger.sessions);
    return {
      held: held.reduce((total, { total_tokens }) => total + total_tokens, 0),
      responses: held.reduce((total, { message_count }) => total + message_count, 0),
      ...{ seen: sum(this.#seen), requests: this.#seen.size },
      ...{
        atMost: sum(new Set([...this.#seen, ...this.#copied])),
        isSure: [...this.#copied].every((one) => this.#seen.has(one)),
      },
    };
  }
}

const sum = (some: ReadonlySet<number>) => [...some].reduce((total, one) => total + one, 0);

test("of rollouts, too", { timeout: 60_000 + runs * 2000 }, async () => {
  let [gone, sure] = [0, 0];
  const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
    const world = new World();
    for (const one of [...steps, { kind: "scan", which: 0, tenths: 0, by: 1 } as const]) {
      await world.take(one);
      gone += one.kind === "go" ? 1 : 0;
      if (one.kind !== "scan") continue;
      const { held, responses, seen, requests, atMost, isSure } = world.sums();
      if (isSure) expect([held, responses]).toEqual([seen, requests]);
      sure += isSure ? 1 : 0;
      expect(held).toBeGreaterThanOrEqual(seen);
      expect(held).toBeLessThanOrEqual(atMost);
    }
  });
  await fc.assert(property, { numRuns: runs });
  expect(Math.min(gone, sure)).toBeGreaterThan(runs / 8);
});
