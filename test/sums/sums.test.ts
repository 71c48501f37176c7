/** Transcripts that are told by their sums: their events are not read, and every figure is what it would be with them. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import type { ScanResult } from "../../src/types.ts";
import { tokensift } from "../cli/tokensift.ts";
import { Corpus, manyLines, projects } from "../cursors/corpus.ts";
import { sayingsOf } from "../cursors/scan.ts";
import { toEngine } from "../parity/engine-options.ts";
import { scenario } from "../parity/generate.ts";
import { type Act, ALONE, family, writeFamily } from "../parity/generate-codex.ts";
import { lines, response, sessionId, type Tree } from "../transcripts.ts";

const HOUR_MS = 60 * 60 * 1000;

function sumsOf(corpus: Corpus): string {
  const found = corpus.cacheFiles().filter((path) => path.endsWith(".sums"));
  expect(found).toHaveLength(1);
  return found[0] as string;
}

const cursorFiles = (corpus: Corpus) => corpus.cacheFiles().filter((path) => path.endsWith(".cursors"));

/** Where what hangs on events begins in a cursor file: a number in its header says it. */
function destroyEvents(corpus: Corpus): void {
  for (const path of cursorFiles(corpus)) {
    const bytes = readFileSync(path);
    bytes.fill(0xff, bytes.readUInt32LE(24));
    writeFileSync(path, bytes);
  }
}

/** Cursors are written, then sums of what is in them. */
async function settled(tree: Tree): Promise<Corpus> {
  const corpus = new Corpus(tree);
  await corpus.checked();
  await corpus.checked();
  expect(existsSync(sumsOf(corpus))).toBe(true);
  return corpus;
}

const FIRST = `-srv-app0/${sessionId(0)}.jsonl`;
/** In a project that has nothing to do with any other. */
const OTHER = `-srv-other/${sessionId(99)}.jsonl`;

