/** The nouns of the ledger, named as its file has them (`spec/task-ledger.md`, "Ledger file"). */

/** What said that a session belongs to its task, the strongest first. */
export const MATCHES = ["record", "timers", "dispatch_log", "content", "time"] as const;
export type MatchedBy = (typeof MATCHES)[number];

/** Sums over API responses, each counted once. */
export interface LedgerFigures {
  /** Input + cache creation + cache read. */
  readonly input_tokens: number;
  readonly output_tokens: number;
  /** Cache creation + cache read. */
  readonly cache_tokens: number;
  readonly cache_creation_tokens: number;
  readonly cache_read_tokens: number;
  /** Input (as above) + output. */
  readonly total_tokens: number;
  /** API responses. */
  readonly message_count: number;
  /** Total tokens by model, most first. */
  readonly models: Readonly<Record<string, number>>;
  /** An estimate, not a bill; null: no price is known. */
  readonly cost_estimate_usd: number | null;
  /** Some of it has no price. */
  readonly cost_is_partial: boolean;
}

/** A session as the last scan that found it saw it. */
export interface SessionEntry extends LedgerFigures {
  readonly project: string;
  /** The team its transcript names. */
  readonly team_id: string | null;
  /** The team member it was, as its transcript says. */
  readonly agent_name: string | null;
  /** Tasks named by the first of its first three messages that names any. */
  readonly mentioned: readonly string[];
  /** Of its first and last record, subagents included; ISO 8601; null: no record has a time. */
  readonly first_at: string | null;
  readonly last_at: string | null;
  /** Last minus first. */
  readonly span_seconds: number;
  /** Transcripts of subagents, and how deep they were started from each other (1: by the session itself). */
  readonly subagents: number;
  readonly subagent_depth: number;
  /** Of all its transcripts. */
  readonly transcript_bytes: number;
  /** When the scan began that saw these figures first. */
  readonly scanned_at: string;
  /** Its transcripts are gone; these are its last figures. */
  readonly retained?: true;
  /**
   * What its responses are known by (`src/tally/response-ids.ts`), so that no copies of them count when its transcripts are
   * gone: 8 bytes each, in base64. Absent: an earlier version wrote it, or it is a copy. In the file they stand apart.
   */
  readonly response_ids?: string;
  /** The same of copies it holds, by the id of the session whose they are: of sessions that are none of this ledger's. */
  readonly copied_ids?: Readonly<Record<string, string>>;
  /** Not in its figures: copies of responses of a session that is gone and of which the ids are not known. */
  readonly held_back?: LedgerFigures;
  /** All it holds are copies of other sessions' responses: it has no figures of its own, and no task. */
  readonly is_copy?: true;
}

/** What a session's task is, and why. */
export interface Match {
  readonly task_id: string | null;
  readonly matched_by: MatchedBy | null;
  /** Other tasks that the deciding message names. */
  readonly also_mentioned: readonly string[];
  /** Tasks that it may belong to, where nothing decides. */
  readonly candidates: readonly string[];
}

export type LedgerSession = Omit<SessionEntry, "is_copy" | "response_ids" | "copied_ids"> & Match;

export interface TaskEntry extends LedgerFigures {
  /** The earliest. */
  readonly session_id: string;
  readonly session_ids: readonly string[];
  readonly team_id: string | null;
  /** Of the earliest session. */
  readonly matched_by: MatchedBy;
  readonly also_mentioned: readonly string[];
  /** Cache read / input; 0 without input. */
  readonly cache_hit_ratio: number;
  /** The one with most tokens; null: none. */
  readonly model: string | null;
  readonly duration_seconds: number;
  /** Total / duration; 0 without duration. */
  readonly tokens_per_second: number;
  /** Of the last record; null: none has a time. */
  readonly timestamp: string | null;
  /** Of its sessions, those whose transcripts are gone. */
  readonly retained_session_ids: readonly string[];
}

export interface UnmatchedSession {
  readonly session_id: string;
  readonly project: string;
  readonly total_tokens: number;
  readonly timestamp: string | null;
  readonly candidates: readonly string[];
}

export interface Summary {
  readonly total_tokens: number;
  readonly total_tasks: number;
  readonly avg_tokens_per_task: number;
  /** At most five, most tokens first. */
  readonly top_consumers: readonly string[];
}

export interface Ledger {
  readonly schema_version: 1;
  readonly note: string;
  readonly tasks: Readonly<Record<string, TaskEntry>>;
  readonly unmatched_sessions: readonly UnmatchedSession[];
  readonly summary: Summary;
  /** By session id. */
  readonly sessions: Readonly<Record<string, LedgerSession>>;
  /** Sessions that hold nothing but copies, by id: known for the day on which their originals are gone. Absent: none. */
  readonly copies?: Readonly<Record<string, SessionEntry>>;
  /** Of no use with another version of how they are made. Absent: an earlier version wrote the ledger. */
  readonly response_ids?: {
    readonly version: number;
    /** By session id. */
    readonly sessions: Readonly<Record<string, string>>;
    /** By session id, by that of the session whose they are. Absent: none. */
    readonly copied?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

/** What everybody may see of a ledger. */
export type ShownLedger = Omit<Ledger, "copies" | "response_ids">;
