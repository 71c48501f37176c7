/** Sequences that once went wrong, by what was wrong. */
import type { Sequence } from "./model.ts";

export const CASES: Readonly<Record<string, Sequence>> = {
  "a response that grows over three runs": {
    stock: 1,
    begun: 3,
    when: "past",
    aheadMs: 1000,
    steps: [
      { do: "grow", file: 0, lines: 1, when: "past" },
      { do: "grow", file: 0, lines: 1, when: "now" },
      { do: "nothing" },
    ],
  },
  "half a line, finished behind a run": {
    stock: 0,
    begun: 2,
    when: "past",
    aheadMs: 1000,
    steps: [
      { do: "half", file: 0, percent: 50, when: "past" },
      { do: "nothing" },
      { do: "grow", file: 0, lines: 1, when: "past" },
    ],
  },
};
