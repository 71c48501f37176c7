/** Rows of an export, added up by hand, and compared with what a scan says. */
import type { ScanOptions } from "../../src/options.ts";
import { exportResponses, type ExportResult, type ResponseRow, scan } from "tokensift";
import { expect } from "vitest";
import { openCalendar } from "../../src/calendar.ts";
import { groupBy } from "../../src/tally/group-by.ts";
import type { Dimension, Figures } from "../../src/types.ts";
import { ADDITIVE } from "../additive.ts";

/** From here on a double is no longer a sum of whole nano-dollars. */
const EXACT_USD = 4_000_000;

export async function exported(options: ScanOptions): Promise<{ rows: ResponseRow[]; result: ExportResult }> {
  const rows: ResponseRow[] = [];
  const { by: _, count: _count, ...asked } = options;
  const result = await exportResponses(asked, (row) => void rows.push(row));
  return { rows, result };
}

/** The sums of rows, as a scan has them. */
function sumOf(rows: readonly ResponseRow[]) {
  const sum = (of: (row: ResponseRow) => number) =>
    rows.reduce((total, row) => total + BigInt(Math.round(of(row))), 0n);
  const figures = Object.fromEntries(ADDITIVE.map((name) => [name, sum((row) => row[name])]));
  const costIsPartial = rows.some((row) => row.costIsPartial);
  return {
    ...figures,
    twentieths: sum(({ billableEquivalentTokens }) => billableEquivalentTokens * 20),
    nanos: sum(({ costUsd }) => (costUsd ?? 0) * 1e9),
    hasCost: rows.some(({ costUsd }) => costUsd !== null) || (rows.length === 0 && !costIsPartial),
    costIsPartial,
  };
}

function expectSum(rows: readonly ResponseRow[], figures: Figures, what: string): void {
  const { nanos, twentieths, hasCost, ...sums } = sumOf(rows);
  const expected = Object.fromEntries(ADDITIVE.map((name) => [name, BigInt(figures[name])]));
  expect(sums, what).toEqual({ ...expected, costIsPartial: figures.costIsPartial });
  if (figures.billableEquivalentTokens < 2 ** 48)
    expect(twentieths, `${what}: billableEquivalentTokens`).toBe(
      BigInt(Math.round(figures.billableEquivalentTokens * 20)),
    );
  const usd = figures.costUsd;
  // Rows of tool uses alone cost nothing, where all others have no price.
  if (usd === null) expect(nanos, what).toBe(0n);
  else if (usd < EXACT_USD) expect(nanos, `${what}: costUsd`).toBe(BigInt(Math.round(usd * 1e9)));
  else expect(Math.abs(Number(nanos) / 1e9 / usd - 1)).toBeLessThan(1e-12);
  if (usd !== null) expect(hasCost, what).toBe(true);
}

/** Throws where the rows do not add up to the scan's totals and to each of its rows by `by`. */
export async function expectToAddUp(options: ScanOptions, by: readonly Dimension[]): Promise<readonly ResponseRow[]> {
  const { rows, result } = await exported(options);
  const scanned = await scan({ ...options, by });
  const { totals, window, costBasis } = scanned;
  expect(result).toMatchObject({ totals, window, costBasis });
  expectSum(rows, totals, "totals");

  const responses = rows.filter((row) => row.responses === 1);
  expect(responses.length).toBe(totals.responses);
  expect(new Set(responses.map(({ id }) => id)).size, "ids").toBe(responses.length);
  expect(rows.every((row) => row.responses === 0 || row.responses === 1)).toBe(true);
  const times = rows.map(({ time }) => time ?? "unknown");
  expect(times).toEqual(times.toSorted());

  const calendar = await openCalendar(window.timezone);
  const keyOf = (row: ResponseRow) =>
    JSON.stringify(by.map((dimension) => (dimension === "none" ? null : nameIn(row, dimension, calendar))));
  const byKey = groupBy(rows, keyOf);
  for (const row of scanned.rows) {
    const key = JSON.stringify(by.map((dimension) => row.key[dimension] ?? null));
    expectSum(byKey.get(key) ?? [], row, key);
    byKey.delete(key);
  }
  expect([...byKey.keys()]).toEqual([]);
  return rows;
}

type Calendar = Awaited<ReturnType<typeof openCalendar>>;

function nameIn(row: ResponseRow, dimension: Exclude<Dimension, "none">, calendar: Calendar): string | null {
  switch (dimension) {
    case "day":
      return row.time === null ? "unknown" : calendar.dayOf(Date.parse(row.time));
    case "month":
      return row.time === null ? "unknown" : calendar.dayOf(Date.parse(row.time)).slice(0, 7);
    case "hour":
    case "week":
      throw new Error(`${dimension} is not looked at here`);
    default:
      return row[dimension];
  }
}
