/** What is asked in parts adds up to what is asked at once. */
import fc from "fast-check";
import { scan } from "tokensift";
import { expect, test } from "vitest";
import type { Filters, ScanOptions } from "../../src/options.ts";
import { type Dimension, DIMENSIONS, type Figures } from "../../src/types.ts";
import { ADDITIVE } from "../additive.ts";
import { transcriptTree, type TranscriptTree, writeTree } from "../parity/generate.ts";
import { makeFolder } from "../transcripts.ts";

type Sums = Record<(typeof ADDITIVE)[number], number>;

function add(parts: readonly Figures[]): Sums {
  const sums = Object.fromEntries(ADDITIVE.map((figure) => [figure, 0])) as Sums;
  for (const part of parts) for (const figure of ADDITIVE) sums[figure] += part[figure];
  return sums;
}

/** Trees whose sums stay below 2^53 - 1; the others have nothing to add up. */
function property(check: (ask: (more: ScanOptions) => ReturnType<typeof scan>) => Promise<void>, numRuns = 20) {
  return fc.assert(
    fc.asyncProperty(transcriptTree, async (tree: TranscriptTree) => {
      const folder = makeFolder();
      writeTree(folder, tree);
      const ask = (more: ScanOptions) => scan({ paths: [folder], threads: 0, timezone: "UTC", ...more });
      const isSummable = await ask({ by: ["none"] }).then(
        () => true,
        (error: { code?: string }) => {
          expect(error.code).toBe("SUM_TOO_LARGE");
          return false;
        },
      );
      fc.pre(isSummable);
      await check(ask);
    }),
    { numRuns },
  );
}

test("the rows of every grouping add up to the same totals", async () => {
  await property(async (ask) => {
    const { totals } = await ask({ by: ["none"] });
    for (const by of [
      ...DIMENSIONS.map((dimension) => [dimension]),
      ["day", "model"],
      ["session", "agent", "branch"],
    ] as Dimension[][]) {
      const result = await ask({ by });
      expect(result.totals, by.join()).toEqual(totals);
      expect(add(result.rows), by.join()).toEqual(add([totals]));
    }
  });
});

test("the models below a row add up to it", async () => {
  await property(async (ask) => {
    const { rows } = await ask({ by: ["session"], breakdown: true });
    for (const row of rows) expect(add(row.models ?? []), JSON.stringify(row.key)).toEqual(add([row]));
  });
});

test("adjacent windows add up to the whole, what has no time being in each", async () => {
  await property(async (ask) => {
    const { totals } = await ask({ by: ["none"] });
    const unknown = (await ask({ by: ["day"] })).rows.filter((row) => row.key.day === "unknown");
    const [first, last] = [Date.parse(totals.firstAt ?? "2026-06-01"), Date.parse(totals.lastAt ?? "2026-06-01")];
    for (const borderMs of [first, first + 1, Math.floor((first + last) / 2), last, last + 1]) {
      const until = new Date(borderMs - 1).toISOString();
      const since = new Date(borderMs).toISOString();
      if (!until.startsWith("2") || !since.startsWith("2")) continue; // years that ISO 8601 writes with a sign
      const parts = [await ask({ until }), await ask({ since })];
      expect(add(parts.map((part) => part.totals)), `at ${since}`).toEqual(add([totals, ...unknown]));
    }
  });
});

test("the rows of a day are what its window gives, without what has no time", async () => {
  await property(async (ask) => {
    const { rows } = await ask({ by: ["day"], timezone: "Europe/Berlin" });
    const unknown = rows.filter((row) => row.key.day === "unknown");
    for (const row of rows.filter(({ key }) => /^\d{4}-/.test(key.day ?? "")).slice(0, 8)) {
      const day = row.key.day as string;
      const { totals } = await ask({ since: day, until: day, timezone: "Europe/Berlin" });
      expect(add([totals]), day).toEqual(add([row, ...unknown]));
    }
  });
});

test("filters for each name of a dimension share everything that has a name out among them", async () => {
  await property(async (ask) => {
    for (const dimension of ["model", "session", "project", "agent", "team"] as const) {
      const { rows } = await ask({ by: [dimension] });
      for (const row of rows) {
        const name = row.key[dimension];
        // Stars and the like would match other names too.
        if (typeof name !== "string" || /[*?[\]{}()!+@\\|]/.test(name)) continue;
        const filters: Filters = { [dimension]: [name] };
        const asked = await ask({ by: [dimension], filters });
        expect(asked.rows, `${dimension} ${name}`).toEqual([row]);
        expect(add([asked.totals])).toEqual(add([row]));
      }
      const everyName = await ask({ filters: { [dimension]: ["*"] } });
      expect(add([everyName.totals])).toEqual(add(rows.filter((row) => row.key[dimension] !== null)));
    }
  });
});
