/** Which tasks stand out: what should, and what should not. */
import { describe, expect, test } from "vitest";
import { findAnomalies } from "../../src/ledger/anomalies.ts";
import { buildLedger } from "../../src/ledger/build.ts";
import { judge } from "../../src/ledger/signals.ts";
import type { Ledger, SessionEntry } from "../../src/ledger/types.ts";

const DEFAULTS = { threshold: 2, minTasks: 5 };

interface Shape {
  readonly input?: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly cacheCreation?: number;
  readonly responses?: number;
  readonly seconds?: number;
  readonly usd?: number | null;
  readonly more?: Partial<SessionEntry>;
}

function entry(task: string, shape: Shape): SessionEntry {
  const {
    input = 1000,
    output = 10_000,
    cacheRead = 90_000,
    cacheCreation = 9000,
    responses = 20,
    seconds = 600,
    usd = null,
  } = shape;
  const inputs = input + cacheRead + cacheCreation;
  return {
    project: "/srv/app",
    team_id: null,
    agent_name: null,
    mentioned: [task],
    input_tokens: inputs,
    output_tokens: output,
    cache_tokens: cacheRead + cacheCreation,
    cache_creation_tokens: cacheCreation,
    cache_read_tokens: cacheRead,
    total_tokens: inputs + output,
    message_count: responses,
    models: { m: inputs + output },
    cost_estimate_usd: usd,
    cost_is_partial: false,
    first_at: null,
    last_at: null,
    span_seconds: seconds,
    subagents: 0,
    subagent_depth: 0,
    transcript_bytes: 1,
    scanned_at: "2026-06-01T00:00:00.000Z",
    ...shape.more,
  };
}

function ledgerOf(shapes: ReadonlyArray<readonly [task: string, shape: Shape]>): Ledger {
  const entries = new Map(shapes.map(([task, shape], i) => [`s${i}`, entry(task, shape)] as const));
  return buildLedger(entries, { said: new Map(), timers: new Map(), dispatched: new Map() });
}

/** Eight tasks that differ a little. */
const USUAL = Array.from({ length: 8 }, (_, i): [string, Shape] => {
  const by = (10 + i) / 10;
  return [
    `task-${i}`,
    { output: 1000 * (10 + i), cacheRead: 9000 * (10 + i), responses: 20 + i, seconds: 600 * by, usd: 0.5 * by },
  ];
});

function found(odd: Shape, name = "task-9") {
  const { anomalies, notable } = findAnomalies(ledgerOf([...USUAL, [name, odd]]), DEFAULTS);
  const kindsOf = (some: typeof anomalies) =>
    some.flatMap(({ task_id, reasons }) => reasons.map(({ kind }) => `${task_id} ${kind}`));
  return {
    anomalies: kindsOf(anomalies),
    notable: kindsOf(notable),
    reasons: anomalies.flatMap(({ reasons }) => reasons),
  };
}

