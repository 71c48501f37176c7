/** Further questions to what a tally has settled, grouped and priced: nothing is read or decided again. */
import type { Calendar } from "../calendar.ts";
import { makeFilter } from "../filters.ts";
import type { Filters } from "../options.ts";
import type { Dimension } from "../types.ts";
import type { Window } from "../window.ts";
import { fillCells } from "./cells.ts";
import { type Rows, type Tallied, tallyRows, timesOf } from "./rows.ts";

export interface Question {
  readonly by: readonly Dimension[];
  /** Default: as the scan itself was asked. */
  readonly window?: Window;
  readonly calendar?: Calendar;
  /** Patterns instead of those of the scan; `{}` is everything. */
  readonly filters?: Filters;
}

export async function ask(tallied: Tallied, { filters, by, ...other }: Question): Promise<Rows> {
  const asked = { ...tallied, ...other };
  const { table, groups, toolUses, keys, window } = asked;
  return tallyRows(by, {
    ...asked,
    filter: filters ? await makeFilter(filters, keys) : tallied.filter,
    cells: fillCells(table, groups, toolUses, timesOf(by, asked), window),
  });
}
