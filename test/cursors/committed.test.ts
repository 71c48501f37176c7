/** What a run has committed is not read again, and what it has not is. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import type { ScanResult } from "../../src/types.ts";
import { tokensift } from "../cli/tokensift.ts";
import { response, sessionId } from "../transcripts.ts";
import { Corpus, IDENTITY_BYTES, manyLines, projects } from "./corpus.ts";

const FIRST = `-srv-app/${sessionId(1)}.jsonl`;
const SECOND = `-srv-app/${sessionId(2)}.jsonl`;
const line = (n: number): string => `${response(n)}\n`;

/** What was read, and from how many transcripts nothing. */
const readBy = ({ stats }: ScanResult) => [stats.bytesRead, stats.transcriptsUnchanged];

test("destroyed bytes behind the offset go unseen: the old figures and the new line, read from the offset on", async () => {
  const corpus = new Corpus({ [FIRST]: manyLines(1, 200) });
  const before = await corpus.warm();
  expect(before.totals).toMatchObject({ responses: 200, totalTokens: 200 * 111 });

  const bytes = readFileSync(corpus.path(FIRST));
  bytes.fill("x", 256, bytes.length - 256);
  writeFileSync(corpus.path(FIRST), bytes);
  corpus.append(FIRST, line(201));

  const after = await corpus.warm();
  expect(after.totals).toMatchObject({ responses: 201, totalTokens: 201 * 111 });
  expect(after.stats).toMatchObject({ records: 201, bytesRead: IDENTITY_BYTES + line(201).length });
  expect((await corpus.cold()).totals.responses).toBeLessThan(5);
});

test("the first run reads each byte once, and the second none", async () => {
  const corpus = new Corpus({ [FIRST]: manyLines(1, 50), [SECOND]: manyLines(40, 50) });
  const { stats } = await corpus.checked();
  expect(stats).toMatchObject({ bytesRead: stats.bytesTotal, transcriptsUnchanged: 0 });
  expect(readBy(await corpus.checked())).toEqual([0, 2]);
});

describe("one line in one of 300 transcripts", () => {
  test("costs that line", async () => {
    const corpus = new Corpus(projects(3, 100, 3));
    await corpus.warm();
    expect(readBy(await corpus.checked())).toEqual([0, 300]);
    corpus.append(`-srv-app1/${sessionId(150)}.jsonl`, line(9000));
    expect(readBy(await corpus.checked())).toEqual([IDENTITY_BYTES + line(9000).length, 299]);
    expect(readBy(await corpus.checked())).toEqual([0, 300]);
  });

  test.each([0, 2])("opens that transcript only (%d threads)", async (threads) => {
    const corpus = new Corpus(projects(3, 100, 3));
    const grown = `-srv-app1/${sessionId(150)}.jsonl`;
    expect(await transcriptsOpened(corpus, threads)).toHaveLength(300);
    expect(await transcriptsOpened(corpus, threads)).toEqual([]);
    corpus.append(grown, line(9000));
    expect(await transcriptsOpened(corpus, threads)).toEqual([corpus.path(grown)]);
  });
});

/** The transcripts that a run of the command line opens. */
async function transcriptsOpened(corpus: Corpus, threads: number): Promise<string[]> {
  const report = join(corpus.folder, "opened");
  writeFileSync(report, "");
  const preload = pathToFileURL(join(import.meta.dirname, "record-opens.mjs")).href;
  const args = ["scan", corpus.root, "--json", "--cache-dir", corpus.cacheDirectory, "--threads", String(threads)];
  const variables = { RECORD_OPENS: report, NODE_OPTIONS: `--import=${preload}` };
  const { code, stderr } = await tokensift(args, { variables });
  expect([code, stderr]).toEqual([0, ""]);
  const opened = readFileSync(report, "utf8").trim().split("\n");
  return [...new Set(opened.filter((path) => path.startsWith(corpus.root) && path.endsWith(".jsonl")))];
}

const questions: [string, ScanOptions][] = [
  ["a window", { since: "2026-06-01T00:05Z", until: "2026-06-01T00:30Z" }],
  ["days elsewhere", { by: ["day"], timezone: "Asia/Tokyo" }],
  ["another team", { filters: { team: ["blue"] } }],
  ["agents", { by: ["agent", "team"] }],
  ["projects and branches", { by: ["project", "branch", "session"] }],
  ["threads", { threads: 2 }],
  ["other pieces", { rangeBytes: 100, chunkBytes: 64 }],
  ["the first rows", { top: 1, sort: "outputTokens", breakdown: true }],
];

test.each(questions)("asking for %s reads nothing again", async (_, question) => {
  const corpus = new Corpus({
    [FIRST]: manyLines(1, 30) + `${response(31, { teamName: "blue", agentName: "dev" })}\n`,
    [SECOND]: manyLines(20, 30),
  });
  await corpus.warm();
  expect(readBy(await corpus.checked(question))).toEqual([0, 2]);
});

