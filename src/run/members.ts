/** Which transcripts are the run's, and whose (`spec/run-collector.md`, "Which transcripts belong to the run"). */
import type { Transcript } from "../discover/transcript.ts";
import { readSideFile } from "./side-file.ts";
import type { Dispatch } from "../sources/dispatches.ts";
import type { Facts } from "./facts.ts";
import type { Overview } from "./overview.ts";
import { workerNamed } from "./names.ts";
import type { UnreadableFile } from "../types.ts";
import type { TeamState } from "./team-state.ts";

/** A session with its subagents, or a worker inside the lead's process, which has a transcript but no session. */
export interface Unit {
  /** The lead, the number of a worker, or nobody who could be named. */
  readonly owner: Owner;
  /** The session that the team-state calls the lead. */
  readonly isNamedLead: boolean;
  /** Whether it has a transcript of its own, not only its subagents'. */
  readonly hasMain: boolean;
  /** Of the session; of a worker inside the lead's process its agent id. */
  readonly id: string;
  /** Empty: it has none. */
  readonly agentName: string;
  /** Numbers of its transcripts. */
  readonly transcripts: number[];
}
export type Owner = "lead" | "unattributed" | number;

interface Session {
  readonly id: string;
  readonly mains: number[];
  readonly others: number[];
}

/** Transcripts of the project that can be of the run, by ascending number: those of the lead's session and of sessions of its team. */
export function candidates(
  state: TeamState,
  transcripts: readonly Transcript[],
  overview: Overview,
  ofProject: readonly number[],
): number[] {
  const idOf = sessionIdBy(state, transcripts, (t) => overview.sessionOf(t));
  const sessions = new Set([state.leadSessionId.toLowerCase()]);
  for (const t of ofProject) {
    if (overview.hasTeam(t) && (transcripts[t] as Transcript).isMain) sessions.add(idOf(t).toLowerCase());
  }
  return ofProject.filter((t) => sessions.has(idOf(t).toLowerCase()));
}

/** The session of a transcript. A lead whose records bear another id is still known by its file's name. */
function sessionIdBy(state: TeamState, transcripts: readonly Transcript[], sessionOf: (t: number) => string) {
  const leadId = state.leadSessionId.toLowerCase();
  return (t: number) => {
    const { isMain, stem } = transcripts[t] as Transcript;
    return isMain && stem.toLowerCase() === leadId ? stem : sessionOf(t);
  };
}

/** The units of a run, made of its candidates. */
export function findUnits(state: TeamState, facts: Facts, unreadable: UnreadableFile[]): Unit[] {
  const team = state.teamName?.toLowerCase();
  const leadId = state.leadSessionId.toLowerCase();
  const idOf = sessionIdBy(state, facts.transcripts, (t) => facts.sessionOf(t));
  const sessions = sessionsOf(facts.transcripts, idOf);
  const lead = sessions.find(({ id }) => id.toLowerCase() === leadId);
  const ofTeam = (some: readonly number[]) => team !== undefined && some.some((t) => facts.teams(t).has(team));
  const teamSessions = sessions.filter((session) => session !== lead && ofTeam(session.mains));
  const nameOf = ({ mains }: Session) => mains.map((t) => facts.agentName(t)).find((name) => name !== "") ?? "";
  const resumes = lead
    ? findResumes(
        lead,
        teamSessions.filter((session) => nameOf(session) === ""),
        facts,
      )
    : [];
  const leads = lead ? [lead, ...resumes] : [];

  const units: Unit[] = [];
  for (const session of sessions) {
    const isLead = leads.includes(session);
    if (!isLead && !teamSessions.includes(session)) continue;
    const agentName = nameOf(session);
    const worker = agentName === "" ? undefined : workerNamed(agentName, state.workers);
    const owner: Owner = isLead ? "lead" : (worker ?? "unattributed");
    units.push({
      owner,
      isNamedLead: session === lead,
      hasMain: session.mains.length > 0,
      id: session.id,
      agentName,
      transcripts: [...session.mains, ...session.others],
    });
  }
  for (const unit of units) dropOtherTeams(unit, team, facts);
  const inProcess = team === undefined ? [] : takeInProcessWorkers(units, state, facts, unreadable);
  // Of a lead whose own transcript is gone there may be nothing left.
  return [...units, ...inProcess].filter(({ transcripts }) => transcripts.length > 0);
}

