/** What responses cost, each rounded once to nano-dollars: so the cost of parts is the cost of the whole, to the last digit. */
import type { Amounts, RateRow } from "../pricing/rates.ts";
import { contextOf, nanosOf, rowFor } from "../pricing/rates.ts";
import type { CostMode } from "../cost-modes.ts";
import type { PriceBook } from "../pricing/book.ts";
import { type Columns, NO_USAGE, type USAGE } from "../events.ts";
import type { Groups } from "./groups.ts";
import { UNKNOWN_MODEL } from "./keys.ts";
import type { EventTable } from "./table.ts";

const MODE_NUMBERS = { calculate: 0, auto: 1, recorded: 2, none: 2 } as const;

/** Whole dollars, and nano-dollars beside them: together they are exact up to 2^53 - 1 dollars. */
export interface Cost {
  readonly dollars: number;
  readonly nanos: number;
}

const UNPRICED = -1;
const NO_EVENT = 0xffffffff;
const NANOS_A_DOLLAR = 1_000_000_000n;
const NOTHING: Cost = { dollars: 0, nanos: 0 };

/** Doubles of a row in the memory of `src/tally/wasm/prices.ts`. */
const ROW_DOUBLES = 11;

export class Costs {
  readonly #table: EventTable;
  readonly #book: PriceBook;
  readonly #mode: CostMode;
  readonly #nowMs: number;

  constructor(table: EventTable, book: PriceBook, mode: CostMode, nowMs: number) {
    this.#table = table;
    this.#book = book;
    this.#mode = mode;
    this.#nowMs = nowMs;
  }

  /** Fills the costs of all groups. */
  price(groups: Groups): void {
    const { memory, texts } = this.#table;
    const { rows, runs } = this.#rowsOf(modelsOf(groups, texts.length));
    const rowColumn = memory.f64(rows.length);
    rowColumn.set(rows);
    const runColumn = memory.u32(texts.length * 2);
    for (const [text, run] of runs) runColumn.set(run, text * 2);
    const left = memory.u32(groups.length);
    const mode = MODE_NUMBERS[this.#mode];
    const addresses = [rowColumn.byteOffset, runColumn.byteOffset] as const;
    const count = memory.native.priceGroups(...addresses, mode, this.#nowMs, left.byteOffset);
    for (const group of left.subarray(0, count)) {
      const usage = this.#table.event.usage[groups.chosen[group] as number] as number;
      const model = this.#nameOf(groups.model[group] as number);
      const cost = this.#calculate(this.#table.usage, usage, model, groups.timeMs[group] as number);
      groups.costDollars[group] = cost?.dollars ?? UNPRICED;
      groups.costNanos[group] = cost?.nanos ?? 0;
    }
  }

  /** Undefined: no price is known. */
  ofExtra(extra: number, model: string, timeMs: number): Cost | undefined {
    const { extra: extras } = this.#table;
    // A transcript's own cost is of the whole response; of its parts nothing is recorded.
    if (this.#mode === "recorded") return hasAmounts(amountsAt(extras, extra)) ? undefined : NOTHING;
    return this.#calculate(extras, extra, model, timeMs);
  }

  #calculate(usage: Columns<typeof USAGE>, i: number, model: string, timeMs: number): Cost | undefined {
    const amounts = amountsAt(usage, i);
    if (!hasAmounts(amounts)) return NOTHING;
    const rows = this.#book.rowsOf(this.#book.model(model), usage.terms[i] as number);
    const row = rowFor(rows, contextOf(amounts), timeMs === Infinity ? undefined : timeMs, this.#nowMs);
    const nanos = row && nanosOf(amounts, row.rates);
    if (nanos === undefined) return undefined;
    return { dollars: Number(nanos / NANOS_A_DOLLAR), nanos: Number(nanos % NANOS_A_DOLLAR) };
  }

  /** Rates of all models for all terms that are met, as one column, and which of its rows are a model's. */
  #rowsOf(models: readonly number[]) {
    const terms = this.#terms();
    const rows: number[] = [];
    const runs = new Map<number, readonly [from: number, to: number]>();
    const byKey = new Map<string, readonly [from: number, to: number]>();
    for (const text of models) {
      const price = this.#book.model(this.#nameOf(text));
      let run = byKey.get(price.key);
      if (!run) {
        const from = rows.length / ROW_DOUBLES;
        for (const term of terms) for (const row of this.#book.rowsOf(price, term)) rows.push(...doublesOf(row, term));
        run = [from, rows.length / ROW_DOUBLES];
        byKey.set(price.key, run);
      }
      runs.set(text, run);
    }
    return { rows, runs };
  }

  #nameOf(text: number): string {
    return (this.#table.texts[text] as string) || UNKNOWN_MODEL;
  }

  #terms(): Set<number> {
    const { event, usage, length } = this.#table;
    const terms = new Set<number>([0]);
    let last = 0;
    for (let i = 0; i < length; i++) {
      const used = event.usage[i] as number;
      if (used === NO_USAGE) continue;
      const of = usage.terms[used] as number;
      if (of !== last) terms.add((last = of));
    }
    return terms;
  }
}

function doublesOf({ rates, fromMs, dayStartMs, dayEndMs, above }: RateRow, terms: number): number[] {
  const { input, output, cacheCreation5m, cacheCreation1h, cacheRead, webSearch } = rates;
  const when = [terms, fromMs, dayStartMs, dayEndMs, above];
  return [...when, input, output, cacheCreation5m, cacheCreation1h, cacheRead, webSearch ?? -1];
}

/** Text numbers of the models of responses. */
function modelsOf({ chosen, model, length }: Groups, texts: number): number[] {
  const isModel = new Uint8Array(texts);
  for (let group = 0; group < length; group++) if (chosen[group] !== NO_EVENT) isModel[model[group] as number] = 1;
  return [...isModel.keys()].filter((text) => isModel[text] === 1);
}

function amountsAt(usage: Columns<typeof USAGE>, i: number): Amounts {
  return {
    input: usage.input[i] as number,
    output: usage.output[i] as number,
    cacheCreation5m: usage.cacheCreation5m[i] as number,
    cacheCreation1h: usage.cacheCreation1h[i] as number,
    cacheRead: usage.cacheRead[i] as number,
    webSearches: usage.webSearches[i] as number,
  };
}

function hasAmounts(amounts: Amounts): boolean {
  return Object.values(amounts).some((amount) => amount > 0);
}
