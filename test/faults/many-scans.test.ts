/** A process that scans again and again, such as a server, must not grow. */
import { existsSync, readFileSync } from "node:fs";
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