describe("where nothing is new", () => {
  test("events are not read: with theirs destroyed all figures are still there", async () => {
    const corpus = await settled(projects(3, 4, 30));
    destroyEvents(corpus);
    for (const by of [
      ["day"],
      ["session", "model"],
      ["hour"],
      ["project", "agent", "team"],
      ["branch", "source"],
    ] as const) {
      const { stats } = await corpus.checked({ by });
      expect(stats).toMatchObject({ bytesRead: 0, transcriptsUnchanged: 12 });
    }
  });

  test("windows that end between quarters of an hour are told by them, those that end inside are not", async () => {
    const corpus = await settled(projects(2, 2, 40));
    const { totals } = await corpus.cold();
    const [first, last] = [Date.parse(totals.firstAt ?? ""), Date.parse(totals.lastAt ?? "")];
    const middle = Math.floor((first + last) / 2 / HOUR_MS) * HOUR_MS;
    for (const atMs of [middle, middle + 1, middle - 1, middle + 7 * 60_000 + 123, first, last, first + 1, last - 1]) {
      const at = new Date(atMs).toISOString();
      await corpus.checked({ since: at, by: ["hour"] });
      await corpus.checked({ until: at, by: ["session"] });
      await corpus.checked({ since: at, until: new Date(atMs + 20 * 60_000).toISOString() });
    }
  });

  test.each(["Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"])(
    "days of %s",
    async (timezone) => {
      const corpus = await settled(projects(2, 2, 40));
      for (const by of [["day"], ["week"], ["hour"], ["month", "model"]] as const)
        await corpus.checked({ by, timezone });
    },
  );

  test("where an hour begins inside of a quarter, events are read after all", async () => {
    // Until 1972 clocks in Liberia were 44 minutes and 30 seconds behind.
    const at = (n: number) => new Date(Date.UTC(1971, 5, 1, 12, n * 7)).toISOString();
    const old = lines(Array.from({ length: 40 }, (_, n) => response(n, { timestamp: at(n) })));
    const corpus = await settled({ [FIRST]: old });
    for (const by of [["hour"], ["day"], ["hour", "model"]] as const) {
      await corpus.checked({ by, timezone: "Africa/Monrovia" });
    }
  });

  test("what goes on from one quarter of an hour to others counts in each of them", async () => {
    // One response, one record and one call of a tool every ten minutes; others beside it.
    const at = (minutes: number) => new Date(Date.UTC(2026, 5, 1, 9, minutes)).toISOString();
    const record = (n: number) =>
      response(
        1,
        { uuid: `part-${n}`, timestamp: at(n * 10) },
        { output_tokens: n },
        { content: [{ type: "tool_use", id: `tool-${n}`, name: "Read", input: {} }] },
      );
    const others = Array.from({ length: 12 }, (_, n) => response(100 + n, { timestamp: at(n * 10 + 1) }));
    const typed = Array.from({ length: 12 }, (_, n) =>
      JSON.stringify({ type: "user", uuid: `user-${n}`, timestamp: at(n * 10 + 2), message: { content: "more" } }),
    );
    const records = Array.from({ length: 12 }, (_, n) => record(n));
    const corpus = await settled({ [FIRST]: lines([...records, ...typed, ...others]) });
    destroyEvents(corpus);
    for (const by of [["hour"], ["hour", "model"], ["session"]] as const) {
      const { stats, totals } = await corpus.checked({ by });
      expect(stats.bytesRead).toBe(0);
      expect(totals).toMatchObject({ responses: 13, toolUses: 12, durationMs: 112 * 60_000 });
    }
    for (const minutes of [15, 45, 60]) {
      const { stats } = await corpus.checked({
        since: at(minutes),
        until: new Date(Date.parse(at(90)) - 1).toISOString(),
      });
      expect(stats.bytesRead).toBe(0);
    }
  });

  test("other prices, none, and other ways to count have sums of their own, or none", async () => {
    const corpus = await settled(projects(2, 2, 20));
    for (const cost of ["calculate", "none", "recorded", "auto", "calculate"] as const) {
      await corpus.checked({ cost });
      await corpus.checked({ cost, by: ["model"] });
    }
    await corpus.checked({ count: "records" });
    await corpus.checked({ explain: true });
    await corpus.checked({ by: ["task"] });
  });

  test("sums of the prices before are no use once others were fetched", async () => {
    const corpus = await settled(projects(2, 2, 20));
    const costs = [(await corpus.warm()).totals.costUsd];
    for (const dollars of [50, 70]) {
      const list = join(corpus.folder, "prices.json");
      const prices = { input_mtok: dollars, output_mtok: 250 };
      const models = [{ id: "claude-opus-4-6", match: { equals: "claude-opus-4-6" }, prices }];
      const provider = { id: "anthropic", name: "Anthropic", api_pattern: "x", model_match: { contains: "claude" } };
      writeFileSync(list, JSON.stringify([{ ...provider, models }]));
      expect(await tokensift(["prices", "update", list, "--cache-dir", corpus.cacheDirectory])).toMatchObject({
        code: 0,
      });
      for (let run = 0; run < 2; run++) {
        const { totals } = await corpus.warm();
        expect(totals).toEqual((await corpus.cold({ cacheDirectory: corpus.cacheDirectory })).totals);
        if (run === 0) costs.push(totals.costUsd);
      }
    }
    expect(new Set(costs).size).toBe(3);
  });

  test("they are written once", async () => {
    const corpus = await settled(projects(2, 2, 20));
    const { ino, mtimeNs } = statSync(sumsOf(corpus), { bigint: true });
    await corpus.checked();
    await corpus.checked({ by: ["hour"], since: "2020-01-01" });
    expect(statSync(sumsOf(corpus), { bigint: true })).toMatchObject({ ino, mtimeNs });
  });
});

