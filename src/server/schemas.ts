/** What answers look like, as JSON Schema. Each list of members is checked against the type that it describes. */
import type { AnomalyReport, MeasureReason, StandingOut } from "../ledger/anomalies.ts";
import type {
  LedgerFigures,
  LedgerSession,
  ShownLedger,
  Summary,
  TaskEntry,
  UnmatchedSession,
} from "../ledger/types.ts";
import { MATCHES } from "../ledger/types.ts";
import type { StructureReason } from "../ledger/structure.ts";
import { DIMENSIONS, type Figures, type RowKey, type ScanResult } from "../types.ts";

export type Schema = Readonly<Record<string, unknown>>;
type Members<T> = Readonly<Record<keyof T, Schema>>;

const count: Schema = { type: "integer", minimum: 0 };
const amount: Schema = { type: "number", minimum: 0 };
const yes: Schema = { type: "boolean" };
const text: Schema = { type: "string" };
const texts: Schema = { type: "array", items: text };
const textOrNull: Schema = { type: ["string", "null"] };
const instant: Schema = { type: "string", format: "date-time" };
const instantOrNull: Schema = { type: ["string", "null"], format: "date-time" };
const estimate: Schema = {
  type: ["number", "null"],
  minimum: 0,
  description: "An estimate, not a bill; null: no price is known",
};
const matchedBy: Schema = { enum: [...MATCHES] };
const matchedByOrNull: Schema = { enum: [...MATCHES, null] };

function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  return { type: "object", required: Object.keys(properties).filter((name) => !optional.includes(name)), properties };
}

function list(items: Schema): Schema {
  return { type: "array", items };
}

function byName(values: Schema, about: string): Schema {
  return { type: "object", description: about, additionalProperties: values };
}

export function ref(name: keyof typeof SCHEMAS): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

const LEDGER_FIGURES: Members<LedgerFigures> = {
  input_tokens: { ...count, description: "Input + cache creation + cache read" },
  output_tokens: count,
  cache_tokens: { ...count, description: "Cache creation + cache read" },
  cache_creation_tokens: count,
  cache_read_tokens: count,
  total_tokens: { ...count, description: "input_tokens + output_tokens" },
  message_count: { ...count, description: "API responses, each once" },
  models: byName(count, "Total tokens by model"),
  cost_estimate_usd: estimate,
  cost_is_partial: { ...yes, description: "Some of it has no price" },
};

const TASK: Members<TaskEntry> = {
  session_id: { ...text, description: "The earliest" },
  session_ids: texts,
  team_id: textOrNull,
  matched_by: matchedBy,
  also_mentioned: texts,
  ...LEDGER_FIGURES,
  cache_hit_ratio: { type: "number", minimum: 0, maximum: 1, description: "Cache read / input" },
  model: { ...textOrNull, description: "The one with most tokens" },
  duration_seconds: amount,
  tokens_per_second: amount,
  timestamp: { ...instantOrNull, description: "Of the last record" },
  retained_session_ids: { ...texts, description: "Those whose transcripts are gone" },
};

const SESSION: Members<LedgerSession> = {
  project: { ...text, description: "The name of its folder" },
  team_id: textOrNull,
  agent_name: textOrNull,
  mentioned: texts,
  ...LEDGER_FIGURES,
  first_at: instantOrNull,
  last_at: instantOrNull,
  span_seconds: amount,
  subagents: count,
  subagent_depth: count,
  transcript_bytes: count,
  scanned_at: instant,
  retained: { const: true, description: "Its transcripts are gone; these are its last figures" },
  held_back: object(LEDGER_FIGURES),
  task_id: textOrNull,
  matched_by: matchedByOrNull,
  also_mentioned: texts,
  candidates: texts,
};

const UNMATCHED: Members<UnmatchedSession> = {
  session_id: text,
  project: text,
  total_tokens: count,
  timestamp: instantOrNull,
  candidates: texts,
};

const SUMMARY: Members<Summary> = {
  total_tokens: count,
  total_tasks: count,
  avg_tokens_per_task: amount,
  top_consumers: texts,
};

const LEDGER: Members<ShownLedger> = {
  schema_version: { const: 1 },
  note: text,
  tasks: byName({ $ref: "#/components/schemas/Task" }, "By id"),
  unmatched_sessions: list(object(UNMATCHED)),
  summary: object(SUMMARY),
  sessions: byName({ $ref: "#/components/schemas/Session" }, "By id"),
};

