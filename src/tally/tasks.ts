/** Which task each session belongs to (`spec/task-ledger.md`, "Session → task"). */
import { MESSAGE_TASKS } from "../events.ts";
import type { MergedTable } from "../merge.ts";
import type { Kinds } from "./cells.ts";
import type { Groups } from "./groups.ts";
import { type Places, transcriptsBySession } from "./places.ts";
import type { EventTable } from "./table.ts";

/** What a session is known by to whoever says which task it belongs to. */
export interface TaskSession {
  readonly id: string;
  readonly project: string;
  /** Tasks named by the first of its first three messages that names any, in order; most sessions name none. */
  readonly mentioned: readonly string[];
  /** Of its first and last record, whatever the window; ISO 8601; null: no record has a time. */
  readonly firstAt: string | null;
  readonly lastAt: string | null;
}

/** The task of a session; null: none. */
export type TaskOf = (session: TaskSession) => string | null;

const asItSays: TaskOf = ({ mentioned }) => mentioned[0] ?? null;

/** By number of session, its task. Sessions of several agents that bear one id are one session. */
export function findTasks(
  table: EventTable,
  places: Places,
  groups: Groups,
  kinds: Kinds,
  taskOf: TaskOf = asItSays,
): ReadonlyArray<string | null> {
  const spans = findSpans(table, places, groups, kinds);
  const tasks: Array<string | null> = places.sessions.map(() => null);
  for (const [id, { transcripts, main }] of transcriptsBySession(places)) {
    const numbers = [...new Set(transcripts.map((t) => places.sessionOf[t] as number))];
    const first = numbers.reduce((least, session) => Math.min(least, spans.firstMs[session] as number), Infinity);
    const last = numbers.reduce((most, session) => Math.max(most, spans.lastMs[session] as number), -Infinity);
    const task = taskOf({
      id,
      project: places.projects[places.projectOf[main] as number] as string,
      mentioned: mentionedBy(table, places, transcripts),
      firstAt: first <= last ? new Date(first).toISOString() : null,
      lastAt: first <= last ? new Date(last).toISOString() : null,
    });
    for (const session of numbers) tasks[session] = task;
  }
  return tasks;
}

/** The tasks that the first message of some transcripts names that names any; only main ones are asked. */
export function mentionedBy(
  table: MergedTable,
  { transcripts: all }: Places,
  transcripts: readonly number[],
): string[] {
  for (const t of transcripts) {
    if (all[t]?.isMain !== true) continue;
    const ids = mentionedIn(table, t);
    if (ids.length > 0) return ids;
  }
  return [];
}

function mentionedIn({ transcript, texts }: MergedTable, t: number): string[] {
  const json = MESSAGE_TASKS.map((name) => texts[transcript[name][t] as number] as string).find((text) => text !== "");
  if (json === undefined) return [];
  try {
    const ids: unknown = JSON.parse(json);
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
  } catch {
    // Only from a forged cursor.
    return [];
  }
}

/** By number of session, the times of its first and last record that count; Infinity and -Infinity where none has one. */
function findSpans({ event, length }: EventTable, { sessionOf, sessions }: Places, groups: Groups, kinds: Kinds) {
  const firstMs = new Float64Array(sessions.length).fill(Infinity);
  const lastMs = new Float64Array(sessions.length).fill(-Infinity);
  for (let i = 0; i < length; i++) {
    const group = groups.of[i] as number;
    const kind = group < 0 ? -1 : (groups.kind[group] as number);
    if (kind < 0 || kind >= kinds.length) continue;
    const session = sessionOf[kinds.transcript[kind] as number] as number;
    firstMs[session] = Math.min(firstMs[session] as number, event.firstMs[i] as number);
    lastMs[session] = Math.max(lastMs[session] as number, event.lastMs[i] as number);
  }
  return { firstMs, lastMs };
}