describe("what sums cannot tell", () => {
  const iterations = [
    { type: "message", input_tokens: 10, output_tokens: 20 },
    { type: "advisor_message", model: "claude-opus-4-5", input_tokens: 300, output_tokens: 40 },
  ];
  const ODD = `-srv-odd/${sessionId(77)}.jsonl`;

  test.each(
    Object.entries({
      "what a response used under other models": [
        response(500, {}, { input_tokens: 10, output_tokens: 20, iterations }),
      ],
      "a response without a time": [response(500, { timestamp: undefined })],
      "a time before 1970": [response(500, { timestamp: "1969-12-31T23:59:00.000Z" })],
      "a copy with an id of its own": [
        response(500),
        response(500, { uuid: "copy-500", forkedFrom: { messageUuid: "uuid-500", sessionId: sessionId(77) } }),
      ],
    }),
  )("%s: its events are read, those of others are not, and it is tried once", async (_, odd) => {
    const corpus = new Corpus({ ...projects(2, 2, 20), [ODD]: lines([...odd, response(600)]) });
    await corpus.checked();
    await corpus.checked();
    const { ino } = statSync(sumsOf(corpus));
    for (const by of [["model"], ["hour"], ["session"], ["day", "model"]] as const) await corpus.checked({ by });
    expect(statSync(sumsOf(corpus)).ino).toBe(ino);
    // With all events destroyed the odd transcript is read again, and so is what lies in its file of cursors.
    destroyEvents(corpus);
    const { stats } = await corpus.checked();
    expect(stats.bytesRead).toBeGreaterThan(0);
  });
});

/** Cursors of the first project are written in the run that first finds all others unchanged, and sums of these. */
async function settledBesideWriting(tree: Tree): Promise<Corpus> {
  const corpus = new Corpus({ ...projects(1, 1, 300), ...tree });
  await corpus.checked();
  corpus.append(FIRST, manyLines(900, 1));
  await corpus.checked();
  expect(existsSync(sumsOf(corpus))).toBe(true);
  return corpus;
}

test("what sums cannot tell is seen where cursors are written in the same run", async () => {
  const name = (n: number) => `-srv-odd${n}/${sessionId(70 + n)}.jsonl`;
  const copy = (n: number) =>
    response(n, { uuid: `copy-${n}`, forkedFrom: { messageUuid: `uuid-${n}`, sessionId: sessionId(77) } });
  const odd = Array.from({ length: 4 }, (_, n) => {
    const from = 1000 * (n + 1);
    return [name(n), manyLines(from, 40) + lines([copy(from)])] as const;
  });
  const corpus = await settledBesideWriting(Object.fromEntries(odd));
  await corpus.checked();
  destroyEvents(corpus);
  const sizes = odd.reduce((sum, [path]) => sum + corpus.size(path), 0);
  expect((await corpus.checked()).stats.bytesRead).toBeGreaterThanOrEqual(sizes);
});

test("a single transcript that sums cannot tell, or that tells next to nothing", async () => {
  for (const only of [
    response(1, { timestamp: undefined }),
    JSON.stringify({ type: "user", uuid: "u", timestamp: "1970-01-01T00:00:00.000Z", message: { content: "hi" } }),
    response(1, { timestamp: "1970-01-01T00:00:00.000Z", cwd: undefined }, {}, { model: undefined }),
  ]) {
    const corpus = await settled({ [FIRST]: lines([only]) });
    const { ino } = statSync(sumsOf(corpus));
    for (const by of [["model"], ["hour"], ["session"]] as const) await corpus.checked({ by });
    expect(statSync(sumsOf(corpus)).ino).toBe(ino);
  }
});

