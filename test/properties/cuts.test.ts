/** How transcripts are cut, ordered or named to the scan changes nothing. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { scan } from "tokensift";
import { expect, test } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import { transcriptTree, writeTree } from "../parity/generate.ts";
import { answerOf, makeFolder, response, sessionId } from "../transcripts.ts";

const BY = ["session", "agent", "day", "model"] as const;
const ask = async (paths: readonly string[], more: ScanOptions = {}) =>
  answerOf(await scan({ paths, by: BY, threads: 0, timezone: "UTC", ...more }));

/** Every file below a folder, as a path. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

test("two transcripts cut at any byte give what they give whole", async () => {
  const torn = `\ufeff${response(1)}\r\n\n{"bad":\n${response(2, { text: "é😀" })}\n${response(3)}`;
  const folder = makeFolder({
    [`${sessionId(1)}.jsonl`]: torn,
    [`${sessionId(2)}.jsonl`]: [response(2), "", response(4), "[1]"],
  });
  const whole = await ask([folder]);
  const size = Math.max(...filesIn(folder).map((path) => statSync(path).size));
  for (let rangeBytes = 1; rangeBytes <= size + 1; rangeBytes += rangeBytes < 20 ? 1 : 7) {
    expect(
      await ask([folder], { rangeBytes, chunkBytes: 16 + (rangeBytes % 300) }),
      `ranges of ${rangeBytes} bytes`,
    ).toEqual(whole);
  }
});

test("any tree cut anyhow gives what it gives whole", async () => {
  await fc.assert(
    fc.asyncProperty(
      transcriptTree,
      fc.integer({ min: 20, max: 3000 }),
      fc.integer({ min: 16, max: 2000 }),
      async (tree, rangeBytes, chunkBytes) => {
        const folder = makeFolder();
        writeTree(folder, tree);
        // Counts near 2^53 stop a run, cut or not.
        const either = (more: ScanOptions) => ask([folder], more).catch((error: Error) => error.message);
        expect(await either({ rangeBytes, chunkBytes })).toEqual(await either({}));
      },
    ),
    { numRuns: 25 },
  );
});

test("how much is merged while others are still being read never shows: all, some or nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      transcriptTree,
      fc.integer({ min: 20, max: 200 }),
      fc.integer({ min: 0, max: 400_000 }),
      async (tree, rangeBytes, earlyMergeBytes) => {
        const folder = makeFolder();
        writeTree(folder, tree);
        const either = (more: ScanOptions) =>
          ask([folder], { rangeBytes, cache: false, ...more }).catch((error: Error) => error.message);
        const all = await either({});
        expect(await either({ earlyMergeBytes })).toEqual(all);
        expect(await either({ earlyMergeBytes: 0 })).toEqual(all);
      },
    ),
    { numRuns: 15 },
  );
});

test("tables that turn out too small for what comes last are made larger, and nothing of them is lost", async () => {
  // The first transcript has little to say for its size; the others repeat it, and say much more.
  const sparse = Array.from({ length: 60 }, (_, n) => response(n, { toolUseResult: "x".repeat(3000) }));
  const dense = (of: number) => Array.from({ length: 250 }, (_, n) => response(of * 1000 + n));
  const transcripts = Array.from({ length: 12 }, (_, of) => [
    `${sessionId(of + 2)}.jsonl`,
    [...sparse.slice(of * 3, of * 3 + 9), ...dense(of + 1)],
  ]);
  const folder = makeFolder({ [`${sessionId(1)}.jsonl`]: sparse, ...(Object.fromEntries(transcripts) as object) });
  const first = await ask([folder], { cache: false, earlyMergeBytes: 0 });
  expect(first.totals.responses).toBe(60 + 12 * 250);
  for (const more of [{}, { rangeBytes: 4000 }, { rangeBytes: 4000, threads: 2 }, { earlyMergeBytes: 3_000_000 }]) {
    expect(await ask([folder], { cache: false, ...more })).toEqual(first);
  }
});

test("the order in which paths are given never shows", async () => {
  await fc.assert(
    fc.asyncProperty(transcriptTree, fc.infiniteStream(fc.nat()), async (tree, numbers) => {
      const folder = makeFolder();
      writeTree(folder, tree);
      const paths = filesIn(folder);
      const shuffled = paths
        .map((path) => ({ path, at: numbers.next().value }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ path }) => path);
      const either = async (given: string[]) => {
        try {
          const { diagnostics, ...result } = await scan({ paths: given, by: BY, threads: 0 });
          const { roots, ...rest } = diagnostics;
          return { answer: answerOf({ ...result, diagnostics: { ...rest, roots: roots.toSorted() } }) };
        } catch (error) {
          return (error as Error).message;
        }
      };
      expect(await either(shuffled)).toEqual(await either(paths));
      expect(
        await either([...shuffled, ...paths.slice(0, 2)].toReversed().slice(paths.length > 1 ? 2 : 1)),
      ).toBeDefined();
    }),
    { numRuns: 25 },
  );
});
