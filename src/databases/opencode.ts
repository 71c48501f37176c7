/**
 * OpenCode's database: tables `session`, `message` and `part`, the latter two with a JSON text `data` (`docs/decisions/0012`),
 * and those of OpenCode 2 beside or instead of them (`opencode-newer.ts`).
 */
import { isObject, type Json } from "../json.ts";
import { tokensOfSteps } from "../sources/opencode-steps.ts";
import { NewerMessages } from "./opencode-newer.ts";
import { OlderMessages } from "./opencode-older.ts";
import { TokenSums } from "./opencode-sums.ts";
import {
  DAMAGED,
  SessionsById,
  lineOf,
  objectIn,
  type StoredSession,
  type StoredSessions,
  textIn,
} from "./stored-session.ts";
import type { Tables } from "./sqlite.ts";

export function readOpenCode(tables: Tables): StoredSessions {
  const columns = tables.columnsOf("message");
  const hasOlder = ["id", "session_id", "data"].every((name) => columns.has(name));
  const newer = new NewerMessages(tables, hasOlder);
  if (!hasOlder && !newer.isKnown) return { sessions: [], problem: "UNKNOWN_SCHEMA", untoldTokens: 0 };
  const part = tables.columnsOf("part");
  const hasParts = !hasOlder || (part.has("message_id") && part.has("data"));

  const about = readSessions(tables, newer);
  const sessions = new SessionsById();
  const linesOf = (id: string) => sessions.get(id, () => about.get(id) ?? begin(id, undefined, undefined)).lines;
  const sums = new TokenSums();
  const older = new OlderMessages();
  if (hasOlder) {
    const parts = hasParts ? readParts(tables) : new Map<string, PartsOf>();
    for (const { id, session_id, data } of tables.rows("SELECT id, session_id, data FROM message ORDER BY id")) {
      const message = objectIn(data);
      const of = parts.get(String(id));
      older.add(String(id), message, of?.tokens);
      const told = message && of?.tokens && isObject(message["tokens"]) ? { ...message, tokens: of.tokens } : message;
      sums.add(String(session_id), told?.["tokens"]);
      linesOf(String(session_id)).push(
        told ? messageLine(String(id), String(session_id), told, of?.toolUses) : DAMAGED,
      );
    }
  }
  for (const { id, session, message, isCopied } of newer.rows((id) => older.has(id))) {
    if (!isCopied) sums.add(session, message?.tokens);
    const tokens = message && older.tokensLike(message);
    linesOf(session).push(message ? lineOf({ ...message, id, sessionID: session, tokens }) : DAMAGED);
  }
  return {
    sessions: sessions.all(),
    problem: newer.goOnUnread(columns) ? "NEWER_MESSAGES" : hasParts ? undefined : "NO_TOOL_CALLS",
    untoldTokens: sums.untold(tables),
  };
}

function begin(id: string, directory: string | undefined, parent: string | undefined): StoredSession {
  return {
    id,
    isAgents: parent !== undefined,
    lines: [lineOf({ sessionID: id, path: { cwd: directory } })],
  };
}

/** What the table of OpenCode 2 says of a session is newer. */
function readSessions(tables: Tables, newer: NewerMessages): ReadonlyMap<string, StoredSession> {
  const sessions = new Map<string, StoredSession>();
  for (const table of ["session", "session_v2"]) {
    const columns = tables.columnsOf(table);
    if (!columns.has("id")) continue;
    const wanted = ["id", "directory", "parent_id"].filter((name) => columns.has(name));
    for (const { id, directory, parent_id } of tables.rows(`SELECT ${wanted.join(", ")} FROM ${table}`)) {
      sessions.set(String(id), begin(String(id), textIn(directory), textIn(parent_id)));
    }
  }
  for (const { session, directory } of newer.beginnings()) {
    const known = sessions.get(session);
    if (known) sessions.set(session, { ...known, lines: begin(session, directory, undefined).lines });
  }
  return sessions;
}

/** What the parts of a message tell. */
interface PartsOf {
  readonly toolUses: number;
  /** Of all steps, where there are several. */
  readonly tokens: Json | undefined;
}

/** By message. Parts hold most of the bytes; their texts stay where they are. */
function readParts(tables: Tables): ReadonlyMap<string, PartsOf> {
  const parts = new Map<string, PartsOf>();
  const sql = `
    SELECT message_id, count(*) FILTER (WHERE type = 'tool') AS tools, count(*) FILTER (WHERE type = 'step-finish') AS steps,
      json_group_array(json_extract(data, '$.tokens')) FILTER (WHERE type = 'step-finish') AS tokens
    FROM (SELECT message_id, data, CASE WHEN json_valid(data) THEN json_extract(data, '$.type') END AS type FROM part)
    WHERE type IN ('tool', 'step-finish') GROUP BY message_id`;
  for (const { message_id, tools, steps, tokens } of tables.rows(sql)) {
    const told = Number(steps) > 1 ? listIn(tokens) : [];
    parts.set(String(message_id), { toolUses: Number(tools), tokens: tokensOfSteps(told) });
  }
  return parts;
}

/** SQLite hands objects in a list over as texts, or as themselves. */
function listIn(value: unknown): readonly unknown[] {
  const list: unknown = JSON.parse(String(value));
  return Array.isArray(list) ? list.map((one) => (typeof one === "string" ? objectIn(one) : one)) : [];
}

/** What matters of a message; its texts stay behind. */
function messageLine(id: string, sessionID: string, message: Json, toolUses: number | undefined): string {
  const { role, time, modelID, providerID, agent, mode, path, cost, tokens } = message;
  return lineOf({ id, sessionID, role, time, modelID, providerID, agent, mode, path, cost, tokens, toolUses });
}