describe("where something is new", () => {
  test("only that, and what has ids in common with it, is read", async () => {
    const tree = projects(2, 3, 30);
    const fork = `-srv-app1/${sessionId(50)}.jsonl`;
    const corpus = await settled({ ...tree, [fork]: `${tree[FIRST] as string}${manyLines(700, 3)}` });
    corpus.append(fork, manyLines(800, 2));
    const { stats } = await corpus.checked({ by: ["session"] });
    expect(stats.transcriptsUnchanged).toBe(6);
    await corpus.checked({ by: ["session"] });
    await corpus.checked({ by: ["session"] });
    destroyEvents(corpus);
    expect((await corpus.checked({ by: ["session", "hour"] })).stats.bytesRead).toBe(0);
  });

  test("a copy of what is told, in a project that was not there, counts once and for the transcript it was copied from", async () => {
    const corpus = await settled(projects(2, 3, 30));
    const copy = `-srv-new/${sessionId(60)}.jsonl`;
    for (const name of [copy, `-srv-app0/${sessionId(61)}.jsonl`]) {
      const path = corpus.path(name);
      mkdirSync(dirname(path), { recursive: true });
      copyFileSync(corpus.path(FIRST), path);
      corpus.age(name);
      const { totals } = await corpus.checked({ by: ["session", "project"] });
      expect(totals.responses).toBe(180);
      for (let run = 0; run < 2; run++) await corpus.checked({ by: ["session", "project"] });
    }
    rmSync(corpus.path(FIRST));
    for (let run = 0; run < 3; run++) await corpus.checked({ by: ["session", "project"] });
  });

  test("ids that were damaged in cursors of which the head was read are missed, where something is compared with them", async () => {
    const corpus = await settled(projects(2, 3, 30));
    destroyEvents(corpus);
    const copy = `-srv-new/${sessionId(60)}.jsonl`;
    mkdirSync(dirname(corpus.path(copy)), { recursive: true });
    copyFileSync(corpus.path(FIRST), corpus.path(copy));
    corpus.age(copy);
    expect((await corpus.checked({ by: ["session"] })).totals.responses).toBe(180);
  });

  test("nothing is kept of what has ids in common with what may still change", async () => {
    const [original, fork] = [FIRST, `-srv-app0/${sessionId(40)}.jsonl`];
    const corpus = new Corpus({ ...projects(2, 2, 30), [original]: manyLines(0, 20), [fork]: manyLines(0, 25) });
    await corpus.checked({ by: ["session"] });
    corpus.touch(original);
    for (let run = 0; run < 2; run++) await corpus.checked({ by: ["session"] });
    rmSync(corpus.path(original));
    for (let run = 0; run < 3; run++) await corpus.checked({ by: ["session"] });
  });

  test("few that were just written to wait, until they have rested", async () => {
    // So large a project has a file for newer cursors: those of all others stay what they are.
    const large = { [`-srv-app0/${sessionId(99)}.jsonl`]: manyLines(5000, 1500) };
    const corpus = await settled({ ...projects(2, 40, 5), ...large });
    const before = statSync(sumsOf(corpus)).ino;
    corpus.append(FIRST, manyLines(900, 2));
    const aMinuteAgo = Date.now() / 1000 - 60;
    utimesSync(corpus.path(FIRST), aMinuteAgo, aMinuteAgo);
    for (let run = 0; run < 3; run++) await corpus.checked({ by: ["session"] });
    expect(statSync(sumsOf(corpus)).ino).toBe(before);
    corpus.age(FIRST);
    for (let run = 0; run < 3; run++) await corpus.checked({ by: ["session"] });
    expect(statSync(sumsOf(corpus)).ino).not.toBe(before);
  });

  test("a transcript that is gone takes its sums along", async () => {
    const corpus = await settled(projects(2, 3, 30));
    rmSync(corpus.path(FIRST));
    const { totals } = await corpus.checked();
    expect(totals.responses).toBe(150);
    for (let run = 0; run < 2; run++) expect((await corpus.checked()).totals.responses).toBe(150);
  });

  test("newer cursors in a file of their own are told as well", async () => {
    const corpus = new Corpus({ ...projects(1, 1, 1500), [`-srv-app0/${sessionId(9)}.jsonl`]: manyLines(5000, 3) });
    await corpus.checked();
    corpus.append(`-srv-app0/${sessionId(9)}.jsonl`, manyLines(5003, 2));
    await corpus.checked();
    expect(cursorFiles(corpus)).toHaveLength(2);
    await corpus.checked();
    destroyEvents(corpus);
    expect((await corpus.checked({ by: ["session"] })).stats.bytesRead).toBe(0);
  });
});

