/** A scan's responses, one by one. */
import { invalidOption, stopIfAborted } from "../errors.ts";
import type { ScanOptions } from "../options.ts";
import { scanWhole } from "../scan.ts";
import { withMemory } from "../tally/memory.ts";
import type { Dimension, ScanResult } from "../types.ts";
import { type ResponseRow, responseRows } from "./rows.ts";

/** Options of `scan`, but for those about its rows. */
export type ExportOptions = Omit<
  ScanOptions,
  "by" | "breakdown" | "count" | "explain" | "sort" | "startOfWeek" | "top"
>;

/** Of everything that is in the rows. */
export type ExportResult = Omit<ScanResult, "by" | "rows" | "rowsOmitted" | "costLines">;

/** These names are looked for only where somebody asks for them. */
export const EXPORT_BY: readonly Dimension[] = ["agent", "task"];

/**
 * Gives `take` one row for each response of a model's API that `scan` counts with the same options, each once, by time.
 *
 * Every figure of the rows adds up to that of `totals`, also of the rows of one model, day or any other name. `responses` is 1, but
 * for rows that complete the sums (`ResponseRow`). A row is made when its turn comes; `take` may be asynchronous, and
 * is waited for. Where it answers false, no more rows come.
 *
 * Resolves with what `scan` says beside its rows. Rejects as `scan` does, and with what `take` throws.
 *
 * @example
 * let usd = 0;
 * await exportResponses({ since: "7d" }, ({ costUsd }) => void (usd += costUsd ?? 0));
 */
export async function exportResponses(
  options: ExportOptions,
  take: (row: ResponseRow) => boolean | void | Promise<boolean | void>,
): Promise<ExportResult> {
  if (typeof take !== "function") throw invalidOption("take", String(take), "is no function of a row");
  const asked = { ...options, by: EXPORT_BY, breakdown: false, explain: false, sort: undefined, top: undefined };
  return withMemory(async (memory) => {
    const { result, tallied } = await scanWhole({ ...asked, count: "responses" }, memory);
    for (const row of responseRows(tallied)) {
      stopIfAborted(options.signal);
      const taken = take(row);
      if ((taken instanceof Promise ? await taken : taken) === false) break;
    }
    const { by: _by, rows: _rows, rowsOmitted: _omitted, costLines: _lines, ...others } = result;
    return others;
  });
}