const MEASURE_REASON: Members<MeasureReason> = {
  kind: { enum: ["total_tokens", "output_tokens", "cost", "tokens_per_second", "low_cache_hit_ratio"] },
  value: {
    ...amount,
    description:
      "Tokens, US dollars (an estimate, not a bill), tokens a second, or the share of input not read from the cache",
  },
  mean_of_others: { ...amount, description: "In the unit of value" },
  ratio: { type: ["number", "null"] },
  is_ratio: yes,
  z: { type: ["number", "null"] },
  is_robust: yes,
  anomaly_above: { ...amount, description: "The z from which both signals are an anomaly, not only notable" },
  sentence: text,
  session_ids: texts,
};

const STRUCTURE_REASON: Members<StructureReason> = {
  kind: { enum: ["repeated_dispatch", "fan_out", "subagent_depth", "retry_loop", "cache_write_storm"] },
  figures: byName({ type: ["number", "string"] }, "By name"),
  sentence: text,
  session_ids: texts,
};

const STANDING_OUT: Members<StandingOut> = {
  task_id: text,
  reasons: list({ anyOf: [object(MEASURE_REASON), object(STRUCTURE_REASON)] }),
};

const ANOMALIES: Members<AnomalyReport> = {
  threshold: amount,
  min_tasks: count,
  tasks: count,
  too_few: yes,
  anomalies: list({ $ref: "#/components/schemas/StandingOut" }),
  notable: list({ $ref: "#/components/schemas/StandingOut" }),
  not_judged: texts,
};

const FIGURES: Members<Figures> = {
  inputTokens: count,
  outputTokens: count,
  reasoningTokens: count,
  cacheCreationTokens: count,
  cacheCreation5mTokens: count,
  cacheCreation1hTokens: count,
  cacheReadTokens: count,
  totalTokens: count,
  responses: count,
  toolUses: count,
  webSearches: count,
  costUsd: estimate,
  firstAt: instantOrNull,
  lastAt: instantOrNull,
  durationMs: count,
  billableEquivalentTokens: amount,
  costIsPartial: yes,
};

const KEY: Members<RowKey> = Object.fromEntries(DIMENSIONS.map((name) => [name, textOrNull])) as Members<RowKey>;

const USAGE: Members<Pick<ScanResult, "schemaVersion" | "window" | "by" | "rows" | "rowsOmitted" | "totals">> = {
  schemaVersion: { const: 1 },
  window: object({ since: instantOrNull, until: instantOrNull, timezone: text }),
  by: list({ enum: [...DIMENSIONS] }),
  rows: list(object({ key: object(KEY, DIMENSIONS), ...FIGURES })),
  rowsOmitted: count,
  totals: object(FIGURES),
};

const TOKEN_USAGE = object({
  input_tokens: count,
  output_tokens: count,
  total_tokens: count,
  cost_estimate_usd: estimate,
});

/** What a timers file says of a task, as far as it is shown. */
const TIMED = {
  task_id: text,
  team_id: text,
  session_id: text,
  status: text,
  start_time: { type: ["string", "number"] },
  end_time: { type: ["string", "number"] },
  started_at: { type: ["string", "number"] },
  ended_at: { type: ["string", "number"] },
  duration_seconds: { type: "number" },
  token_usage: { anyOf: [TOKEN_USAGE, { type: "null" }] },
};

export const SCHEMAS = {
  Ledger: object(LEDGER),
  Task: object(TASK),
  TaskAnswer: object({ note: text, task_id: text, ...TASK }),
  Session: object(SESSION, ["retained", "held_back"]),
  StandingOut: object(STANDING_OUT),
  Anomalies: object({ note: text, ...ANOMALIES }),
  Timers: object({
    note: text,
    tasks: list(
      object(
        TIMED,
        Object.keys(TIMED).filter((name) => name !== "task_id" && name !== "token_usage"),
      ),
    ),
  }),
  Usage: object({ note: text, ...USAGE }),
  Health: object({
    status: { const: "ok" },
    at: instant,
    transcripts: count,
    bytes: count,
    skipped: object({ malformed: count, oversized: count, pending: count }),
    unreadable: count,
    remarks: texts,
  }),
  StaleHealth: object({ status: { const: "stale" }, at: instant, code: text }),
  Error: object({ error: object({ code: text, message: text }) }),
} as const satisfies Record<string, Schema>;