describe("a Codex fork that is told, whose origin appears", () => {
  const at = (seconds: number) => new Date(Date.UTC(2026, 5, 1, 10, 0, seconds)).toISOString();
  const meta = (seconds: number, payload: object) =>
    JSON.stringify({ timestamp: at(seconds), type: "session_meta", payload });
  const reading = (seconds: number, input: number) => {
    const info = { total_token_usage: { input_tokens: input } };
    return JSON.stringify({ timestamp: at(seconds), type: "event_msg", payload: { type: "token_count", info } });
  };
  const name = (n: number) => `sessions/rollout-2026-06-01T10-00-00-${sessionId(n)}.jsonl`;
  // Copies that were not written at once: only the origin shows what they are.
  const fork = [
    meta(20, { id: sessionId(2), forked_from_id: sessionId(1) }),
    ...[reading(25, 100), reading(26, 300), reading(40, 350)],
  ];
  const other = [meta(50, { id: sessionId(3) }), reading(55, 7), reading(56, 9)];

  test.each([
    ["with its id in its first line", meta(0, { id: sessionId(1) })],
    ["with its id in its name alone", meta(0, {})],
    ["with its id in its name, and a broken first line", '{"timestamp":'],
  ])("%s", async (_, first) => {
    const corpus = await settled({ [name(2)]: lines(fork), [name(3)]: lines(other) });
    expect((await corpus.checked()).totals.inputTokens).toBe(350 + 9);
    writeFileSync(corpus.path(name(1)), lines([first, reading(1, 100), reading(2, 300)]));
    corpus.age(name(1));
    for (let run = 0; run < 3; run++) {
      expect((await corpus.checked({ by: ["session"] })).totals.inputTokens).toBe(350 + 9);
    }
    rmSync(corpus.path(name(1)));
    for (let run = 0; run < 3; run++) await corpus.checked({ by: ["session"] });
  });
});

test.each([
  ["", settled],
  [", seen where cursors are written in the same run", settledBesideWriting],
])("a Codex session with a review that is told, whose review's own rollout appears%s", async (_, settle) => {
  const use = (input: number) => ({ input, cached: 0, written: 0, output: 1, reasoning: 0 });
  const reviewed: Act = { do: "review", uses: [use(20), use(30)], hasOwn: true, lateMs: 1 };
  const files = Object.entries(writeFamily([{ ...ALONE, acts: [{ do: "count", use: use(100) }, reviewed] }]));
  const isReview = ([, bytes]: readonly [string, Buffer]) => bytes.includes('"subagent":"review"');
  const others = Object.fromEntries(files.filter((one) => !isReview(one)));
  const corpus = await settle({ [FIRST]: manyLines(0, 5), ...others });
  const { totals } = await corpus.checked({ sources: ["codex"] });
  expect(totals.inputTokens).toBe(150);
  for (const [name, bytes] of files.filter(isReview)) {
    writeFileSync(corpus.path(name), bytes);
    corpus.age(name);
  }
  for (let run = 0; run < 3; run++) {
    const { rows } = await corpus.checked({ by: ["source", "agent"], filters: { model: ["gpt*", "unknown"] } });
    const inputs = Object.fromEntries(rows.map(({ key, inputTokens }) => [key.agent, inputTokens]));
    expect(inputs).toEqual({ main: 100, review: 50 });
  }
});

