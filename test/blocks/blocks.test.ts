/** Where blocks begin and end, and what is in them: `docs/decisions/0016`, rule by rule. */
import { type BlocksOptions, type BlocksReport, scanBlocks } from "tokensift";
import { describe, expect, test } from "vitest";
import { makeFolder, response, sessionId } from "../transcripts.ts";

const FILE = `.claude/projects/-srv-app/${sessionId(1)}.jsonl`;
/** Long after all of it, so that nothing runs unless a test says so. */
const LATER = "2026-12-01T00:00:00Z";

interface Asked extends Omit<BlocksOptions, "paths" | "cache" | "nowMs"> {
  readonly now?: string;
}

/** Blocks of responses of 111 tokens at these times. */
async function blocksOf(times: readonly string[], asked: Asked = {}): Promise<BlocksReport> {
  return blocksIn({ [FILE]: times.map((timestamp, n) => response(n, { timestamp })) }, asked);
}

async function blocksIn(
  tree: Readonly<Record<string, readonly string[]>>,
  { now = LATER, ...asked }: Asked = {},
): Promise<BlocksReport> {
  return scanBlocks({ paths: [makeFolder(tree)], cache: false, nowMs: Date.parse(now), timezone: "UTC", ...asked });
}

/** `09:00+3`: three responses in the block that begins then. */
const told = ({ blocks }: BlocksReport) =>
  blocks.map(({ startAt, responses }) => `${startAt?.slice(11, 16) ?? "no time"}+${responses}`);

describe("a block", () => {
  test("begins at the full hour of its first response, whatever the order in the transcript", async () => {
    const { blocks } = await blocksOf(["2026-06-01T11:00:00Z", "2026-06-01T09:47:31Z"]);
    expect(blocks).toMatchObject([
      {
        source: "claude",
        startAt: "2026-06-01T09:00:00.000Z",
        endAt: "2026-06-01T14:00:00.000Z",
        responses: 2,
        totalTokens: 222,
        models: ["claude-opus-4-6"],
        firstAt: "2026-06-01T09:47:31.000Z",
        lastAt: "2026-06-01T11:00:00.000Z",
        isActive: false,
        isCut: false,
      },
    ]);
  });

  test.each([
    ["one ms before the end is in it", "2026-06-01T13:59:59.999Z", ["09:00+2"]],
    ["exactly five hours after its start is the next one", "2026-06-01T14:00:00Z", ["09:00+1", "14:00+1"]],
    [
      "five hours after the first response, but in the sixth hour of the block, too",
      "2026-06-01T14:30:00Z",
      ["09:00+1", "14:00+1"],
    ],
  ] as const)("%s", async (_, second, expected) => {
    expect(told(await blocksOf(["2026-06-01T09:30:00Z", second]))).toEqual(expected);
  });

  test("of a response at the full hour begins with it", async () => {
    expect(told(await blocksOf(["2026-06-01T09:00:00.000Z"]))).toEqual(["09:00+1"]);
    expect(told(await blocksOf(["2026-06-01T08:59:59.999Z", "2026-06-01T13:00:00.000Z"]))).toEqual([
      "08:00+1",
      "13:00+1",
    ]);
  });

  test("goes over midnight and the end of the year", async () => {
    const times = ["2025-12-31T22:10:00Z", "2026-01-01T02:59:59Z", "2026-01-01T03:00:00Z"];
    expect(told(await blocksOf(times))).toEqual(["22:00+2", "03:00+1"]);
  });

  test("is five hours long where the clock changes, and begins at full hours of UTC in zones that do not", async () => {
    const berlin = ["2026-10-24T23:30:00Z", "2026-10-25T03:59:00Z", "2026-10-25T04:00:00Z"];
    expect(told(await blocksOf(berlin, { timezone: "Europe/Berlin" }))).toEqual(["23:00+2", "04:00+1"]);
    const spring = ["2026-03-28T23:30:00Z", "2026-03-29T03:59:00Z", "2026-03-29T04:00:00Z"];
    expect(told(await blocksOf(spring, { timezone: "Europe/Berlin" }))).toEqual(["23:00+2", "04:00+1"]);
    expect(told(await blocksOf(["2026-06-01T09:10:00Z"], { timezone: "Asia/Kolkata" }))).toEqual(["09:00+1"]);
  });

  test("holds a response once, however many records and transcripts carry it", async () => {
    const lines = [
      response(1, { timestamp: "2026-06-01T13:59:00Z" }),
      response(1, { timestamp: "2026-06-01T14:01:00Z" }),
    ];
    const { blocks, totals } = await blocksIn({
      [FILE]: lines,
      [FILE.replace("00000001-", "00000002-")]: lines,
    });
    expect(blocks).toMatchObject([{ startAt: "2026-06-01T13:00:00.000Z", responses: 1, totalTokens: 111 }]);
    expect(totals.responses).toBe(1);
  });

  test("holds the tool uses of its last response that come after its end", async () => {
    const use = (id: string) => ({ content: [{ type: "tool_use", id, name: "Read", input: {} }] });
    const last = { requestId: "req_2" };
    const { blocks, totals } = await blocksIn({
      [FILE]: [
        response(1, { timestamp: "2026-06-01T09:30:00Z" }),
        response(2, { ...last, timestamp: "2026-06-01T13:59:59Z" }, {}, use("a")),
        response(2, { ...last, uuid: "uuid-2b", timestamp: "2026-06-01T14:00:01Z" }, {}, use("b")),
      ],
    });
    expect(blocks).toMatchObject([{ startAt: "2026-06-01T09:00:00.000Z", responses: 2, toolUses: 2 }]);
    expect(totals.toolUses).toBe(2);
  });
});