function sessionsOf(transcripts: readonly Transcript[], idOf: (t: number) => string): Session[] {
  const sessions = new Map<string, Session>();
  for (const [t, { isMain }] of transcripts.entries()) {
    const id = idOf(t);
    let session = sessions.get(id.toLowerCase());
    if (!session) sessions.set(id.toLowerCase(), (session = { id, mains: [], others: [] }));
    (isMain ? session.mains : session.others).push(t);
  }
  return [...sessions.values()];
}

/** Sessions that share a record with the lead, or with one that does: it was resumed under another id. */
function findResumes(lead: Session, nameless: readonly Session[], facts: Facts): Session[] {
  if (nameless.length === 0) return [];
  const known = new Set(lead.mains.flatMap((t) => [...facts.recordIds(t)]));
  const found: Session[] = [];
  let left = nameless;
  for (;;) {
    const more = left.filter(({ mains }) => mains.some((t) => [...facts.recordIds(t)].some((id) => known.has(id))));
    if (more.length === 0) return found;
    found.push(...more);
    left = left.filter((session) => !more.includes(session));
    for (const { mains } of more) for (const t of mains) for (const id of facts.recordIds(t)) known.add(id);
  }
}

/** A subagent whose only teams are others is of another run. */
function dropOtherTeams(unit: Unit, team: string | undefined, facts: Facts): void {
  if (team === undefined) return;
  keep(unit, (t) => {
    if ((facts.transcripts[t] as Transcript).isMain) return true;
    const teams = facts.teams(t);
    return teams.size === 0 || teams.has(team);
  });
}

/** Takes workers that run inside the lead's process out of the lead's session: their names are in one of three places. */
function takeInProcessWorkers(
  units: readonly Unit[],
  state: TeamState,
  facts: Facts,
  unreadable: UnreadableFile[],
): Unit[] {
  const leads = units.filter(({ owner }) => owner === "lead");
  const dispatches = leads.flatMap(({ transcripts }) => transcripts.flatMap((t) => facts.dispatches(t)));
  const nameOfCall = namesByCall(dispatches);
  const called = namesByAgentId(dispatches, nameOfCall);
  const found = new Map<string, Unit>();
  for (const lead of leads) {
    keep(lead, (t) => {
      const transcript = facts.transcripts[t] as Transcript;
      if (!transcript.isAgentFile) return true;
      const agentId = transcript.stem.replace(/^agent-/, "");
      const places = [
        () => [facts.agentName(t)],
        () => called.get(agentId) ?? [],
        // Last, because it is a file to read. It names the call also of an agent that has no result yet.
        () => {
          const { names, callId } = readSideFile(transcript.path, unreadable);
          return [...names, nameOfCall.get(callId) ?? ""];
        },
      ];
      for (const namesThere of places) {
        const name = namesThere().find((one) => one !== "" && workerNamed(one, state.workers) !== undefined);
        if (name === undefined) continue;
        const owner = workerNamed(name, state.workers) as number;
        const unit = found.get(agentId);
        if (unit) unit.transcripts.push(t);
        else
          found.set(agentId, {
            owner,
            isNamedLead: false,
            hasMain: true,
            id: agentId,
            agentName: name,
            transcripts: [t],
          });
        return false;
      }
      return true;
    });
  }
  return [...found.values()];
}

/** By the id of a call of the lead, the name of the agent that it started. */
function namesByCall(dispatches: readonly Dispatch[]): ReadonlyMap<string, string> {
  return new Map(
    dispatches.flatMap(({ callId, name }) => (callId !== "" && name !== "" ? [[callId, name] as const] : [])),
  );
}

/** By agent id, the names under which the lead started it. A call and its result may stand in copies of a transcript. */
function namesByAgentId(dispatches: readonly Dispatch[], nameOfCall: ReadonlyMap<string, string>) {
  const names = new Map<string, string[]>();
  for (const { callId, name, agentId } of dispatches) {
    const known = agentId === "" ? undefined : name === "" ? nameOfCall.get(callId) : name;
    if (known !== undefined) names.set(agentId, [...(names.get(agentId) ?? []), known]);
  }
  return names;
}

function keep(unit: Unit, isKept: (t: number) => boolean): void {
  const kept = unit.transcripts.filter(isKept);
  unit.transcripts.splice(0, Infinity, ...kept);
}
