/** What a scan with sums leaves behind in a process that goes on: nothing. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Corpus, manyLines, projects } from "../cursors/corpus.ts";
import { sessionId } from "../transcripts.ts";

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
