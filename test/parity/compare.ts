/** Compares an answer of the engine with the oracle's, in everything both of them say. */
import { expect } from "vitest";
import type { ScanResult } from "../../src/types.ts";
import type { OracleResult } from "./oracle.ts";

/** The fields of `like` as they are in `actual`, so that what only the engine says is left out. */
function alike<T extends object>(actual: object, like: T): Record<string, unknown> {
  const fields = actual as Record<string, unknown>;
  return Object.fromEntries(Object.keys(like).map((name) => [name, fields[name]]));
}

/** One line a row, so that a difference shows which row moved before it shows which figure. */
const heads = (rows: readonly { key: object; totalTokens: number }[]): string[] =>
  rows.map((row) => `${JSON.stringify(row.key)} ${row.totalTokens}`);

/** Throws a readable difference over rows, totals, stats and diagnostics. Paths are compared as they are. */
export function compareScan(actual: ScanResult, expected: OracleResult): void {
  expect(alike(actual.stats, expected.stats), "stats").toEqual(expected.stats);
  expect(alike(actual.diagnostics, expected.diagnostics), "diagnostics").toEqual(expected.diagnostics);
  expect(heads(actual.rows), "rows").toEqual(heads(expected.rows));
  for (const [index, row] of expected.rows.entries()) {
    const name = `row ${JSON.stringify(row.key)}`;
    expect(alike(actual.rows[index] ?? {}, row), name).toEqual(row);
  }
  expect(alike(actual.totals, expected.totals), "totals").toEqual(expected.totals);
}