describe("signals", () => {
  test("are those of the spec, computed by hand", () => {
    // ln: 0, 1, 2, 3, 10; median 2; deviations 2, 1, 0, 1, 8; their median 1.
    const values = [1, Math.E, Math.E ** 2, Math.E ** 3, Math.E ** 10];
    const last = judge(values, 2, true).at(-1);
    const mean = (values[0]! + values[1]! + values[2]! + values[3]!) / 4;
    expect(last).toMatchObject({ is_ratio: true, is_robust: true });
    expect(last?.z).toBeCloseTo(0.6745 * 8, 10);
    expect(last?.mean_of_others).toBeCloseTo(mean, 6);
    expect(last?.ratio).toBeCloseTo(values[4]! / mean, 6);
  });

  test("exactly the threshold is a ratio, one less is none, and low values are nothing", () => {
    expect(judge([100, 100, 100, 100, 200], 2, true).map(({ is_ratio }) => is_ratio)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(judge([100, 100, 100, 100, 199], 2, true).some(({ is_ratio }) => is_ratio)).toBe(false);
    expect(judge([100, 101, 102, 103, 1], 2, true).some(({ is_ratio, is_robust }) => is_ratio || is_robust)).toBe(
      false,
    );
  });

  test("a threshold that floats cannot hold is reached all the same", () => {
    // 1.1 times 100 is 110.00000000000001 in floats.
    expect(judge([100, 100, 100, 100, 110], 1.1, true).at(-1)).toMatchObject({ ratio: 1.1, is_ratio: true });
    expect(judge([100, 100, 100, 100, 110], 1.100001, true).at(-1)?.is_ratio).toBe(false);
  });

  test("without a deviation the ratio alone decides", () => {
    expect(judge([100, 100, 100, 100, 250], 2, true).at(-1)).toMatchObject({
      z: null,
      is_robust: false,
      is_anomaly: true,
    });
    expect(judge([0, 0, 0, 0, 0], 2, true).some(({ is_anomaly, is_ratio }) => is_anomaly || is_ratio)).toBe(false);
    // Twice the mean of the others, and what most of them are.
    const alike = judge([100, 100, 100, 0, 0], 2, true);
    expect(alike.map(({ is_ratio, is_anomaly }) => [is_ratio, is_anomaly]).slice(0, 3)).toEqual(
      [1, 2, 3].map(() => [true, false]),
    );
    expect(judge([0, 0, 0, 0, 9], 2, true).at(-1)).toMatchObject({ ratio: null, is_ratio: true, is_anomaly: true });
  });
});

describe("a task stands out by", () => {
  test.each<[string, Shape, string[]]>([
    ["tokens in total", { cacheRead: 900_000, seconds: 6000, responses: 30 }, ["task-9 total_tokens"]],
    ["output", { output: 400_000, seconds: 4000 }, ["task-9 total_tokens", "task-9 output_tokens"]],
    ["cost", { usd: 50 }, ["task-9 cost"]],
    ["tokens a second", { seconds: 20 }, ["task-9 tokens_per_second"]],
    ["a low cache hit ratio", { input: 60_000, cacheRead: 40_000 }, ["task-9 low_cache_hit_ratio"]],
    ["nothing", {}, []],
    ["having little", { output: 1, cacheRead: 10, cacheCreation: 0, input: 0, responses: 1 }, []],
  ])("%s", (_, odd, kinds) => expect(found(odd).anomalies).toEqual(kinds));

  test("one signal alone is notable", () => {
    const spread = [1, 2, 4, 8, 16, 32].map((by, i): [string, Shape] => [
      `task-${i}`,
      { cacheRead: 90_000 * by, output: 10_000 * by, seconds: 600 * by },
    ]);
    const report = findAnomalies(ledgerOf(spread), DEFAULTS);
    expect(report.anomalies).toEqual([]);
    expect(report.notable[0]).toMatchObject({
      task_id: "task-5",
      reasons: [{ kind: "total_tokens", is_ratio: true, is_robust: false }, {}],
    });
  });

  test("both signals, but of few tasks not sure enough, are notable, and it says what would be enough", () => {
    const few = [100, 150, 200, 250, 1000].map((tokens, i): [string, Shape] => [
      `task-${i}`,
      { input: tokens, output: 0, cacheRead: 0, cacheCreation: 0, seconds: 0 },
    ]);
    const { anomalies, notable } = findAnomalies(ledgerOf(few), DEFAULTS);
    expect(anomalies).toEqual([]);
    // 0.6745 * ln(1000 / 200) / ln(200 / 150), and 3.5 + 8 / (5 - 3).
    const [reason] = notable[0]?.reasons ?? [];
    expect(reason).toMatchObject({ kind: "total_tokens", is_ratio: true, is_robust: true, anomaly_above: 7.5 });
    expect((reason as { z: number }).z).toBeCloseTo((0.6745 * Math.log(5)) / Math.log(4 / 3), 10);
    expect(reason?.sentence).toMatch(/\(robust z 3\.8; an anomaly's is above 7\.5 among so few\)$/);
  });

  test("figures are in the unit of what they measure", () => {
    const by = (kind: string, odd: Shape) =>
      found(odd).reasons.find((reason) => reason.kind === kind) as { value: number } | undefined;
    expect(by("cost", { usd: 50 })).toMatchObject({
      value: 50,
      // 0.5 * (1.0 + 1.1 + … + 1.7) / 8
      mean_of_others: expect.closeTo(0.675, 9) as number,
    });
    expect(by("low_cache_hit_ratio", { input: 60_000, cacheRead: 40_000, cacheCreation: 0 })?.value).toBe(0.6);
    expect(by("tokens_per_second", { seconds: 20 })?.value).toBe(5500);
  });

  test("tasks slower than a token a second are compared as others are", () => {
    const slow = (last: number) =>
      findAnomalies(
        ledgerOf(
          [1000, 1100, 1200, 1300, 1400, 1500, 1600, last].map((seconds, i): [string, Shape] => [
            `task-${i}`,
            { input: 500, output: 0, cacheRead: 0, cacheCreation: 0, seconds },
          ]),
        ),
        DEFAULTS,
      );
    const [fast] = slow(10).anomalies;
    expect(fast).toMatchObject({ task_id: "task-7", reasons: [{ kind: "tokens_per_second", value: 50 }] });
    // Half a token a second and a fifteenth of that, all below one.
    expect(slow(100_000).anomalies).toEqual([]);
    const [faster] = slow(600).notable;
    expect(faster).toMatchObject({ reasons: [{ kind: "tokens_per_second", z: expect.any(Number) as number }] });
  });

  test("reasons have figures, a sentence and sessions", () => {
    const [reason] = found({ cacheRead: 900_000, seconds: 6000 }).reasons;
    expect(reason).toMatchObject({
      kind: "total_tokens",
      value: 920_000,
      is_ratio: true,
      is_robust: true,
      session_ids: ["s8"],
    });
    expect(reason?.sentence).toMatch(
      /^tokens in total: 920k, 6\.\d times the mean of the others, 14\dk \(robust z \d+\.\d\)$/,
    );
  });

  test("few tasks are not judged, and it says so", () => {
    const few = ledgerOf(USUAL.slice(0, 4));
    expect(findAnomalies(few, DEFAULTS)).toMatchObject({ too_few: true, anomalies: [], notable: [] });
    expect(findAnomalies(few, { threshold: 2, minTasks: 4 }).too_few).toBe(false);
    expect(
      findAnomalies(ledgerOf(USUAL.map(([task, shape]) => [task, { ...shape, usd: null }])), DEFAULTS).not_judged,
    ).toEqual(["cost"]);
  });
});

describe("a task's shape stands out by", () => {
  test("a worker dispatched twice", () => {
    const twice = [
      ...USUAL,
      ["task-1", { more: { agent_name: "codex-worker" } }],
      ["task-1", { more: { agent_name: "Codex-worker-002" } }],
    ] as const;
    const { anomalies } = findAnomalies(ledgerOf(twice), DEFAULTS);
    expect(
      anomalies.flatMap(({ task_id, reasons }) => reasons.map(({ kind, session_ids }) => [task_id, kind, session_ids])),
    ).toContainEqual(["task-1", "repeated_dispatch", ["s8", "s9"]]);
    const two = [
      ...USUAL,
      ["task-1", { more: { agent_name: "codex-worker" } }],
      ["task-2", { more: { agent_name: "codex-worker" } }],
    ] as const;
    const kinds = findAnomalies(ledgerOf(two), DEFAULTS).anomalies.flatMap(({ reasons }) =>
      reasons.map(({ kind }) => kind),
    );
    expect(kinds).not.toContain("repeated_dispatch");
  });

  test.each<[string, Shape]>([
    ["fan_out", { more: { subagents: 20, subagent_depth: 1 } }],
    ["subagent_depth", { more: { subagents: 3, subagent_depth: 4 } }],
    ["retry_loop", { responses: 300, output: 3000 }],
    ["cache_write_storm", { cacheCreation: 900_000, cacheRead: 90_000, seconds: 6000 }],
  ])("%s", (kind, odd) => {
    const { anomalies, reasons } = found(odd);
    expect(anomalies).toContain(`task-9 ${kind}`);
    const reason = reasons.find((one) => one.kind === kind);
    expect(reason?.session_ids).toEqual(["s8"]);
    expect(reason?.sentence.length).toBeGreaterThan(20);
  });
});

describe("ordinary sets of ten varied tasks", () => {
  /** mulberry32: the same sets each time. */
  function randomFrom(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    };
  }

  test.each([
    [0.5, "each on its own"],
    [1, "each on its own"],
    [1.5, "each on its own"],
    [0.5, "all with the size"],
    [1, "all with the size"],
  ] as const)("raise an anomaly in at most 8 %% of 1,000: spread %d, figures %s", (spread, how) => {
    const random = randomFrom(42);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let raised = 0;
    for (let set = 0; set < 1000; set++) {
      const shapes = Array.from({ length: 10 }, (_, i): [string, Shape] => {
        const size = normal();
        const vary = (typical: number) => {
          const z = how === "each on its own" ? normal() : size * 0.95 + normal() * 0.3;
          return Math.max(1, Math.round(typical * Math.exp(spread * z)));
        };
        const shape = {
          input: vary(2000),
          output: vary(12_000),
          cacheRead: vary(900_000),
          cacheCreation: vary(60_000),
        };
        return [`task-${i}`, { ...shape, responses: vary(40), seconds: vary(900), usd: vary(1_000_000) / 1e6 }];
      });
      if (findAnomalies(ledgerOf(shapes), DEFAULTS).anomalies.length > 0) raised++;
    }
    expect(raised).toBeLessThanOrEqual(80);
    // Not because nothing could ever be found.
    expect(raised).toBeGreaterThan(0);
  });
});
