/** How many threads read, and who comes first to which shard, changes nothing. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { scan } from "tokensift";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import { answerOf, response, sessionId } from "../transcripts.ts";

const FILES = 24;
const folder = mkdtempSync(join(tmpdir(), "tokensift-threads-"));
const BY = ["session", "hour", "model"] as const;
const options = (more: ScanOptions) => ({ paths: [folder], by: BY, cache: false, timezone: "UTC", ...more });
// What was merged twice would show as duplicates.
const ask = async (threads: number) => answerOf(await scan(options({ threads })));

// Some 20 MB, so dozens of shards of 512 KB: a large transcript, small ones, and a bad line in each.
beforeAll(() => {
  for (let file = 0; file < FILES; file++) {
    const count = file === 7 ? 4000 : 200;
    const padding = "x".repeat(2000);
    const lines = Array.from({ length: count }, (_, i) =>
      response(file * 10_000 + i, { text: padding }, {}, { model: `model-${i % 3}` }),
    );
    lines.splice(count >> 1, 0, '{"bad":');
    writeFileSync(join(folder, `${sessionId(file)}.jsonl`), `${lines.join("\n")}\n`);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("one, two, three or eight threads read what none reads, and nothing twice", async () => {
  const whole = await ask(0);
  expect(whole.totals.responses).toBe(4000 + 200 * (FILES - 1));
  expect(whole.stats.skipped.malformed).toBe(FILES);
  expect(whole.stats.duplicateRecords).toBe(0);
  for (const threads of [1, 2, 3, 8, 2, 3, 8]) expect(await ask(threads), `${threads} threads`).toEqual(whole);
});

test("a scan that is stopped at any moment leaves nothing behind that the next one would notice", async () => {
  const whole = await ask(0);
  for (let afterMs = 0; afterMs < 60; afterMs += 4) {
    const controller = new AbortController();
    const stopped = scan(options({ threads: 2 + (afterMs % 3), signal: controller.signal })).then(answerOf, String);
    await wait(afterMs);
    controller.abort();
    // One that was through by then has its answer.
    expect([expect.stringContaining("stopped"), whole]).toContainEqual(await stopped);
  }
  expect(await ask(3)).toEqual(whole);
});
