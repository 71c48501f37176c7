import type { Dimension } from "../types.ts";

/** The same as `scan --by …`, under the name people look for. */
export const SHORTHANDS = {
  daily: "day",
  weekly: "week",
  monthly: "month",
  hourly: "hour",
  session: "session",
  project: "project",
} as const satisfies Record<string, Dimension>;

export function isShorthand(name: string): name is keyof typeof SHORTHANDS {
  return name in SHORTHANDS;
}
