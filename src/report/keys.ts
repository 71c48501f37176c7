/** How the dimensions of a row's key are called and written for people. */
import { type Dimension, type Row, TIME_DIMENSIONS } from "../types.ts";
import { printable } from "./printable.ts";
import { keepEnds, keepPathEnd, keepStart } from "./width.ts";

const TITLES: Readonly<Record<Dimension, string>> = {
  day: "Day",
  week: "Week of",
  month: "Month",
  hour: "Hour",
  source: "Source",
  model: "Model",
  project: "Project",
  session: "Session",
  agent: "Agent",
  team: "Team",
  task: "Task",
  branch: "Branch",
  none: "",
};

export function keyTitle(dimension: Dimension): string {
  return TITLES[dimension];
}

export function keyText(row: Row, dimension: Dimension, home: string): string {
  const name = row.key[dimension];
  if (name === null || name === undefined) return dimension === "task" ? "(no task)" : "(none)";
  return printable(dimension === "project" ? belowHome(name, home) : name);
}

function belowHome(path: string, home: string): string {
  if (home.length < 2) return path;
  return path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

/** What a name is still known by when there is no room; times have nothing to spare. */
export function shortenKey(text: string, dimension: Dimension, width: number): string {
  if (dimension === "project") return keepPathEnd(text, width);
  if (dimension === "session") return keepStart(text, width);
  return keepEnds(text, width);
}

/** Columns in which a name reads well, and in which it is just known. Undefined: it is not shortened letter by letter. */
export function keyRoom(dimension: Dimension): { readonly good: number; readonly least: number } | undefined {
  switch (dimension) {
    case "project":
      return { good: 26, least: 14 };
    case "agent":
    case "team":
    case "task":
    case "branch":
      return { good: 20, least: 12 };
    case "model":
      return { good: 26, least: 16 };
    default:
      return undefined;
  }
}

export function isTime(dimension: Dimension): boolean {
  return (TIME_DIMENSIONS as readonly Dimension[]).includes(dimension);
}
