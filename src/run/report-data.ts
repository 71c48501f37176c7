/** Figures into a run's report: its data file, and the placeholders of the text beside it. */
import { existsSync } from "node:fs";
import { invalidInput } from "../errors.ts";
import { exact } from "../report/numbers.ts";
import { usdText } from "../report/usd.ts";
import type { Collected } from "./collect.ts";
import { type Change, JsonDocument } from "./document.ts";
import { readText } from "./file.ts";
import { isObject, type TeamState } from "./team-state.ts";

/** A file with what it held and what it is to hold. */
export interface Rewrite {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** What a report can say: figures by who they are of. */
interface TokenUsage {
  readonly lead: object;
  readonly workers: Readonly<Record<string, object>>;
  readonly run: object;
}

const PLACEHOLDER = /\{\{token-usage:([^{}]*)\}\}/g;
/** Where a figure exists but is not known. */
const UNKNOWN = "n/a";

/** What is to be written; nothing is yet. Throws `INVALID_INPUT`, also for placeholders that name nothing. */
export function rewriteReport(dataPath: string, collected: Collected, state: TeamState): Rewrite[] {
  const before = readText(dataPath);
  const data = new JsonDocument(before, dataPath);
  if (!isObject(data.value())) throw invalidInput(dataPath, "", "is no JSON object (give the run's report data)");
  const usage = tokenUsageOf(collected, state);
  data.set([...tokenUsageChanges(data, usage), ...executionStatusChanges(data, usage, dataPath)]);
  const rewrites = [{ path: dataPath, before, after: data.text }];
  const textPath = `${dataPath.replace(/(\.data)?\.json$/, "")}.md`;
  if (existsSync(textPath)) {
    const text = readText(textPath);
    rewrites.push({ path: textPath, before: text, after: fillPlaceholders(text, usage, textPath) });
  }
  return rewrites;
}

function tokenUsageOf({ leadUsage, workerUsages, runUsage }: Collected, { workers }: TeamState): TokenUsage {
  return {
    lead: leadUsage,
    workers: Object.fromEntries(workers.map(({ workerId }, i) => [workerId, workerUsages[i] as object])),
    run: runUsage,
  };
}

function tokenUsageChanges(data: JsonDocument, usage: TokenUsage): Change[] {
  const { tokenUsage } = data.value() as { tokenUsage?: unknown };
  if (!isObject(tokenUsage)) return [{ path: [], key: "tokenUsage", value: usage }];
  return Object.entries(usage).map(([key, value]) => ({ path: ["tokenUsage"], key, value }));
}

const STATUS_FIGURES = ["totalTokens", "estimatedCostUsd", "durationMs", "toolUses"] as const;

function executionStatusChanges(data: JsonDocument, usage: TokenUsage, dataPath: string): Change[] {
  const { executionStatus: rows } = data.value() as { executionStatus?: unknown };
  if (rows === undefined || rows === null) return [];
  if (!Array.isArray(rows))
    throw invalidInput(dataPath, "executionStatus", "is no list (give one of rows with a worker or role)");
  return rows.flatMap((row: unknown, i) => {
    const figures = isObject(row) ? (usageNamed(row["worker"], usage) ?? usageNamed(row["role"], usage)) : undefined;
    if (!figures) return [];
    return STATUS_FIGURES.map((key) => ({
      path: ["executionStatus", i],
      key,
      value: figureOf(figures, key) ?? null,
    }));
  });
}

function usageNamed(name: unknown, { lead, workers }: TokenUsage): object | undefined {
  if (typeof name !== "string") return undefined;
  // A worker may be called lead.
  return Object.hasOwn(workers, name) ? workers[name] : name === "lead" ? lead : undefined;
}

function fillPlaceholders(text: string, usage: TokenUsage, textPath: string): string {
  const unknown = new Set<string>();
  const filled = text.replaceAll(PLACEHOLDER, (placeholder, path: string) => {
    const value = valueAt(path.trim(), usage);
    if (value === undefined) unknown.add(placeholder);
    return value ?? placeholder;
  });
  if (unknown.size > 0) {
    throw invalidInput(textPath, "", `has placeholders that name nothing: ${[...unknown].join(", ")} (correct them)`);
  }
  return filled;
}

/** Undefined: there is no such figure. */
function valueAt(path: string, usage: TokenUsage): string | undefined {
  // Ids may hold dots, names of figures do not.
  const [, of, id, figure = ""] = /^(lead|run|workers)(?:\.(.+))?\.([^.]+)$/.exec(path) ?? [];
  if (of === undefined || (of === "workers") !== (id !== undefined)) return undefined;
  const figures =
    of === "workers"
      ? Object.hasOwn(usage.workers, id ?? "")
        ? usage.workers[id ?? ""]
        : undefined
      : usage[of as "lead" | "run"];
  if (!figures) return undefined;
  const value = figureOf(figures, figure);
  // Known of others, or of the same one at another time.
  if (value === undefined || value === null) return isFigure(of, figure, usage) ? UNKNOWN : undefined;
  if (typeof value === "number") return figure.endsWith("CostUsd") ? usdText(value) : numberText(value);
  return typeof value === "string" ? value : undefined;
}

function figureOf(figures: object, name: string): unknown {
  return Object.hasOwn(figures, name) ? (figures as Record<string, unknown>)[name] : undefined;
}

function isFigure(of: string, name: string, { run }: TokenUsage): boolean {
  if (of === "run") return Object.hasOwn(run, name);
  if (of === "workers" && OF_CLI_SESSIONS.has(name)) return true;
  return OF_SESSIONS.has(name) || (Object.hasOwn(run, name) && !OF_RUN_ONLY.has(name));
}

const OF_RUN_ONLY = new Set(["leadTotalTokens", "workerTotalTokens", "cliEstimatedCostUsd"]);
const OF_SESSIONS = new Set(["source", "sessionId", "agentName", "note"]);
const OF_CLI_SESSIONS = new Set([
  "cliSessionId",
  "cliModel",
  "cliTotalTokens",
  "cliInputTokens",
  "cliCachedInputTokens",
  "cliOutputTokens",
  "cliReasoningTokens",
  "cliEstimatedCostUsd",
  "cliNote",
]);

/** `1,234,567`, `1,005.5` */
function numberText(value: number): string {
  const [whole = "0", fraction] = String(value).split(".");
  return fraction === undefined ? exact(value) : `${exact(Number(whole))}.${fraction}`;
}
