/** Copilot CLI's session store: in `assistant_usage_events` one row a request (`docs/decisions/0012`). */
import { SessionsById, lineOf, type StoredSessions, textIn } from "./stored-session.ts";
import type { DatabaseRow, Tables } from "./sqlite.ts";

const EVENTS = "assistant_usage_events";
const NEEDED = [
  "id",
  "session_id",
  "model",
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
];
const OPTIONAL = ["created_at", "reasoning_tokens", "copilot_usage_model", "parent_tool_call_id"];

export function readCopilotStore(tables: Tables): StoredSessions {
  const columns = tables.columnsOf(EVENTS);
  // Stores of older versions hold no usage.
  if (columns.size === 0 && tables.columnsOf("sessions").size > 0)
    return { sessions: [], problem: undefined, untoldTokens: 0 };
  if (!NEEDED.every((name) => columns.has(name))) return { sessions: [], problem: "UNKNOWN_SCHEMA", untoldTokens: 0 };
  const places = readPlaces(tables);
  const sessions = new SessionsById();
  const wanted = [...NEEDED, ...OPTIONAL.filter((name) => columns.has(name))];
  for (const row of tables.rows(`SELECT ${wanted.join(", ")} FROM ${EVENTS} ORDER BY id`)) {
    const id = String(row["session_id"]);
    const session = sessions.get(id, () => ({
      id,
      isAgents: false,
      lines: [lineOf({ type: "session.start", data: { sessionId: id, context: places.get(id) } })],
    }));
    session.lines.push(requestLine(id, row));
  }
  return { sessions: sessions.all(), problem: undefined, untoldTokens: 0 };
}

function readPlaces(tables: Tables): ReadonlyMap<string, { cwd: string | undefined; branch: string | undefined }> {
  const columns = tables.columnsOf("sessions");
  const wanted = ["id", "cwd", "branch"].filter((name) => columns.has(name));
  if (!columns.has("id")) return new Map();
  const rows = [...tables.rows(`SELECT ${wanted.join(", ")} FROM sessions`)];
  return new Map(rows.map(({ id, cwd, branch }) => [String(id), { cwd: textIn(cwd), branch: textIn(branch) }]));
}

function requestLine(session: string, row: DatabaseRow): string {
  const asked = textIn(row["model"]);
  // The agent was left to choose: what it chose stands elsewhere.
  const model = asked === undefined || asked === "auto" ? textIn(row["copilot_usage_model"]) : asked;
  return lineOf({
    type: "store.request",
    id: `${session} ${String(row["id"])}`,
    timestamp: row["created_at"],
    data: { model, parentToolCallId: row["parent_tool_call_id"] },
    usage: {
      inputTokens: row["input_tokens"],
      outputTokens: row["output_tokens"],
      cacheReadTokens: row["cache_read_tokens"],
      cacheWriteTokens: row["cache_write_tokens"],
      reasoningTokens: row["reasoning_tokens"],
    },
  });
}
