/** Where costs are from: `auto` is recorded where the transcript says more than 0, else calculated. */
export const COST_MODES = ["auto", "calculate", "recorded", "none"] as const;
export type CostMode = (typeof COST_MODES)[number];
