/** What a run ends with. */
export const EXIT = {
  done: 0,
  /** Done, and something was found that was asked to be reported as failure. */
  found: 1,
  couldNotRun: 2,
} as const;