describe("the tail", () => {
  const half = response(11).slice(0, 150);

  test("half a line is read again until it is whole, and then counts once", async () => {
    const corpus = new Corpus({ [FIRST]: manyLines(1, 10) });
    await corpus.warm();
    corpus.append(FIRST, half);
    const torn = await corpus.checked();
    expect(torn.stats).toMatchObject({
      bytesRead: IDENTITY_BYTES + half.length,
      skipped: { pending: 1, malformed: 0 },
    });
    corpus.append(FIRST, line(11).slice(half.length));
    const whole = await corpus.checked();
    expect(whole.totals.responses).toBe(11);
    expect(whole.stats).toMatchObject({ bytesRead: IDENTITY_BYTES + line(11).length, skipped: { pending: 0 } });
    expect(readBy(await corpus.checked())).toEqual([0, 1]);
  });

  test("a whole line without its line end counts now, and once when it has ended", async () => {
    const corpus = new Corpus({ [FIRST]: manyLines(1, 10) + response(11) });
    expect((await corpus.checked()).totals.responses).toBe(11);
    corpus.append(FIRST, "\n");
    const ended = await corpus.checked();
    expect([ended.totals.responses, ended.stats.records]).toEqual([11, 11]);
    expect(ended.stats.bytesRead).toBe(IDENTITY_BYTES + line(11).length);
  });

  test("a tail that becomes another line is that other line", async () => {
    const corpus = new Corpus({ [FIRST]: manyLines(1, 10) + response(11) });
    await corpus.warm();
    writeFileSync(corpus.path(FIRST), manyLines(1, 10) + line(12) + line(13));
    corpus.age(FIRST);
    const { rows, totals } = await corpus.checked({ by: ["session"] });
    expect([rows.length, totals.responses]).toEqual([1, 12]);
  });
});

describe("a transcript modified about when its cursor was taken", () => {
  test("has its head, its anchor and what follows checked, not the rest", async () => {
    const corpus = new Corpus({ [FIRST]: manyLines(1, 100) + response(101).slice(0, 80) });
    corpus.touch(FIRST);
    await corpus.warm();
    const { stats } = await corpus.checked();
    expect(stats.transcriptsUnchanged).toBe(0);
    expect(stats.bytesRead).toBe(IDENTITY_BYTES + 80);
  });

  test("is read whole when its last committed line says something else", async () => {
    const corpus = new Corpus({ [FIRST]: manyLines(1, 100) });
    corpus.touch(FIRST);
    await corpus.warm();
    const bytes = readFileSync(corpus.path(FIRST));
    bytes.write("7", bytes.lastIndexOf('"output_tokens":10') + '"output_tokens":'.length);
    writeFileSync(corpus.path(FIRST), bytes);
    expect((await corpus.checked()).totals.outputTokens).toBe(100 * 10 + 60);
  });
});

describe("the head", () => {
  test("grows with a young file: a change in it is seen once it was part of a run", async () => {
    const corpus = new Corpus({ [FIRST]: `{"type":"user","uuid":"a","cwd":"/srv/app"}\n` });
    await corpus.warm();
    corpus.append(FIRST, manyLines(1, 10));
    await corpus.warm();
    const bytes = readFileSync(corpus.path(FIRST));
    const changed = bytes.indexOf("req_1");
    expect(changed).toBeLessThan(256);
    bytes.write("req_x", changed);
    bytes.write("/srv/new", bytes.indexOf("/srv/app"));
    writeFileSync(corpus.path(FIRST), bytes);
    corpus.append(FIRST, line(11));
    const { stats } = await corpus.checked({ by: ["project"] });
    expect(stats.bytesRead).toBeGreaterThanOrEqual(stats.bytesTotal);
  });

  test("of a file that is all tail is no reason to trust it", async () => {
    const corpus = new Corpus({ [FIRST]: response(1) });
    expect((await corpus.checked()).totals.responses).toBe(1);
    corpus.append(FIRST, `\n${response(2)}`);
    expect((await corpus.checked()).totals.responses).toBe(2);
    corpus.append(FIRST, "\n");
    expect((await corpus.checked()).stats.records).toBe(2);
  });
});

test("a renamed transcript has its new name's session, and the old one's records are gone", async () => {
  const corpus = new Corpus({ [FIRST]: manyLines(1, 20) });
  await corpus.warm();
  renameSync(corpus.path(FIRST), corpus.path(SECOND));
  const { rows } = await corpus.checked({ by: ["session"] });
  expect(rows.map((row) => row.key)).toEqual([{ session: sessionId(2) }]);
});

test("cursors of transcripts that were not asked for stay", async () => {
  const corpus = new Corpus({ [FIRST]: manyLines(1, 20), [`-srv-other/${sessionId(3)}.jsonl`]: manyLines(30, 20) });
  await corpus.warm();
  corpus.append(FIRST, line(21));
  await corpus.checked({ paths: [corpus.path(FIRST)] });
  expect(readBy(await corpus.checked())).toEqual([0, 2]);
});

test("without cache none is read and none written", async () => {
  const corpus = new Corpus({ [FIRST]: manyLines(1, 20) });
  await corpus.cold({ cacheDirectory: corpus.cacheDirectory });
  expect(existsSync(corpus.cacheDirectory)).toBe(false);
  await corpus.warm();
  const { stats } = await corpus.cold({ cacheDirectory: corpus.cacheDirectory });
  expect(stats).toMatchObject({ bytesRead: stats.bytesTotal, transcriptsUnchanged: 0 });
});
