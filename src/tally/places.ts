/** What a transcript's place and first records say: its session, project, team (numbers 24 to 26 of decision 0002). */
import { hashOfPath } from "../discover/path-hash.ts";
import type { Transcript } from "../discover/transcript.ts";
import type { MergedTable } from "../merge.ts";
import { groupBy } from "./group-by.ts";

export interface Places {
  readonly transcripts: readonly Transcript[];
  /** By transcript, the number of its session. */
  readonly sessionOf: Uint32Array;
  readonly sessions: readonly string[];
  /** By session, the text number of the first team in its main transcripts; 0 is none. */
  readonly teamOf: Uint32Array;
  /** By transcript, the number of its project. */
  readonly projectOf: Uint32Array;
  readonly projects: readonly string[];
}

export function findPlaces(transcripts: readonly Transcript[], table: MergedTable): Places {
  const { texts, transcript: found } = table;
  const sessions = new Numbered();
  const sessionOf = table.memory.u32(transcripts.length);
  transcripts.forEach(({ source, session, stem }, t) => {
    const id = session ?? ((texts[found.sessionId[t] as number] as string) || stem);
    sessionOf[t] = sessions.number(source, id);
  });

  const teamOf = new Uint32Array(sessions.names.length);
  transcripts.forEach(({ isMain }, t) => {
    const session = sessionOf[t] as number;
    if (isMain && teamOf[session] === 0) teamOf[session] = found.team[t] as number;
  });

  const projects = new Numbered();
  const projectOf = new Uint32Array(transcripts.length);
  const unhash = (name: string) => (PATH_HASH.test(name) ? (pathsByHash(table).get(name) ?? name) : name);
  const byKey = groupBy(transcripts.keys(), (t) => (transcripts[t] as Transcript).projectKey);
  for (const members of byKey.values()) {
    const first =
      firstCwd(
        members.filter((t) => (transcripts[t] as Transcript).isMain),
        table,
      ) ??
      firstCwd(members, table) ??
      (transcripts[members[0] as number] as Transcript).projectName;
    const project = projects.number("", unhash(first));
    for (const t of members) projectOf[t] = project;
  }
  return { transcripts, sessionOf, sessions: sessions.names, teamOf, projectOf, projects: projects.names };
}

/** Sessions by id: the numbers of their transcripts in path order, and the one that says whose they are. */
export function transcriptsBySession({ transcripts, sessionOf, sessions }: Places) {
  const bySession = groupBy(transcripts.keys(), (t) => sessions[sessionOf[t] as number] as string);
  const withMain = new Map<string, { readonly transcripts: readonly number[]; readonly main: number }>();
  for (const [id, some] of bySession) {
    const main = some.find((t) => transcripts[t]?.isMain === true) ?? some[0] ?? 0;
    withMain.set(id, { transcripts: some, main });
  }
  return withMain;
}

/** Gemini CLI once named projects by a hash of their path: others may name the path. */
const PATH_HASH = /^[0-9a-f]{64}$/;

function pathsByHash({ transcript, texts }: MergedTable): ReadonlyMap<string, string> {
  const paths = [...new Set(transcript.cwd)].filter((number) => number !== 0).map((number) => texts[number] as string);
  return new Map(paths.map((path) => [hashOfPath(path), path]));
}

/** The earliest working directory in some transcripts of one folder. */
function firstCwd(members: readonly number[], { transcript, texts }: MergedTable): string | undefined {
  let best: number | undefined;
  for (const t of members) {
    if (transcript.cwd[t] === 0) continue;
    if (best === undefined || (transcript.cwdTimeMs[t] as number) < (transcript.cwdTimeMs[best] as number)) best = t;
  }
  return best === undefined ? undefined : texts[transcript.cwd[best] as number];
}

/** Names of several kinds and their numbers, in order of appearance. */
class Numbered {
  readonly names: string[] = [];
  readonly #numbers = new Map<string, Map<string, number>>();

  number(kind: string, name: string): number {
    let ofKind = this.#numbers.get(kind);
    if (!ofKind) this.#numbers.set(kind, (ofKind = new Map<string, number>()));
    let number = ofKind.get(name);
    if (number === undefined) {
      number = this.names.push(name) - 1;
      ofKind.set(name, number);
    }
    return number;
  }
}