test("tool uses without a response begin no block: they are in the one before, else in the first, else in none", async () => {
  const tool = (n: number, timestamp: string) => {
    const message = {
      id: `msg_t${n}`,
      model: "claude-opus-4-6",
      content: [{ type: "tool_use", id: `t${n}`, name: "Read", input: {} }],
    };
    return JSON.stringify({ type: "assistant", uuid: `uuid-t${n}`, requestId: `req_t${n}`, timestamp, message });
  };
  const [early, late] = [tool(1, "2026-06-01T02:00:00Z"), tool(2, "2026-06-02T02:00:00Z")];
  const around = await blocksIn({ [FILE]: [early, response(1, { timestamp: "2026-06-01T09:30:00Z" }), late] });
  expect(around.blocks).toMatchObject([
    {
      startAt: "2026-06-01T09:00:00.000Z",
      responses: 1,
      toolUses: 2,
      firstAt: "2026-06-01T09:30:00.000Z",
      lastAt: "2026-06-01T09:30:00.000Z",
    },
  ]);
  const alone = await blocksIn({ [FILE]: [early, late] });
  expect(alone.blocks).toMatchObject([{ startAt: null, responses: 0, toolUses: 2 }]);
});

test("responses without a time are a last block without start and end", async () => {
  const { blocks, gaps, totals } = await blocksOf(["2026-06-01T09:30:00Z", "no time"], { tokenLimit: 111 });
  expect(blocks).toMatchObject([
    { startAt: "2026-06-01T09:00:00.000Z", responses: 1 },
    { startAt: null, endAt: null, responses: 1, isActive: false, isCut: false, limitPercent: 100 },
  ]);
  expect(gaps).toEqual([]);
  expect(totals.responses).toBe(2);
});

test("gaps are five hours or more between two blocks", async () => {
  const near = await blocksOf(["2026-06-01T09:30:00Z", "2026-06-01T18:59:00Z"]);
  expect(near.gaps).toEqual([]);
  const far = await blocksOf(["2026-06-01T09:30:00Z", "2026-06-01T19:00:00Z", "2026-06-05T08:20:00Z"]);
  expect(far.gaps).toEqual([
    { source: "claude", startAt: "2026-06-01T14:00:00.000Z", endAt: "2026-06-01T19:00:00.000Z" },
    { source: "claude", startAt: "2026-06-02T00:00:00.000Z", endAt: "2026-06-05T08:00:00.000Z" },
  ]);
});

