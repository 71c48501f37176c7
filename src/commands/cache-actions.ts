/** Apart from what they do, so that a run that does none of them does not load it. */
export const CACHE_ACTIONS = ["info", "verify", "prune", "clear"] as const;
