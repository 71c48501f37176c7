/** A process that scans again and again, such as a server, must not grow. */
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { scan } from "tokensift";
import { expect, test } from "vitest";
import { answerOf, makeFolder, response, sessionId } from "../transcripts.ts";

const STATUS = "/proc/self/status";

/** Each scan's memory has 4 GiB of addresses, and the collector does not see how large that is. */
test.skipIf(!existsSync(STATUS))("scans share their memory, and what one left never shows", async () => {
  const large = makeFolder({ [`${sessionId(1)}.jsonl`]: Array.from({ length: 200 }, (_, i) => response(i)) });
  const small = makeFolder({ [`${sessionId(2)}.jsonl`]: [response(1000)] });
  const cacheDirectory = makeFolder();
  const virtualBytes = () => Number(/^VmSize:\s+(\d+) kB/m.exec(readFileSync(STATUS, "utf8"))?.[1]) * 1024;
  const ask = async (path: string) =>
    answerOf(await scan({ paths: [path], threads: 0, by: ["session"], cacheDirectory }));
  // Behind the tick of the clock in which they were written nothing is scanned again: the scanner's memory is another one.
  await new Promise((resolve) => setTimeout(resolve, 60));
  await ask(small);
  await ask(large);
  const first = [await ask(small), await ask(large)];
  const before = virtualBytes();
  for (let i = 0; i < 10; i++) expect([await ask(small), await ask(large)]).toEqual(first);
  expect(virtualBytes() - before).toBeLessThan(2 ** 32);
  // Those at the same time do not share.
  expect(await Promise.all([ask(small), ask(large), ask(small)])).toEqual([first[0], first[1], first[0]]);
});

const THREADS = "/proc/self/task";

test.skipIf(!existsSync(THREADS))(
  "threads that were started early end where a scan fails before it reads",
  async () => {
    const folder = makeFolder({ [`${sessionId(1)}.jsonl`]: [response(1)] });
    truncateSync(join(folder, `${sessionId(1)}.jsonl`), 1 << 30);
    // A price list that was fetched, and of which a file cannot be looked at.
    const cacheDirectory = makeFolder();
    const prices = join(cacheDirectory, "prices");
    cpSync(join(import.meta.dirname, "../../dist/src/prices"), prices, { recursive: true });
    const index = JSON.parse(readFileSync(join(prices, "index.json"), "utf8")) as object;
    writeFileSync(join(prices, "index.json"), JSON.stringify({ ...index, fetchedAt: "2026-01-01T00:00:00Z" }));
    symlinkSync("/nowhere", join(prices, "dangling.json"));

    const fail = () => expect(scan({ paths: [folder], threads: 3, cacheDirectory })).rejects.toThrow("ENOENT");
    await fail();
    await wait(1000);
    const before = readdirSync(THREADS).length;
    for (let i = 0; i < 5; i++) await fail();
    await wait(1000);
    expect(readdirSync(THREADS).length).toBeLessThan(before + 5);
  },
);
