/** Which task a session belongs to, for a scan that asks: as a ledger would have it. */
import type { TaskOf } from "../tally/tasks.ts";
import { membersOf, type Project } from "./location.ts";
import { type Evidence, matchSession } from "./match.ts";

/** With a `project`, timers of which nobody said the session speak of its sessions only: elsewhere other things ran at that time. */
export function taskOfWith(evidence: Evidence, project: Project | undefined): TaskOf {
  const spanless = [...evidence.timers].map(([task, timer]) => [task, { ...timer, spans: [] }] as const);
  const elsewhere: Evidence = { ...evidence, timers: new Map(spanless) };
  const isMember = project && membersOf(project);
  return ({ id, project: path, mentioned, firstAt, lastAt }) => {
    const known = isMember === undefined || isMember(path) ? evidence : elsewhere;
    return matchSession(id, { mentioned, first_at: firstAt, last_at: lastAt }, known).task_id;
  };
}
