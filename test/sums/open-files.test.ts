/** What a scan with sums leaves behind in a process that goes on: nothing. */
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Corpus, manyLines, projects } from "../cursors/corpus.ts";
import { lines, sessionId } from "../transcripts.ts";

const OPEN_FILES = "/proc/self/fd";
const openFiles = () => readdirSync(OPEN_FILES).length;

describe.skipIf(!existsSync(OPEN_FILES))("no file is left open", () => {
  test("where one transcript of many in a project grows", async () => {
    const corpus = new Corpus(projects(1, 30, 2));
    for (let run = 0; run < 3; run++) await corpus.warm();
    const before = openFiles();
    for (let run = 0; run < 6; run++) {
      corpus.append(`-srv-app0/${sessionId(0)}.jsonl`, manyLines(1000 + run, 1));
      await corpus.warm();
      await corpus.warm();
    }
    expect(openFiles()).toBe(before);
  });

  test("where cursors of which the head was read are damaged", async () => {
    const corpus = new Corpus(projects(6, 3, 2));
    for (let run = 0; run < 3; run++) await corpus.warm();
    const before = openFiles();
    for (let run = 0; run < 4; run++) {
      for (const path of corpus.cacheFiles().filter((name) => name.endsWith(".cursors"))) {
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.fill(0xff, bytes.readUInt32LE(24)));
      }
      for (let n = 0; n < 18; n += 3)
        corpus.append(`-srv-app${n / 3}/${sessionId(n)}.jsonl`, manyLines(1000 + 100 * run + n, 1));
      for (let again = 0; again < 3; again++) await corpus.warm();
    }
    expect(openFiles()).toBe(before);
  });
});

test("an empty rollout with another's name changes nothing of what is kept of that one", async () => {
  const at = (seconds: number) => new Date(Date.UTC(2026, 5, 1, 10, 0, seconds)).toISOString();
  const payload = { type: "token_count", info: { total_token_usage: { input_tokens: 100 } } };
  const rollout = lines([
    JSON.stringify({ timestamp: at(0), type: "session_meta", payload: { id: sessionId(1) } }),
    JSON.stringify({ timestamp: at(1), type: "event_msg", payload }),
  ]);
  const name = `rollout-2026-06-01T10-00-00-${sessionId(1)}.jsonl`;
  const growing = `-srv-app/${sessionId(2)}.jsonl`;
  const corpus = new Corpus({
    [`sessions/${name}`]: rollout,
    [`archived_sessions/${name}`]: "",
    [growing]: manyLines(0, 2),
  });
  const sums = () => corpus.cacheFiles().find((path) => path.endsWith(".sums")) as string;
  const run = async () => {
    utimesSync(corpus.path(growing), Date.now() / 1000, Date.now() / 1000);
    await sleep(50);
    await corpus.checked();
  };
  for (let n = 0; n < 3; n++) await run();
  const { ino, mtimeNs } = statSync(sums(), { bigint: true });
  for (let n = 0; n < 3; n++) await run();
  expect(statSync(sums(), { bigint: true })).toMatchObject({ ino, mtimeNs });
});
