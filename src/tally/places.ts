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
  for (let t = 0; t < transcripts.length; t++) {
    const { source, session, stem } = transcripts[t] as Transcript;
    const id = session ?? ((texts[found.sessionId[t] as number] as string) || stem);
    sessionOf[t] = sessions.number(source, id);
  }

  const teamOf = new Uint32Array(sessions.names.length);
  for (let t = 0; t < transcripts.length; t++) {
    const session = sessionOf[t] as number;
    if (found.team[t] !== 0 && teamOf[session] === 0 && (transcripts[t] as Transcript).isMain) {
      teamOf[session] = found.team[t] as number;
    }
  }

  const { folderOf, folders } = findFolders(transcripts, table);
  const projects = new Numbered();
  const unhash = (name: string) => (PATH_HASH.test(name) ? (pathsByHash(table).get(name) ?? name) : name);
  const numbers = folders.map(({ ofMain, ofAny, name }) => {
    const cwd = ofMain ?? ofAny;
    return projects.number("", unhash(cwd === undefined ? name : (texts[found.cwd[cwd] as number] as string)));
  });
  const projectOf = folderOf.map((folder) => numbers[folder] as number);
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

/** What transcripts with one project key say of their project. */
interface Folder {
  readonly name: string;
  /** The one with the earliest working directory: among main transcripts, among all. */
  ofMain: number | undefined;
  ofAny: number | undefined;
}

/** In order of appearance, and by transcript the number of its own. */
function findFolders(transcripts: readonly Transcript[], { transcript: { cwd, cwdTimeMs } }: MergedTable) {
  const numbers = new Map<string, number>();
  const folders: Folder[] = [];
  const folderOf = new Uint32Array(transcripts.length);
  const earlier = (t: number, best: number | undefined) =>
    best === undefined || (cwdTimeMs[t] as number) < (cwdTimeMs[best] as number) ? t : best;
  for (let t = 0; t < transcripts.length; t++) {
    const { projectKey, projectName, isMain } = transcripts[t] as Transcript;
    let number = numbers.get(projectKey);
    if (number === undefined) {
      number = folders.push({ name: projectName, ofMain: undefined, ofAny: undefined }) - 1;
      numbers.set(projectKey, number);
    }
    folderOf[t] = number;
    if (cwd[t] === 0) continue;
    const folder = folders[number] as Folder;
    folder.ofAny = earlier(t, folder.ofAny);
    if (isMain) folder.ofMain = earlier(t, folder.ofMain);
  }
  return { folderOf, folders };
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