describe("windows and filters say what is in blocks, not where they begin", () => {
  const times = ["2026-06-01T09:30:00Z", "2026-06-01T12:30:00Z", "2026-06-01T14:30:00Z"];

  test("since cuts a block", async () => {
    const report = await blocksOf(times, { since: "2026-06-01T12:15Z" });
    expect(told(report)).toEqual(["09:00+1", "14:00+1"]);
    expect(report.blocks.map(({ isCut }) => isCut)).toEqual([true, false]);
  });

  test("until cuts a block, and its last millisecond does not", async () => {
    const cut = await blocksOf(times, { until: "2026-06-01T13:59:59.998Z" });
    expect(cut.blocks.map(({ isCut }) => isCut)).toEqual([true]);
    const whole = await blocksOf(times, { until: "2026-06-01T13:59:59.999Z" });
    expect(whole.blocks.map(({ isCut }) => isCut)).toEqual([false]);
  });

  test("another project's response begins the block of this one's", async () => {
    const tree = {
      [FILE]: [response(1, { timestamp: "2026-06-01T12:30:00Z" })],
      [`.claude/projects/-srv-other/${sessionId(2)}.jsonl`]: [
        response(2, { timestamp: "2026-06-01T09:30:00Z", cwd: "/srv/other" }),
      ],
    };
    expect(told(await blocksIn(tree, { filters: { project: ["/srv/app"] } }))).toEqual(["09:00+1"]);
  });
});

test("absurd numbers elsewhere stop no window", async () => {
  const huge = { input_tokens: Number.MAX_SAFE_INTEGER };
  const lines = [
    response(1, { timestamp: "2026-05-01T09:00:00Z" }, huge),
    response(2, { timestamp: "2026-05-01T09:00:00Z" }, huge),
    response(3, { timestamp: "2026-06-01T09:30:00Z" }),
    response(4, { timestamp: "2026-06-01T11:30:00Z" }),
  ];
  await expect(blocksIn({ [FILE]: lines })).rejects.toMatchObject({ code: "SUM_TOO_LARGE" });
  expect(told(await blocksIn({ [FILE]: lines }, { since: "2026-06-01T10:00Z" }))).toEqual(["09:00+1"]);
});

test("each agent has blocks of its own, and Claude Code is asked about unless another is named", async () => {
  const codex = [
    { type: "session_meta", payload: { id: sessionId(3), cwd: "/srv/app", timestamp: "2026-06-01T08:00:00Z" } },
    { type: "turn_context", payload: { model: "gpt-5", cwd: "/srv/app" } },
    {
      type: "event_msg",
      payload: {
        type: "token_count",
        info: {
          total_token_usage: { input_tokens: 5, cached_input_tokens: 0, output_tokens: 5, total_tokens: 10 },
          last_token_usage: { input_tokens: 5, cached_input_tokens: 0, output_tokens: 5, total_tokens: 10 },
        },
      },
    },
  ].map((line) => JSON.stringify({ timestamp: "2026-06-01T12:10:00Z", ...line }));
  const tree = {
    [FILE]: [response(1, { timestamp: "2026-06-01T09:30:00Z" }), response(2, { timestamp: "2026-06-01T12:30:00Z" })],
    [`.codex/sessions/2026/06/01/rollout-2026-06-01T12-00-00-${sessionId(3)}.jsonl`]: codex,
  };
  expect(told(await blocksIn(tree))).toEqual(["09:00+2"]);
  const both = await blocksIn(tree, { sources: ["codex", "claude"] });
  expect(both.blocks.map(({ source, startAt }) => [source, startAt])).toEqual([
    ["claude", "2026-06-01T09:00:00.000Z"],
    ["codex", "2026-06-01T12:00:00.000Z"],
  ]);
  expect(both.totals.responses).toBe(3);
});

