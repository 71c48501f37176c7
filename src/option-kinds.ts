/**
 * What kind of thing each option is. Programs in JavaScript have no compiler to tell them that an option is called otherwise, or is
 * a list: taken as if it were not there it would give the figures of another question.
 */
import { invalidOption } from "./errors.ts";
import type { Filters, ScanOptions } from "./options.ts";

type Kind = "text" | "texts" | "number" | "switch" | "function" | "object" | "filters";

const KINDS: Readonly<Record<keyof ScanOptions, Kind>> = {
  paths: "texts",
  sources: "texts",
  by: "texts",
  since: "text",
  until: "text",
  timezone: "text",
  startOfWeek: "text",
  filters: "filters",
  count: "text",
  cost: "text",
  prices: "text",
  explain: "switch",
  breakdown: "switch",
  sort: "text",
  top: "number",
  threads: "number",
  maxLineBytes: "number",
  chunkBytes: "number",
  rangeBytes: "number",
  earlyMergeBytes: "number",
  cache: "switch",
  cacheDirectory: "text",
  taskPattern: "text",
  taskOf: "function",
  signal: "object",
  onProgress: "function",
  environment: "object",
  nowMs: "number",
};

const FILTERS: Readonly<Record<keyof Filters, "texts">> = {
  project: "texts",
  session: "texts",
  model: "texts",
  agent: "texts",
  team: "texts",
  task: "texts",
};

const REMEDIES: Readonly<Record<Kind, string>> = {
  text: "is no text",
  texts: 'is no list of texts (give one such as ["a"])',
  number: "is no number",
  switch: "is neither true nor false",
  function: "is no function",
  object: "is no object",
  filters: "is no object of lists of patterns",
};

/** Throws `INVALID_OPTION` where an option is none of ours, or of another kind. Undefined is left out. */
export function checkKinds(options: ScanOptions): void {
  checkEach("", options, KINDS);
  checkEach("filters.", options.filters ?? {}, FILTERS);
}

function checkEach(prefix: string, given: unknown, kinds: Readonly<Record<string, Kind>>): void {
  if (!isOfKind("object", given)) throw invalidOption("options", String(given), REMEDIES.object);
  for (const [name, value] of Object.entries(given as object)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) {
      const known = Object.keys(kinds).join(", ");
      throw invalidOption("options", `${prefix}${name}`, `is no option (one of ${known})`);
    }
    if (value !== undefined && !isOfKind(kind, value))
      throw invalidOption(`${prefix}${name}`, String(value), REMEDIES[kind]);
  }
}

function isOfKind(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case "text":
      return typeof value === "string";
    case "texts":
      return Array.isArray(value) && value.every((one) => typeof one === "string");
    case "switch":
      return typeof value === "boolean";
    case "filters":
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === kind;
  }
}
