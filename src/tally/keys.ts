/** What each group of records is grouped by: names for the dimensions that do not depend on time. */
import { FLAG } from "../events.ts";
import type { EventTable } from "../merge.ts";
import { type Dimension, TIME_DIMENSIONS, type TimeDimension } from "../types.ts";
import type { Places } from "./places.ts";
import type { Groups } from "./responses.ts";

export type PlainDimension = Exclude<Dimension, TimeDimension | "none">;

/** A group without a model: its records are in no row of a grouping by model. */
export const NOT_CARRIED = -1;

const UNKNOWN_MODEL = "unknown";
const UNSEEN = -2;

export function isTimeDimension(dimension: Dimension): dimension is TimeDimension {
  return (TIME_DIMENSIONS as readonly Dimension[]).includes(dimension);
}

/** Numbers the names that groups have in each dimension. Most names are asked for many times in a row. */
export class Keys {
  readonly #table: EventTable;
  readonly #places: Places;
  readonly #groups: Groups;
  /** By transcript: the type its side file names, if any. */
  readonly #agentTypes: ReadonlyMap<number, string>;
  readonly #names = new Map<PlainDimension, Names>();

  constructor(table: EventTable, places: Places, groups: Groups, agentTypes: ReadonlyMap<number, string>) {
    this.#table = table;
    this.#places = places;
    this.#groups = groups;
    this.#agentTypes = agentTypes;
  }

  names(dimension: PlainDimension): Names {
    let names = this.#names.get(dimension);
    if (!names) this.#names.set(dimension, (names = new Names()));
    return names;
  }

  /** Tells the number of a group's name in a dimension, or `NOT_CARRIED`. */
  numbers(dimension: PlainDimension): (group: number) => number {
    const { attribution } = this.#groups;
    const { transcriptOf, event } = this.#table;
    switch (dimension) {
      case "model":
        return this.#modelNumbers();
      case "source":
      case "project":
      case "session": {
        const byTranscript = remember(this.#table.transcripts, (t) => this.#numberOf(dimension, t));
        return (group) => byTranscript(transcriptOf[attribution[group] as number] as number);
      }
      case "branch": {
        const byContext = remember(this.#table.context.branch.length, (context) => this.#branch(context));
        return (group) => byContext(event.context[attribution[group] as number] as number);
      }
      case "team":
      case "agent": {
        let [lastTranscript, lastContext, lastFlags, last] = [-1, -1, -1, -1];
        return (group) => {
          const i = attribution[group] as number;
          const t = transcriptOf[i] as number;
          const context = event.context[i] as number;
          const flags = (event.flags[i] as number) & (FLAG.nested | FLAG.sideChain);
          if (t !== lastTranscript || context !== lastContext || flags !== lastFlags) {
            const name = dimension === "team" ? this.#team(context, t) : this.#agent(flags, context, t);
            [lastTranscript, lastContext, lastFlags] = [t, context, flags];
            last = this.names(dimension).number(name);
          }
          return last;
        };
      }
    }
  }

  /** The number of the model of an added iteration of a group. */
  extraModel(extra: number, group: number): number {
    const { texts, extra: extras } = this.#table;
    const own = texts[extras.model[extra] as number] as string;
    const ofGroup = texts[this.#groups.model[group] as number] as string;
    return this.names("model").number(own || ofGroup || UNKNOWN_MODEL);
  }

  #modelNumbers(): (group: number) => number {
    const { model, flags, toolUses } = this.#groups;
    const { texts } = this.#table;
    const names = this.names("model");
    const byText = remember(texts.length, (text) => names.number((texts[text] as string) || UNKNOWN_MODEL));
    return (group) => {
      const text = model[group] as number;
      const isShown = text !== 0 || (flags[group] as number) & FLAG.usage || (toolUses[group] as number) > 0;
      return isShown ? byText(text) : NOT_CARRIED;
    };
  }

  #numberOf(dimension: "source" | "project" | "session", t: number): number {
    const { transcripts, sessionOf, sessions, projectOf, projects } = this.#places;
    const names = this.names(dimension);
    if (dimension === "project") return names.number(projects[projectOf[t] as number] as string);
    if (dimension === "session") return names.number(sessions[sessionOf[t] as number] as string);
    return names.number((transcripts[t] as (typeof transcripts)[number]).source);
  }

  #branch(context: number): number {
    const { texts, context: contexts } = this.#table;
    return this.names("branch").number((texts[contexts.branch[context] as number] as string) || null);
  }

  /** Number 24 of decision 0002. */
  #team(context: number, t: number): string | null {
    const { texts, context: contexts, transcript } = this.#table;
    const { teamOf, sessionOf } = this.#places;
    const ofSession = teamOf[sessionOf[t] as number] as number;
    return (texts[contexts.team[context] || transcript.team[t] || ofSession] as string) || null;
  }

  /** Number 23. */
  #agent(flags: number, context: number, t: number): string {
    if (flags & FLAG.nested) return "subagent";
    const { texts, context: contexts, transcript } = this.#table;
    const name = texts[(contexts.agentName[context] || transcript.agentName[t]) ?? 0] as string;
    if (name !== "") return name;
    const isAgentFile = this.#places.transcripts[t]?.isAgentFile === true;
    if (!isAgentFile && (flags & FLAG.sideChain) === 0) return "main";
    const type = texts[(contexts.agentType[context] || (isAgentFile ? transcript.agentType[t] : 0)) ?? 0] as string;
    return type || (isAgentFile && this.#agentTypes.get(t)) || "subagent";
  }
}

/** `compute`, once for each of `length` arguments. */
function remember(length: number, compute: (argument: number) => number): (argument: number) => number {
  const known = new Int32Array(length).fill(UNSEEN);
  return (argument) => {
    const value = known[argument] as number;
    return value === UNSEEN ? (known[argument] = compute(argument)) : value;
  };
}

/** The names of one dimension; null is a name too. */
export class Names {
  readonly all: Array<string | null> = [];
  readonly #numbers = new Map<string | null, number>();

  number(name: string | null): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.all.push(name) - 1;
      this.#numbers.set(name, number);
    }
    return number;
  }
}