describe("the block that is running", () => {
  const times = ["2026-06-01T09:10:00Z", "2026-06-01T09:30:00Z", "2026-06-01T10:10:00Z"];

  test("tells its rate from first to last record, and where that leads by its end", async () => {
    const { blocks } = await blocksOf(times, { now: "2026-06-01T11:00:00Z", tokenLimit: 1000, cost: "none" });
    // 333 tokens in 60 minutes, 180 minutes left.
    expect(blocks).toMatchObject([
      {
        isActive: true,
        limitPercent: 33.3,
        burnRate: { tokensPerMinute: 6, costUsdPerHour: null },
        projection: { remainingMs: 3 * 3_600_000, totalTokens: 333 + 999, costUsd: null, limitPercent: 133.2 },
      },
    ]);
  });

  test("tells costs alike", async () => {
    const [block] = (await blocksOf(times, { now: "2026-06-01T11:00:00Z" })).blocks;
    const costUsd = block?.costUsd as number;
    expect(costUsd).toBeGreaterThan(0);
    expect(block?.burnRate?.costUsdPerHour).toBeCloseTo(costUsd, 12);
    expect(block?.projection?.costUsd).toBeCloseTo(costUsd * 4, 12);
  });

  test.each([
    ["at its first instant", "2026-06-01T09:00:00.000Z", true],
    ["at its last", "2026-06-01T13:59:59.999Z", true],
    ["not when it is over", "2026-06-01T14:00:00.000Z", false],
    ["not before", "2026-06-01T08:59:59.999Z", false],
  ])("runs %s", async (_, now, isActive) => {
    expect((await blocksOf(times, { now })).blocks.map((block) => block.isActive)).toEqual([isActive]);
  });

  test("has no rate yet below a minute", async () => {
    const { blocks } = await blocksOf(["2026-06-01T09:10:00Z", "2026-06-01T09:10:59.999Z"], {
      now: "2026-06-01T09:11:00Z",
    });
    expect(blocks).toMatchObject([{ isActive: true, burnRate: null, projection: null }]);
    const minute = await blocksOf(["2026-06-01T09:10:00Z", "2026-06-01T09:11:00Z"], { now: "2026-06-01T09:11:00Z" });
    expect(minute.blocks).toMatchObject([{ burnRate: { tokensPerMinute: 222 } }]);
  });

  test("is told with nothing in it where filters match nothing, and not where the window is elsewhere", async () => {
    const now = "2026-06-01T11:00:00Z";
    const other = await blocksOf(times, { now, filters: { project: ["/nowhere"] }, show: "active" });
    expect(other.blocks).toMatchObject([{ isActive: true, responses: 0, totalTokens: 0, costUsd: 0 }]);
    expect((await blocksOf(times, { now, until: "2026-05-31" })).blocks).toEqual([]);
    expect((await blocksOf(times, { now, since: "2026-06-02" })).blocks).toEqual([]);
  });
});

describe("which blocks are told", () => {
  const times = ["2026-05-20T09:00:00Z", "2026-06-01T09:00:00Z", "2026-06-03T08:00:00Z"];
  const now = "2026-06-03T10:00:00Z";

  test("active", async () => {
    const report = await blocksOf(times, { now, show: "active" });
    expect(told(report)).toEqual(["08:00+1"]);
    expect(report).toMatchObject({ blocksOmitted: 2, gaps: [], totals: { responses: 3 } });
  });

  test("recent: three days", async () => {
    const report = await blocksOf(times, { now, show: "recent" });
    expect(told(report)).toEqual(["09:00+1", "08:00+1"]);
    expect(report).toMatchObject({ blocksOmitted: 1, totals: { responses: 3 } });
    expect(report.gaps).toHaveLength(1);
  });
});

describe("a limit", () => {
  test("of the largest block that is over", async () => {
    const times = [
      "2026-06-01T09:00:00Z",
      "2026-06-01T09:30:00Z",
      ...["20", "30", "40"].map((m) => `2026-06-02T09:${m}:00Z`),
    ];
    const report = await blocksOf(times, { now: "2026-06-02T10:00:00Z", tokenLimit: "max" });
    expect(report.tokenLimit).toEqual({ tokens: 222, from: "max" });
    expect(report.blocks.map(({ limitPercent }) => limitPercent)).toEqual([100, 150]);
  });

  test("is none where no block is over", async () => {
    const report = await blocksOf(["2026-06-02T09:00:00Z"], { now: "2026-06-02T10:00:00Z", tokenLimit: "max" });
    expect(report).toMatchObject({ tokenLimit: null, blocks: [{ limitPercent: null }] });
  });

  test.each([0, -1, 1.5, NaN])("of %d is refused", async (tokenLimit) => {
    await expect(blocksOf([], { tokenLimit })).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });
});

test("a model without a known price is said as partial, never as free", async () => {
  const lines = [
    response(1, { timestamp: "2026-06-01T09:00:00Z" }, {}, { model: "nobody-knows" }),
    response(2, { timestamp: "2026-06-02T09:00:00Z" }, {}, { model: "nobody-knows" }),
    response(3, { timestamp: "2026-06-02T09:30:00Z" }),
  ];
  const { blocks } = await blocksIn({ [FILE]: lines }, { breakdown: true });
  expect(blocks).toMatchObject([
    { costUsd: null, costIsPartial: true },
    {
      costIsPartial: true,
      breakdown: [
        { model: "claude-opus-4-6", costIsPartial: false },
        { model: "nobody-knows", costUsd: null },
      ],
    },
  ]);
  expect(blocks[1]?.costUsd).toBe(blocks[1]?.breakdown?.[0]?.costUsd);
});