test("an empty copy of a Codex rollout has nothing to do with it: sums are written once", async () => {
  const stem = `rollout-2026-06-01T10-00-00-${sessionId(1)}`;
  const meta = { timestamp: "2026-06-01T10:00:00.000Z", type: "session_meta", payload: { id: sessionId(1) } };
  const info = { total_token_usage: { input_tokens: 9 } };
  const reading = { timestamp: "2026-06-01T10:00:09.000Z", type: "event_msg", payload: { type: "token_count", info } };
  const corpus = await settled({
    [`sessions/${stem}.jsonl`]: lines([JSON.stringify(meta), JSON.stringify(reading)]),
    [`archived_sessions/${stem}.jsonl`]: "",
    [FIRST]: manyLines(0, 5),
  });
  const { ino } = statSync(sumsOf(corpus));
  for (let run = 0; run < 2; run++) {
    corpus.touch(FIRST);
    await corpus.checked({ by: ["session"] });
    expect(statSync(sumsOf(corpus)).ino).toBe(ino);
  }
});

describe("a file of sums that is no use", () => {
  const damages: Record<string, (bytes: Buffer) => Buffer> = {
    empty: () => Buffer.alloc(0),
    "half of it": (bytes) => bytes.subarray(0, bytes.length >> 1),
    longer: (bytes) => Buffer.concat([bytes, Buffer.alloc(8)]),
    "another format": (bytes) => Buffer.concat([bytes.subarray(0, 8), Buffer.from([99]), bytes.subarray(9)]),
    "one bit in the middle": (bytes) => {
      const copy = Buffer.from(bytes);
      copy[copy.length >> 1] = (copy[copy.length >> 1] as number) ^ 4;
      return copy;
    },
  };
  test.each(Object.entries(damages))("%s: is as good as absent, and written anew", async (_, damage) => {
    const corpus = await settled(projects(2, 2, 30));
    const whole = readFileSync(sumsOf(corpus));
    writeFileSync(sumsOf(corpus), damage(whole));
    expect((await corpus.checked({ by: ["day"] })).stats.bytesRead).toBe(0);
    expect(readFileSync(sumsOf(corpus)).equals(whole)).toBe(true);
  });

  test("of other cursors than there are", async () => {
    const corpus = await settled(projects(2, 2, 30));
    const before = readFileSync(sumsOf(corpus));
    corpus.append(FIRST, manyLines(900, 4));
    await corpus.checked();
    await corpus.checked();
    writeFileSync(sumsOf(corpus), before);
    expect((await corpus.checked({ by: ["session"] })).totals.responses).toBe(124);
  });

  test("cursors that were read by halves, and replaced before the rest was", async () => {
    const corpus = await settled(projects(2, 2, 30));
    for (const path of cursorFiles(corpus)) rmSync(path);
    expect((await corpus.checked()).totals.responses).toBe(120);
  });
});

