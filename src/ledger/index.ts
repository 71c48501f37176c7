/** The public API of the ledger, `tokensift/ledger`. */
export { isIn, type Project, projectAt } from "./location.ts";
export { type Known, scanSessions, type SessionScan, type Wanted } from "./sessions.ts";
export type {
  Ledger,
  LedgerFigures,
  LedgerSession,
  MatchedBy,
  SessionEntry,
  TaskEntry,
  UnmatchedSession,
} from "./types.ts";
