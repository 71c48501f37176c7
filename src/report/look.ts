/** How a person will see a report; programs' formats have no look. */
import type { Palette } from "./palette.ts";

export interface Look {
  /** In columns of a terminal. */
  readonly width: number;
  readonly palette: Palette;
  /** Paths below it are shown as `~/…`. */
  readonly home: string;
  /** Minutes that local time is ahead of UTC at an instant, in ms. */
  readonly offsetMs: (instantMs: number) => number;
  /** Stands above figures that are invented. */
  readonly demoLabel?: string | undefined;
}
