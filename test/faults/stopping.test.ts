import { getEventListeners } from "node:events";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { scan } from "tokensift";
import { expect, test } from "vitest";
import { answerOf, makeFolder, response, sessionId } from "../transcripts.ts";
import { tokensift } from "../cli/tokensift.ts";
import { manyMegabytes, scanInChild } from "./child.ts";

const name = (n: number) => `${sessionId(n)}.jsonl`;

test.each([0, 1, 2, 4])(
  "with %d threads an abort ends the scan at once, and nothing keeps the process",
  async (threads) => {
    // The child ends by itself, or this would wait for it in vain.
    const { code, elapsedMs } = await scanInChild(
      { paths: [manyMegabytes()], threads, rangeBytes: 50_000 },
      { abortAfterMs: 0 },
    );
    expect(code).toBe("ABORTED");
    expect(elapsedMs).toBeLessThan(1500);
  },
);

// Where all is to be read they start while transcripts are still being looked for.
test.each([1, 2, 4, undefined])(
  "threads (%s) that started for files which turn out to be another agent's keep nobody waiting",
  async (threads) => {
    const folder = makeFolder({ "notes.jsonl": '{"some":"notes"}\n' });
    truncateSync(join(folder, "notes.jsonl"), 64 << 20);
    const { result, elapsedMs, workersAlive } = await scanInChild({ paths: [folder], sources: ["codex"], threads });
    expect(result).toMatchObject({ rows: [], stats: { transcripts: 0 } });
    expect(workersAlive).toBe(0);
    expect(elapsedMs).toBeLessThan(1500);
  },
);

test("threads that cannot be started cost nothing where they are not needed after all, and are said where they are", async () => {
  const home = makeFolder({
    "sessions/rollout-a.jsonl": `${JSON.stringify({ type: "session_meta", payload: { id: sessionId(1) } })}\n`,
    [`z/${name(2)}`]: `${response(1)}\n`,
    "none.cjs": `require("node:worker_threads").Worker = class { constructor() { throw new Error("no thread to be had"); } };`,
  });
  truncateSync(join(home, "sessions/rollout-a.jsonl"), 64 << 20);
  const scanned = async (...flags: string[]) => {
    const args = ["scan", join(home, "sessions"), join(home, "z"), "--json", "--no-progress", "--no-cache", ...flags];
    return tokensift(args, { variables: { NODE_OPTIONS: `--require ${join(home, "none.cjs")}` } });
  };
  const { code, stdout } = await scanned("--source", "claude");
  expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
    code: 0,
    totals: { responses: 1 },
    diagnostics: { unreadable: [] },
  });
  expect(await scanned()).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining("no thread to be had") as string,
  });
});

test("what was being read at an abort goes nowhere: the memory it was for may be another scan's", async () => {
  const line = `${JSON.stringify({ type: "user", uuid: "x".repeat(300) })}\n`;
  const folder = makeFolder({ [name(1)]: line.repeat(36_000) });
  let isOver = false;
  let late = 0;
  // Small reads are slow, so that mostly the caller's thread is still at it when the others have ended.
  const reading = { paths: [folder], cache: false, threads: 2, rangeBytes: 65_536, chunkBytes: 32 };
  for (let i = 0; i < 8; i++) {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1);
    isOver = false;
    const scanning = scan({ ...reading, signal: stop.signal, onProgress: () => (late += isOver ? 1 : 0) });
    await expect(scanning).rejects.toMatchObject({ code: "ABORTED" });
    isOver = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(late).toBe(0);
});

test("a scan that ends leaves no worker alive", async () => {
  const { result, workersAlive } = await scanInChild({ paths: [makeFolder({ [name(1)]: [response(1)] })], threads: 2 });
  expect(result?.totals.responses).toBe(1);
  expect(workersAlive).toBe(0);
});

