import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scan } from "tokensift";
import { expect, test } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import { lines, makeFolder, response, sessionId } from "../transcripts.ts";

const FIRST = `${sessionId(1)}.jsonl`;
const LAST = `${sessionId(9)}.jsonl`;
const many = (from: number, count: number) => lines(Array.from({ length: count }, (_, i) => response(from + i)));

/** A scan of two transcripts, during which `change` happens once, after the first bytes were read. */
async function scanWhile(folder: string, change: () => void, more: ScanOptions = {}) {
  let isChanged = false;
  const onProgress = () => {
    if (!isChanged) change();
    isChanged = true;
  };
  const result = await scan({ paths: [folder], threads: 0, rangeBytes: 1000, onProgress, ...more });
  expect(isChanged).toBe(true);
  return result;
}

test("bytes that are appended during a scan belong to the next one", async () => {
  const folder = makeFolder({ [FIRST]: many(1, 100), [LAST]: many(201, 100) });
  const listed = statSync(join(folder, FIRST)).size + statSync(join(folder, LAST)).size;
  const { totals, stats } = await scanWhile(folder, () => {
    appendFileSync(join(folder, FIRST), many(101, 50));
    appendFileSync(join(folder, LAST), many(301, 50));
  });
  expect([totals.responses, stats.records, stats.bytesTotal]).toEqual([200, 200, listed]);
  expect((await scan({ paths: [folder], threads: 0 })).totals.responses).toBe(300);
});

test("a tail that is completed during a scan is still pending", async () => {
  const tail = response(101);
  const folder = makeFolder({ [FIRST]: many(1, 100) + tail.slice(0, 150) });
  const { totals, stats } = await scanWhile(folder, () => appendFileSync(join(folder, FIRST), `${tail.slice(150)}\n`));
  expect([totals.responses, stats.skipped]).toEqual([100, { malformed: 0, oversized: 0, pending: 1 }]);
  expect((await scan({ paths: [folder], threads: 0 })).totals.responses).toBe(101);
});

test("a file that is deleted during a scan is said, and everything else counts", async () => {
  const folder = makeFolder({ [FIRST]: many(1, 100), [LAST]: many(201, 100) });
  const { totals, diagnostics } = await scanWhile(folder, () => rmSync(join(folder, LAST)));
  expect(diagnostics.unreadable).toEqual([{ path: join(folder, LAST), code: "ENOENT" }]);
  expect(totals.responses).toBe(100);
});

test("a file that vanishes after it was listed is said once, however many ranges it has", async () => {
  const folder = makeFolder({ [FIRST]: many(1, 1), [LAST]: many(201, 100) });
  const { totals, diagnostics } = await scanWhile(folder, () => rmSync(join(folder, LAST)), { rangeBytes: 500 });
  expect(diagnostics.unreadable).toEqual([{ path: join(folder, LAST), code: "ENOENT" }]);
  expect(totals.responses).toBeLessThan(101);
});

test("a file that is cut short during a scan ends where it ends now", async () => {
  const folder = makeFolder({ [FIRST]: many(1, 100), [LAST]: many(201, 100) });
  const lineBytes = Buffer.byteLength(response(201)) + 1;
  const { totals, diagnostics, stats } = await scanWhile(folder, () =>
    truncateSync(join(folder, LAST), lineBytes * 40 + 100),
  );
  expect(totals.responses).toBe(140);
  expect(stats.skipped.malformed).toBe(0);
  expect(diagnostics.unreadable).toEqual([]);
});

test("transcripts are never written", async () => {
  const folder = makeFolder({ [FIRST]: `\ufeff${many(1, 20)}{"torn`, [LAST]: many(21, 20).replaceAll("\n", "\r\n") });
  const look = () =>
    [FIRST, LAST].map((name) => {
      const path = join(folder, name);
      const { mtimeMs, ctimeMs, size, ino } = statSync(path);
      return { mtimeMs, ctimeMs, size, ino, bytes: readFileSync(path, "hex") };
    });
  const before = look();
  await scan({ paths: [folder], threads: 2, rangeBytes: 500 });
  await scan({ paths: [folder], threads: 0, by: ["agent", "day"] });
  expect(look()).toEqual(before);
});

test("the same bytes under a new name, and a name with new bytes, are read anew", async () => {
  const folder = makeFolder({ [FIRST]: many(1, 3) });
  const ask = async () => (await scan({ paths: [folder], threads: 0 })).totals.responses;
  expect(await ask()).toBe(3);
  writeFileSync(join(folder, FIRST), many(4, 5));
  expect(await ask()).toBe(5);
});