describe("whatever is asked, and whatever is new", () => {
  const seed = Number(process.env["TOKENSIFT_FUZZ_SEED"] ?? Date.now() % 2 ** 31);
  const numRuns = Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 150);
  console.log(`sums: seed ${seed}`);
  const change = fc.record({
    file: fc.nat(20),
    like: fc.nat(20),
    percent: fc.nat(100),
    how: fc.constantFrom("append", "copy", "cut", "remove", "come"),
    isOtherGrown: fc.boolean(),
    runs: fc.integer({ min: 1, max: 3 }),
  });
  const changes = fc.record({
    /** Files that are not there at first. */
    missing: fc.array(fc.nat(20), { maxLength: 2 }),
    runs: fc.integer({ min: 1, max: 3 }),
    some: fc.array(change, { maxLength: 4 }),
  });
  type Changes = typeof changes extends fc.Arbitrary<infer T> ? T : never;

  test("of Claude Code's transcripts", { timeout: 900_000 }, async () => {
    const property = fc.asyncProperty(scenario, changes, async ({ tree, asked }, some) => {
      const questions = asked.map((one) => toEngine(one, { threads: 0, chunkBytes: null, rangeBytes: null }));
      await play(tree.files, [{}, ...questions], some);
    });
    await fc.assert(property, { seed, numRuns });
  });

  test("of families of Codex rollouts", { timeout: 900_000 }, async () => {
    const questions: ScanOptions[] = [
      {},
      { by: ["session", "model"] },
      { by: ["hour"], since: "2026-06-01T12:07:00Z" },
    ];
    const property = fc.asyncProperty(
      fc.array(family, { minLength: 1, maxLength: 2 }),
      changes,
      async (families, some) => {
        const files = families.map((one, n) =>
          Object.entries(writeFamily(one)).map(([name, bytes]) => [`${n}/${name}`, bytes] as const),
        );
        await play(Object.fromEntries(files.flat()), questions, some);
      },
    );
    await fc.assert(property, { seed, numRuns });
  });

  /**
   * Asks all of it, a few times, then again after each change: cursors, sums, and what is told by them. Where a change is met
   * once, or something else grows with it, cursors and sums are written in one run.
   */
  async function play(
    tree: Readonly<Record<string, Buffer>>,
    questions: readonly ScanOptions[],
    { missing, runs, some }: Changes,
  ): Promise<void> {
    const files = Object.entries(tree).filter(([name]) => name.endsWith(".jsonl"));
    const late = new Set(missing.map((file) => files[file % Math.max(1, files.length)]?.[0]));
    const corpus = new Corpus({
      ...Object.fromEntries(Object.entries(tree).filter(([name]) => !late.has(name))),
      [OTHER]: manyLines(5000, 2),
    });
    const ask = async (times: number) => {
      for (let run = 0; run < times; run++) {
        for (const { paths: _, ...options } of questions) await same(corpus, options);
      }
    };
    await ask(runs);
    for (const [at, { file, like, percent, how, isOtherGrown, runs: times }] of (files.length === 0
      ? []
      : some
    ).entries()) {
      const [[name, bytes], [, other]] = [files[file % files.length]!, files[like % files.length]!];
      const changed = how === "copy" ? `${name.slice(0, -".jsonl".length)}-copy.jsonl` : name;
      const part = other.subarray(0, Math.floor((other.length * percent) / 100));
      const before = existsSync(corpus.path(name)) ? readFileSync(corpus.path(name)) : bytes;
      const contents = {
        append: Buffer.concat([before, part]),
        cut: bytes.subarray(0, part.length),
        copy: other,
        come: bytes,
      };
      if (how === "remove") rmSync(corpus.path(name), { force: true });
      else {
        mkdirSync(dirname(corpus.path(changed)), { recursive: true });
        writeFileSync(corpus.path(changed), contents[how]);
        corpus.age(changed);
      }
      if (isOtherGrown) corpus.append(OTHER, manyLines(5002 + at, 1));
      await ask(times);
    }
    for (const name of late) {
      if (name === undefined) continue;
      mkdirSync(dirname(corpus.path(name)), { recursive: true });
      writeFileSync(corpus.path(name), tree[name] as Buffer);
      corpus.age(name);
      await ask(1);
    }
    await ask(1);
    rmSync(corpus.folder, { recursive: true, force: true });
  }
});

/** Warm and cold say the same, or refuse to answer for the same reason. */
async function same(corpus: Corpus, options: ScanOptions): Promise<void> {
  const answer = async (result: Promise<ScanResult>) => {
    try {
      return JSON.stringify(sayingsOf(await result));
    } catch (error) {
      return String((error as { code?: string }).code);
    }
  };
  const [warm, cold] = [await answer(corpus.warm(options)), await answer(corpus.cold(options))];
  expect(warm === cold ? cold : JSON.parse(warm)).toEqual(warm === cold ? cold : JSON.parse(cold));
}
