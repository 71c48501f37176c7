/** What rows are made of: responses that are settled, grouped, priced and summed into cells, and what is asked of them. */
import type { Calendar, Weekday } from "../calendar.ts";
import type { Filter } from "../filters.ts";
import type { Window } from "../window.ts";
import type { Addends, Cells } from "./cells.ts";
import type { Costs } from "./costs.ts";
import type { Keys } from "./keys.ts";
import type { Places } from "./places.ts";

export interface Tallied extends Addends {
  readonly places: Places;
  readonly cells: Cells;
  readonly keys: Keys;
  readonly window: Window;
  readonly filter: Filter | undefined;
  /** Whether what a response used under other models counts. */
  readonly hasExtras: boolean;
  /** Undefined: costs are not asked for. */
  readonly costs: Costs | undefined;
  readonly calendar: Calendar;
  readonly startOfWeek: Weekday;
  /** Whether rows are wanted that have times and nothing else. */
  readonly keepsEmptyRows?: boolean | undefined;
}
