/** What the oracles of agents other than Claude Code share: JSON that may be anything, and an answer from its parts. */
import type { SkippedLine } from "../../src/types.ts";
import { answer, type OracleOptions, type Piece } from "./oracle-rows.ts";
import type { OracleResult } from "./oracle.ts";

export type Json = Record<string, unknown>;

export const asObject = (value: unknown): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;

export const asText = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** Throws on a bad number. */
export function asCount(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error("bad number");
}

export interface AgentResult extends OracleResult {
  diagnostics: OracleResult["diagnostics"] & { clampedResponses: number };
}

/** A transcript, as far as every agent has one. */
interface Read {
  readonly records: number;
  readonly skipped: readonly SkippedLine[];
}

interface Counted {
  readonly responses: number;
  /** Records that carry usage. */
  readonly usageRecords: number;
  readonly responsesWithoutTime: number;
  readonly clampedResponses: number;
}

export function resultOf(
  files: readonly Read[],
  pieces: Piece[],
  { responses, usageRecords, responsesWithoutTime, clampedResponses }: Counted,
  options: OracleOptions,
): AgentResult {
  const { rows, totals } = answer(pieces, options);
  const skipped = files.flatMap((file) => file.skipped);
  const skippedFor = (reason: string): number => skipped.filter((line) => line.reason === reason).length;
  return {
    rows,
    totals,
    stats: {
      transcripts: files.length,
      records: files.reduce((sum, { records }) => sum + records, 0),
      responses,
      duplicateRecords: usageRecords - responses,
      skipped: { malformed: skippedFor("malformed"), oversized: 0, pending: skippedFor("pending") },
    },
    diagnostics: {
      skippedLines: skipped.slice(0, 100),
      responsesWithoutTime,
      lowOutputResponses: {},
      clampedResponses,
    },
  };
}
