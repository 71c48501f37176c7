/** What each group of records is grouped by: names for the dimensions that do not depend on time. */
import { FLAG } from "../events.ts";
import type { EventTable } from "../merge.ts";
import { type Dimension, TIME_DIMENSIONS, type TimeDimension } from "../types.ts";
import type { Places } from "./places.ts";
import type { Groups } from "./responses.ts";

export type PlainDimension = Exclude<Dimension, TimeDimension | "none">;

/** A group without a model: its records are in no row of a grouping by model. */
export const NOT_CARRIED = -1;

export const UNKNOWN_MODEL = "unknown";

export function isTimeDimension(dimension: Dimension): dimension is TimeDimension {
  return (TIME_DIMENSIONS as readonly Dimension[]).includes(dimension);
}

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

  /** The number of a group's name in a dimension, or `NOT_CARRIED`. */
  number(dimension: PlainDimension, group: number): number {
    const name = dimension === "model" ? this.#model(group) : this.#nameOf(dimension, group);
    return name === undefined ? NOT_CARRIED : this.names(dimension).number(name);
  }

  /** The number of the model of an added iteration of a group. */
  extraModel(extra: number, group: number): number {
    const own = this.#table.texts[this.#table.extra.model[extra] as number] as string;
    return this.names("model").number(own || (this.#model(group) ?? UNKNOWN_MODEL));
  }

  #model(group: number): string | undefined {
    const groups = this.#groups;
    const model = this.#table.texts[groups.model[group] as number] as string;
    if (model !== "") return model;
    const isShown = (groups.flags[group] as number) & FLAG.usage || (groups.toolUses[group] as number) > 0;
    return isShown ? UNKNOWN_MODEL : undefined;
  }

  #nameOf(dimension: Exclude<PlainDimension, "model">, group: number): string | null {
    const { event, context, transcriptOf, texts, transcript: found } = this.#table;
    const { transcripts, sessionOf, sessions, teamOf, projectOf, projects } = this.#places;
    const i = this.#groups.attribution[group] as number;
    const t = transcriptOf[i] as number;
    const at = event.context[i] as number;
    switch (dimension) {
      case "source":
        return transcripts[t]?.source ?? null;
      case "project":
        return projects[projectOf[t] as number] as string;
      case "session":
        return sessions[sessionOf[t] as number] as string;
      case "branch":
        return (texts[context.branch[at] as number] as string) || null;
      case "team":
        return (texts[context.team[at] || found.team[t] || (teamOf[sessionOf[t] as number] as number)] as string) || null;
      case "agent":
        return this.#agent(i, t);
    }
  }

  /** Number 23. */
  #agent(i: number, t: number): string {
    const { event, context, texts, transcript: found } = this.#table;
    const at = event.context[i] as number;
    const flags = event.flags[i] as number;
    if (flags & FLAG.nested) return "subagent";
    const name = texts[context.agentName[at] || (found.agentName[t] as number)] as string;
    if (name !== "") return name;
    const isAgentFile = this.#places.transcripts[t]?.isAgentFile === true;
    if (!isAgentFile && (flags & FLAG.sideChain) === 0) return "main";
    const type = texts[context.agentType[at] || (isAgentFile ? (found.agentType[t] as number) : 0)] as string;
    return type || (isAgentFile && this.#agentTypes.get(t)) || "subagent";
  }
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
