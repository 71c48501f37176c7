/** OpenCode's database: tables `session`, `message` and `part`, the latter two with a JSON text `data` (`docs/decisions/0012`). */
import { SessionsById, lineOf, type StoredSession, type StoredSessions, textIn } from "./stored-session.ts";
import type { Tables } from "./sqlite.ts";

/** A turn may take that long between its two rows. */
const SAME_TURN_MS = 3_600_000;

export function readOpenCode(tables: Tables): StoredSessions {
  const message = tables.columnsOf("message");
  const isKnown = ["id", "session_id", "data"].every((name) => message.has(name));
  if (!isKnown) return { sessions: [], problem: "UNKNOWN_SCHEMA" };
  const about = readSessions(tables);
  const part = tables.columnsOf("part");
  const hasParts = part.has("message_id") && part.has("data");
  const toolUses = hasParts ? countTools(tables) : new Map<string, number>();

  const sessions = new SessionsById();
  for (const { id, session_id, data } of tables.rows("SELECT id, session_id, data FROM message ORDER BY id")) {
    const sessionID = String(session_id);
    const session = sessions.get(sessionID, () => about.get(sessionID) ?? begin(sessionID, undefined, undefined));
    session.lines.push(messageLine(String(id), sessionID, data, toolUses.get(String(id))));
  }
  return {
    sessions: sessions.all(),
    problem: hasNewer(tables, message) ? "NEWER_MESSAGES" : hasParts ? undefined : "NO_TOOL_CALLS",
  };
}

/**
 * Whether a session goes on in the table of versions to come. While they write both tables, the rows of one turn are
 * made within seconds; what is in the new one alone does not count here, and is said.
 */
function hasNewer(tables: Tables, message: ReadonlySet<string>): boolean {
  const columns = tables.columnsOf("session_message");
  if (!["type", "session_id"].every((name) => columns.has(name))) return false;
  const haveTimes = columns.has("time_created") && message.has("time_created");
  const sql = `
    SELECT 1 FROM session_message AS newer WHERE newer.type IN ('assistant', 'compaction') AND NOT EXISTS (
      SELECT 1 FROM message WHERE message.session_id = newer.session_id
      ${haveTimes ? `AND message.time_created >= newer.time_created - ${SAME_TURN_MS}` : ""}) LIMIT 1`;
  for (const _ of tables.rows(sql)) return true;
  return false;
}

function begin(id: string, directory: string | undefined, parent: string | undefined): StoredSession {
  return {
    id,
    isAgents: parent !== undefined,
    lines: [lineOf({ sessionID: id, path: { cwd: directory } })],
  };
}

function readSessions(tables: Tables): ReadonlyMap<string, StoredSession> {
  const columns = tables.columnsOf("session");
  const sessions = new Map<string, StoredSession>();
  if (!columns.has("id")) return sessions;
  const wanted = ["id", "directory", "parent_id"].filter((name) => columns.has(name));
  for (const { id, directory, parent_id } of tables.rows(`SELECT ${wanted.join(", ")} FROM session`)) {
    sessions.set(String(id), begin(String(id), textIn(directory), textIn(parent_id)));
  }
  return sessions;
}

/** By message. Parts hold most of the bytes; their texts stay where they are. */
function countTools(tables: Tables): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const sql = `
    SELECT message_id, count(*) AS tools FROM part
    WHERE CASE WHEN json_valid(data) THEN json_extract(data, '$.type') END = 'tool' GROUP BY message_id`;
  for (const { message_id, tools } of tables.rows(sql)) counts.set(String(message_id), Number(tools));
  return counts;
}

/** What matters of a message; its texts stay behind. */
function messageLine(id: string, sessionID: string, data: unknown, toolUses: number | undefined): string {
  let told: unknown;
  try {
    told = JSON.parse(String(data));
  } catch {
    // As it would be in a file of its own.
    return "{";
  }
  if (typeof told !== "object" || told === null) return "{";
  const { role, time, modelID, agent, mode, path, cost, tokens } = told as Readonly<Record<string, unknown>>;
  return lineOf({ id, sessionID, role, time, modelID, agent, mode, path, cost, tokens, toolUses });
}
