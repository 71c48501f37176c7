/** What rows are named by: the names of each kind of groups in the dimensions that do not depend on time. */
import { FLAG } from "../events.ts";
import type { EventTable } from "./table.ts";
import type { Dimension, TimeDimension } from "../types.ts";
import { type Kinds, NO_MODEL } from "./cells.ts";
import type { Places } from "./places.ts";

export type PlainDimension = Exclude<Dimension, TimeDimension | "none">;

/** A kind without a model: its records are in no row of a grouping by model. */
export const NOT_CARRIED = -1;

/** As `src/tally/wasm/rows.ts` has them. */
const KIND_COLUMNS = { transcript: 1, context: 2, flags: 4, model: 8 } as const;
const { transcript, context, flags, model } = KIND_COLUMNS;
const COLUMNS_OF: Readonly<Record<PlainDimension, number>> = {
  agent: transcript | context | flags,
  branch: context,
  model,
  project: transcript,
  session: transcript,
  source: transcript,
  task: transcript,
  team: transcript | context,
};

/** The model of what names none. */
export const UNKNOWN_MODEL = "unknown";
const UNSEEN = -2;

/** Numbers the names that kinds have in each dimension. Most names are asked for many times in a row. */
export class Keys {
  readonly #table: EventTable;
  readonly #places: Places;
  readonly #kinds: Kinds;
  /** By transcript: the type its side file names, if any. */
  readonly #agentTypes: ReadonlyMap<number, string>;
  /** By session: its task. */
  readonly #tasks: ReadonlyArray<string | null>;
  readonly #names = new Map<PlainDimension, Names>();

  constructor(
    table: EventTable,
    places: Places,
    kinds: Kinds,
    agentTypes: ReadonlyMap<number, string>,
    tasks: ReadonlyArray<string | null>,
  ) {
    this.#table = table;
    this.#places = places;
    this.#kinds = kinds;
    this.#agentTypes = agentTypes;
    this.#tasks = tasks;
  }

  names(dimension: PlainDimension): Names {
    let names = this.#names.get(dimension);
    if (!names) this.#names.set(dimension, (names = new Names()));
    return names;
  }

  /** Tells the number of a kind's name in a dimension, or `NOT_CARRIED`. */
  numbers(dimension: PlainDimension): (kind: number) => number {
    const { transcript, context, flags } = this.#kinds;
    switch (dimension) {
      case "model":
        return this.#modelNumbers();
      case "source":
      case "project":
      case "task":
      case "session": {
        const byTranscript = remember(this.#table.transcripts, (t) => this.#numberOf(dimension, t));
        return (kind) => byTranscript(transcript[kind] as number);
      }
      case "branch": {
        const byContext = remember(this.#table.context.branch.length, (number) => this.#branch(number));
        return (kind) => byContext(context[kind] as number);
      }
      case "team":
      case "agent": {
        const names = this.names(dimension);
        return remember(this.#kinds.length, (kind) => {
          const [t, number] = [transcript[kind] as number, context[kind] as number];
          return names.number(
            dimension === "team" ? this.#team(number, t) : this.#agent(flags[kind] as number, number, t),
          );
        });
      }
    }
  }

  /** Which columns of a kind say what it is named in these dimensions: bits of `KIND_COLUMNS`. */
  static columnsOf(dimensions: readonly PlainDimension[]): number {
    return dimensions.reduce((bits, dimension) => bits | COLUMNS_OF[dimension], 0);
  }

  /** The number of the model of an added iteration of a group of some kind. */
  extraModel(extra: number, kind: number): number {
    const { texts, extra: extras } = this.#table;
    const own = texts[extras.model[extra] as number] as string;
    const ofGroup = texts[this.#kinds.model[kind] as number] as string;
    return this.names("model").number(own || ofGroup || UNKNOWN_MODEL);
  }

  #modelNumbers(): (kind: number) => number {
    const { model } = this.#kinds;
    const { texts } = this.#table;
    const names = this.names("model");
    const byText = remember(texts.length, (text) => names.number((texts[text] as string) || UNKNOWN_MODEL));
    return (kind) => (model[kind] === NO_MODEL ? NOT_CARRIED : byText(model[kind] as number));
  }

  #numberOf(dimension: "source" | "project" | "task" | "session", t: number): number {
    const { transcripts, sessionOf, sessions, projectOf, projects } = this.#places;
    const names = this.names(dimension);
    if (dimension === "project") return names.number(projects[projectOf[t] as number] as string);
    if (dimension === "task") return names.number(this.#tasks[sessionOf[t] as number] ?? null);
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