test("a signal that is aborted already lets nothing be read", async () => {
  const folder = makeFolder({ [name(1)]: [response(1)] });
  let isScanned = false;
  const scanning = scan({
    paths: [folder],
    threads: 0,
    signal: AbortSignal.abort(),
    onProgress: () => (isScanned = true),
  });
  await expect(scanning).rejects.toMatchObject({ name: "ScanError", code: "ABORTED" });
  expect(isScanned).toBe(false);
});

test("a signal that is aborted already is heard where nothing is new", async () => {
  const asked = { paths: [makeFolder({ [name(1)]: [response(1)] })], threads: 0, cacheDirectory: makeFolder() };
  await scan(asked);
  for (const paths of [asked.paths, [makeFolder()]]) {
    const scanning = scan({ ...asked, paths, signal: AbortSignal.abort() });
    await expect(scanning).rejects.toMatchObject({ name: "ScanError", code: "ABORTED" });
  }
});

test("an abort behind the last transcript is heard too", async () => {
  const stop = new AbortController();
  const scanning = scan({
    paths: [makeFolder({ [name(1)]: [response(1)] })],
    threads: 0,
    cache: false,
    signal: stop.signal,
    onProgress: ({ bytesDone, bytesTotal }) => bytesDone === bytesTotal && stop.abort(),
  });
  await expect(scanning).rejects.toMatchObject({ name: "ScanError", code: "ABORTED" });
});

test("an abort after the end changes nothing", async () => {
  const stop = new AbortController();
  const paths = [makeFolder({ [name(1)]: [response(1)] })];
  for (const threads of [0, 2]) {
    const { totals } = await scan({ paths, threads, cache: false, signal: stop.signal });
    expect(totals.responses).toBe(1);
  }
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  stop.abort();
});

test.each([
  ["two responses", [response(1, {}, { input_tokens: Number.MAX_SAFE_INTEGER }), response(2)]],
  [
    "the total of one response",
    [response(1, {}, { input_tokens: Number.MAX_SAFE_INTEGER, output_tokens: 1, cache_read_input_tokens: 0 })],
  ],
  [
    "the split of the cache creation",
    [
      response(
        1,
        {},
        {
          cache_creation: {
            ephemeral_5m_input_tokens: Number.MAX_SAFE_INTEGER,
            ephemeral_1h_input_tokens: Number.MAX_SAFE_INTEGER,
          },
        },
      ),
    ],
  ],
])("a sum beyond 2^53 - 1 stops the run: %s", async (_, content) => {
  const folder = makeFolder({ [name(1)]: content });
  for (const by of [["source"], ["session", "day"], ["none"]] as const) {
    await expect(scan({ paths: [folder], threads: 0, by })).rejects.toMatchObject({
      name: "ScanError",
      code: "SUM_TOO_LARGE",
    });
  }
});

test("a sum of exactly 2^53 - 1 is said, and what is not asked for is not summed", async () => {
  const largest = Number.MAX_SAFE_INTEGER;
  const only = { output_tokens: 0, cache_read_input_tokens: 0 };
  const folder = makeFolder({
    [name(1)]: [response(1, {}, { ...only, input_tokens: largest - 5 }), response(2, {}, { ...only, input_tokens: 5 })],
    [name(2)]: [response(3, {}, { ...only, input_tokens: 1 })],
  });
  const asked = await scan({ paths: [folder], threads: 0, filters: { session: [sessionId(1)] } });
  expect(asked.totals).toMatchObject({ inputTokens: largest, totalTokens: largest });
  await expect(scan({ paths: [folder], threads: 0 })).rejects.toMatchObject({ code: "SUM_TOO_LARGE" });
});

test.each([1, 2, 8])("%d threads for a single small transcript, or none, give the same answer", async (threads) => {
  const folder = makeFolder({ [`one/${name(1)}`]: [response(1)], "none/x.txt": "" });
  for (const path of [join(folder, "one"), join(folder, "none")]) {
    expect(answerOf(await scan({ paths: [path], threads }))).toEqual(
      answerOf(await scan({ paths: [path], threads: 0 })),
    );
  }
});
