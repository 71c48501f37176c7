/**
 * Prometheus text format, for a node exporter's textfile collector. Gauges, not counters: a window moves, and
 * transcripts are deleted. The kinds of `tokensift_tokens` are disjoint, so that their sum is the total.
 */
import type { Figures, Row, ScanResult } from "../types.ts";
import { estimateText } from "./columns.ts";

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export function renderMetrics(result: ScanResult, finishedMs: number): string {
  const { rows, stats, diagnostics } = result;
  const perRow = (value: (row: Figures) => number) => rows.map((row) => ({ labels: labelsOf(row), value: value(row) }));
  return [
    metric("tokensift_tokens", "Tokens by kind; the kinds add up to the total.", rows.flatMap(tokenSamples)),
    metric(
      "tokensift_reasoning_tokens",
      "Reasoning tokens, part of output.",
      perRow((row) => row.reasoningTokens),
    ),
    metric(
      "tokensift_responses",
      "Answers of a model's API, each counted once.",
      perRow((row) => row.responses),
    ),
    metric(
      "tokensift_tool_uses",
      "Tool use blocks, each counted once.",
      perRow((row) => row.toolUses),
    ),
    metric(
      "tokensift_web_searches",
      "Web searches by the provider.",
      perRow((row) => row.webSearches),
    ),
    metric(
      "tokensift_cost_usd",
      `${estimateText(result)} What has no known price is missing.`,
      rows.flatMap((row) => (row.costUsd === null ? [] : [{ labels: labelsOf(row), value: row.costUsd }])),
    ),
    metric("tokensift_unpriced_tokens", "Tokens that no price is known for.", one(diagnostics.unpricedTokens)),
    metric("tokensift_rows_omitted", "Rows cut by --top.", one(result.rowsOmitted)),
    metric("tokensift_transcripts", "Transcripts found.", one(stats.transcripts)),
    metric("tokensift_transcript_bytes", "Bytes of all transcripts.", one(stats.bytesTotal)),
    metric("tokensift_skipped_lines", "Lines not in the figures, by reason.", reasonSamples(stats.skipped)),
    metric("tokensift_unreadable_files", "Files that could not be read.", one(diagnostics.unreadable.length)),
    metric("tokensift_scan_duration_seconds", "Wall time of the scan.", one(stats.elapsedMs / 1000)),
    metric("tokensift_scan_timestamp_seconds", "When the scan was done.", one(Math.floor(finishedMs / 1000))),
  ].join("");
}

function tokenSamples(row: Row): Sample[] {
  const kinds = {
    input: row.inputTokens,
    output: row.outputTokens,
    cache_creation_5m: row.cacheCreation5mTokens,
    cache_creation_1h: row.cacheCreation1hTokens,
    cache_read: row.cacheReadTokens,
  };
  return Object.entries(kinds).map(([kind, value]) => ({ labels: { ...labelsOf(row), kind }, value }));
}

function reasonSamples(skipped: ScanResult["stats"]["skipped"]): Sample[] {
  return Object.entries(skipped).map(([reason, value]) => ({ labels: { reason }, value }));
}

function one(value: number): Sample[] {
  return [{ labels: {}, value }];
}

/** A name that is not there is an empty label, which to Prometheus is none. */
function labelsOf({ key }: Row): Labels {
  return Object.fromEntries(Object.entries(key).map(([dimension, name]) => [dimension, name ?? ""]));
}

function metric(name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
    return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}`;
  });
  return [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} gauge`, ...lines].map((line) => `${line}\n`).join("");
}

/** Quotes stay as they are in a line of help. */
function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
