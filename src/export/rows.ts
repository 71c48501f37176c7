/** What a scan counted, response by response: rows whose sums are its totals. */
import { Sums } from "../tally/figures.ts";
import type { PlainDimension } from "../tally/keys.ts";
import { costOf, tokensAt } from "../tally/rows.ts";
import type { Tallied } from "../tally/tallied.ts";
import type { Figures, SourceName } from "../types.ts";
import { RowIds } from "./ids.ts";
import { type Extras, OF, Selection } from "./selection.ts";

/**
 * One response, and what it used under its own model. Rows whose `responses` is 0 complete the sums: what a response used
 * under another model (with its `id`), and tool uses of records that belong to no response, or were written in another
 * quarter of an hour than theirs.
 */
export interface ResponseRow extends Omit<Figures, "firstAt" | "lastAt" | "durationMs"> {
  /** ISO, UTC, with milliseconds: of its earliest record; of tool uses, of their own. Null: it has none, and is in every window. */
  readonly time: string | null;
  readonly source: SourceName;
  readonly model: string;
  readonly project: string;
  readonly session: string;
  readonly agent: string;
  readonly team: string | null;
  readonly task: string | null;
  readonly branch: string | null;
  /** `r` and 16 hexadecimal digits: the same on each run, and on each machine that has the transcript. */
  readonly id: string;
  /** 1, or 0 in a row that completes the sums. */
  readonly responses: number;
}

/** What rows are named by, in the order of their columns. */
export const ROW_DIMENSIONS = [
  "source",
  "model",
  "project",
  "session",
  "agent",
  "team",
  "task",
  "branch",
] as const satisfies readonly PlainDimension[];

/** By time, what has none last; then by path and byte offset. */
export function* responseRows(tallied: Tallied): Generator<ResponseRow> {
  const selection = new Selection(tallied);
  const maker = new RowMaker(tallied, selection);
  for (const at of selection.inOrder()) yield maker.make(at);
}

type Names = Pick<ResponseRow, (typeof ROW_DIMENSIONS)[number]>;

class RowMaker {
  readonly #tallied: Tallied;
  readonly #selection: Selection;
  readonly #ids: RowIds;
  readonly #namesIn: ReadonlyArray<{
    readonly dimension: PlainDimension;
    readonly numberOf: (kind: number) => number;
    readonly all: ReadonlyArray<string | null>;
  }>;

  constructor(tallied: Tallied, selection: Selection) {
    const { keys } = tallied;
    this.#tallied = tallied;
    this.#selection = selection;
    this.#ids = new RowIds(tallied);
    this.#namesIn = ROW_DIMENSIONS.map((dimension) => {
      return { dimension, numberOf: keys.numbers(dimension), all: keys.names(dimension).all };
    });
  }

  make(at: number): ResponseRow {
    const { of, index, timesMs } = this.#selection;
    const timeMs = timesMs[at] as number;
    const { group, model, sums } = this.#sum(of[at] as number, index[at] as number);
    const hasCosts = this.#tallied.costs !== undefined;
    const figures = sums.toFigures(hasCosts);
    const names = this.#names(this.#tallied.groups.kind[group] as number, model);
    // Written out: rows are many, and spreading is slow.
    return {
      time: Number.isFinite(timeMs) ? new Date(timeMs).toISOString() : null,
      source: names.source,
      model: names.model,
      project: names.project,
      session: names.session,
      agent: names.agent,
      team: names.team,
      task: names.task,
      branch: names.branch,
      id: this.#ids.of(group),
      inputTokens: figures.inputTokens,
      outputTokens: figures.outputTokens,
      reasoningTokens: figures.reasoningTokens,
      cacheCreationTokens: figures.cacheCreationTokens,
      cacheCreation5mTokens: figures.cacheCreation5mTokens,
      cacheCreation1hTokens: figures.cacheCreation1hTokens,
      cacheReadTokens: figures.cacheReadTokens,
      totalTokens: figures.totalTokens,
      responses: figures.responses,
      toolUses: figures.toolUses,
      webSearches: figures.webSearches,
      costUsd: figures.costUsd,
      billableEquivalentTokens: figures.billableEquivalentTokens,
      costIsPartial: figures.costIsPartial,
    };
  }

  /** What a row is the sum of. No `model`: that of the group. */
  #sum(of: number, index: number): { group: number; model?: number; sums: Sums } {
    const { toolUsesOf, ownExtras, otherExtras, apart } = this.#selection;
    const sums = new Sums();
    if (of === OF.toolUses) {
      sums.addToolUses(apart.toolUses[index] as number);
      return { group: apart.group[index] as number, sums };
    }
    if (of === OF.extra) {
      const extras = otherExtras[index] as Extras;
      this.#addExtras(sums, extras);
      return { ...extras, sums };
    }
    const { table, groups } = this.#tallied;
    const usage = table.event.usage[groups.chosen[index] as number] as number;
    sums.addUsage(table.usage, usage);
    sums.addCost(costOf(groups, index), tokensAt(table.usage, usage));
    sums.addToolUses(toolUsesOf[index] as number);
    sums.responses = 1;
    const own = ownExtras.get(index);
    if (own) this.#addExtras(sums, own);
    return { group: index, sums };
  }

  #addExtras(sums: Sums, { group, model, extras }: Extras): void {
    const { table, groups, costs, keys } = this.#tallied;
    const name = keys.names("model").all[model] as string;
    for (const extra of extras) {
      sums.addUsage(table.extra, extra);
      const cost = costs?.ofExtra(extra, name, groups.timeMs[group] as number);
      sums.addCost(cost, tokensAt(table.extra, extra));
    }
  }

  #names(kind: number, model: number | undefined): Names {
    const names: Partial<Record<PlainDimension, string | null>> = {};
    for (const { dimension, numberOf, all } of this.#namesIn) {
      const number = dimension === "model" && model !== undefined ? model : numberOf(kind);
      names[dimension] = all[number] as string | null;
    }
    return names as Names;
  }
}
