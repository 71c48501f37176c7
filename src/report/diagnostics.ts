/** What a run always says: everything that is not in the figures, or is there with a doubt. Nothing where nothing was counted. */
import type { ScanResult, SkippedLine, SkipReason, UnreadableFile } from "../types.ts";
import { counted, exact } from "./numbers.ts";
import { printable } from "./printable.ts";

/** Places shown of each kind. */
const MOST_PLACES = 5;

/** What of a result there is to say. */
type Said = Pick<ScanResult, "costBasis" | "diagnostics" | "stats">;

export function diagnosticLines(result: Said): string[] {
  return [
    ...skippedLines(result),
    ...unreadableLines(result),
    ...timelessLines(result),
    ...clampedLines(result),
    ...outputOnlyLines(result),
    ...untoldLines(result),
    ...lowOutputLines(result.diagnostics.lowOutputResponses),
    ...unpricedLines(result),
    ...cacheLines(result),
  ];
}

const REASONS: Readonly<Record<SkipReason, string>> = {
  malformed: "malformed",
  oversized: "oversized (--max-line)",
  pending: "pending (still being written, for the next run)",
};

function skippedLines({ stats: { skipped }, diagnostics }: Said): string[] {
  const reasons = (Object.keys(REASONS) as SkipReason[]).filter((reason) => skipped[reason] > 0);
  if (reasons.length === 0) return [];
  const total = reasons.reduce((sum, reason) => sum + skipped[reason], 0);
  const parts = reasons.map((reason) => `${exact(skipped[reason])} ${REASONS[reason]}`);
  const places = diagnostics.skippedLines.slice(0, MOST_PLACES);
  return [
    `Skipped ${counted(total, "line")}: ${parts.join(", ")}`,
    ...places.map(placeText),
    ...more(total - places.length),
  ];
}

function placeText({ path, line, offset, reason }: SkippedLine): string {
  return `  ${printable(path)}:${line} (byte ${offset}) ${reason}`;
}

/** Codes of ours. */
const CODES: Readonly<Record<string, string>> = {
  NO_ZSTD: "compressed; Node 22.15 or newer reads it",
  NO_SQLITE: "a database; the package node-sqlite3-wasm, which reads it, is not installed",
  NO_DATABASE: "no SQLite database, or a damaged one",
  CHANGED: "changed each time it was copied; run again",
  HALF_WRITTEN: "left half written by its agent, which mends it when it starts",
  UNKNOWN_SCHEMA: "a database of a version not known: nothing of it counts",
  NEWER_MESSAGES: "holds messages of a newer version, which do not count",
  NO_TOOL_CALLS: "a database of a version not known: its tool calls do not count",
};

function unreadableLines({ diagnostics: { unreadable } }: Said): string[] {
  return unreadablePlaces(unreadable);
}

/** Files and folders, and why. */
export function unreadablePlaces(unreadable: readonly UnreadableFile[]): string[] {
  if (unreadable.length === 0) return [];
  const places = unreadable.slice(0, MOST_PLACES);
  return [
    `Could not read ${counted(unreadable.length, "file")}`,
    ...places.map(({ path, code }) => `  ${printable(path)} (${CODES[code] ?? code})`),
    ...more(unreadable.length - places.length),
  ];
}

function more(count: number): string[] {
  return count > 0 ? [`  … ${exact(count)} more (--json lists up to 100)`] : [];
}

function timelessLines({ diagnostics: { responsesWithoutTime: count } }: Said): string[] {
  if (count === 0) return [];
  return [`${counted(count, "response")} without a time: in every window, and on the day "unknown"`];
}

function clampedLines({ diagnostics: { clampedResponses: count } }: Said): string[] {
  if (count === 0) return [];
  return [`${counted(count, "response")} told more cached input than input: all input counted as cached`];
}

function outputOnlyLines({ diagnostics: { outputOnlyResponses: count } }: Said): string[] {
  if (count === 0) return [];
  const are = count === 1 ? "its input is" : "their input is";
  return [`${counted(count, "response")} of Copilot CLI told no more than the output; ${are} in no figure`];
}

function untoldLines({ diagnostics: { untoldTokens: count } }: Said): string[] {
  if (count === 0) return [];
  const are = count === 1 ? "it is" : "they are";
  return [
    `${counted(count, "token")} of OpenCode's or Qwen Code's sessions stand in no message (of titles, mostly); ${are} in no figure`,
  ];
}

/** By version of Claude Code, how many there are. */
export function lowOutputLines(lowOutputResponses: Readonly<Record<string, number>>): string[] {
  const versions = Object.entries(lowOutputResponses);
  const count = versions.reduce((sum, [, responses]) => sum + responses, 0);
  if (count === 0) return [];
  const shown = versions.toSorted(([, a], [, b]) => b - a).slice(0, MOST_PLACES);
  const list = shown.map(([version, responses]) => `${printable(version)}: ${exact(responses)}`);
  if (versions.length > shown.length) list.push(counted(versions.length - shown.length, "more version"));
  const have = count === 1 ? "has a placeholder output count" : "have placeholder output counts";
  const real = count === 1 ? "its real output" : "their real output";
  return [`${counted(count, "response")} ${have} (Claude Code ${list.join(", ")}); ${real} was never written`];
}

function unpricedLines({ costBasis, diagnostics: { unpricedModels, unpricedTokens } }: Said): string[] {
  if (unpricedModels.length === 0) return [];
  const shown = unpricedModels.slice(0, MOST_PLACES).map(printable);
  if (unpricedModels.length > shown.length) shown.push(counted(unpricedModels.length - shown.length, "more model"));
  const tokens = counted(unpricedTokens, "token");
  if (costBasis?.mode === "recorded") {
    return [`Cost excludes ${tokens} that transcripts say no cost of: ${shown.join(", ")} (--cost auto calculates it)`];
  }
  return [`Cost excludes ${tokens} of unpriced models: ${shown.join(", ")} (--prices FILE gives them prices)`];
}

function cacheLines({ diagnostics: { cache } }: Said): string[] {
  if (cache === null) return [];
  return [`The cache could not be written (${cache}), so the next run reads more (--cache-dir names another folder)`];
}
