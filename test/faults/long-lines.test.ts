import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { scan } from "tokensift";
import { expect, test } from "vitest";
import { makeFolder, response, sessionId } from "../transcripts.ts";
import { scanInChild } from "./child.ts";

const MIB = 2 ** 20;

/** Three responses, the second in a line of so many bytes and more. */
async function writeLongLine(bytes: number): Promise<string> {
  const folder = makeFolder();
  const out = createWriteStream(join(folder, `${sessionId(1)}.jsonl`));
  const [head = "", behind = ""] = response(2, {}, {}, { content: [{ type: "text", text: "CUT" }] }).split("CUT");
  out.write(`${response(1)}\n${head}`);
  const piece = Buffer.alloc(4 * MIB, 'some text, an escaped quote \\" and a bracket } over and over; ');
  for (let written = 0; written < bytes; written += piece.length) {
    if (!out.write(piece)) await once(out, "drain");
  }
  out.end(`${behind}\n${response(3)}\n`);
  await finished(out);
  return folder;
}

test("a line of 200 MB is read in memory that it fits once, and its neighbours count", async () => {
  const folder = await writeLongLine(200 * MIB);
  const whole = await scanInChild({ paths: [folder], threads: 0, timezone: "UTC" });
  expect(whole.result?.totals).toMatchObject({ totalTokens: 333, responses: 3 });
  expect(whole.maxRssBytes).toBeLessThan(400 * MIB);

  const skipped = await scanInChild({ paths: [folder], threads: 0, timezone: "UTC", maxLineBytes: MIB });
  expect(skipped.result?.totals).toMatchObject({ totalTokens: 222, responses: 2 });
  expect(skipped.result?.stats.skipped).toEqual({ malformed: 0, oversized: 1, pending: 0 });
  expect(skipped.result?.diagnostics.skippedLines).toMatchObject([{ line: 2, reason: "oversized" }]);
  expect(skipped.maxRssBytes).toBeLessThan(110 * MIB);
});

const chunks = [16, 64, 299, 300, 301, 1000, 100_000];

test.each(chunks)(
  "with chunks of %d bytes a line as long as allowed counts, one byte more is oversized",
  async (chunkBytes) => {
    const pad = (line: string, bytes: number) => line + " ".repeat(bytes - Buffer.byteLength(line));
    const first = pad(response(1), 400);
    const second = pad(response(2), 401);
    const folder = makeFolder({
      [`${sessionId(1)}.jsonl`]: [first, second, response(3)],
      [`${sessionId(2)}.jsonl`]: pad(response(4), 401),
    });
    for (const rangeBytes of [undefined, 1, 150]) {
      const { totals, stats, diagnostics } = await scan({
        paths: [folder],
        threads: 0,
        maxLineBytes: 400,
        chunkBytes,
        rangeBytes,
      });
      expect(totals.responses).toBe(2);
      expect(stats.skipped).toEqual({ malformed: 0, oversized: 2, pending: 0 });
      expect(diagnostics.skippedLines.map(({ line, offset, reason }) => ({ line, offset, reason }))).toEqual([
        { line: 2, offset: 401, reason: "oversized" },
        { line: 1, offset: 0, reason: "oversized" },
      ]);
    }
  },
);

test("a byte order mark and the LF are no part of a line's length, a CR is", async () => {
  const line = response(1);
  const maxLineBytes = Buffer.byteLength(line);
  const ask = async (content: string) => {
    const { totals, stats } = await scan({
      paths: [makeFolder({ [`${sessionId(1)}.jsonl`]: content })],
      threads: 0,
      maxLineBytes,
      chunkBytes: 16,
    });
    return [totals.responses, stats.skipped.oversized];
  };
  expect(await ask(`\ufeff${line}\n`)).toEqual([1, 0]);
  expect(await ask(`${line}\r\n`)).toEqual([0, 1]);
  expect(await ask(line)).toEqual([1, 0]);
  expect(await ask(`${line} `)).toEqual([0, 1]);
  expect(await ask(`${" ".repeat(maxLineBytes * 3)}\n${line}\n${" ".repeat(maxLineBytes * 3)}`)).toEqual([1, 0]);
});

test("a line that is too long and damaged is oversized", async () => {
  const folder = makeFolder({ [`${sessionId(1)}.jsonl`]: `${"{".repeat(500)}\n${response(1)}\n` });
  const { totals, stats } = await scan({ paths: [folder], threads: 0, maxLineBytes: 499 });
  expect([totals.responses, stats.skipped]).toEqual([1, { malformed: 0, oversized: 1, pending: 0 }]);
});
