/** A cost as its sum: responses of one model that have the same rates, class by class. */
import { type Amounts, CLASSES, rateOf, type RateRow } from "../pricing/rates.ts";
import { termNames } from "../pricing/surcharges.ts";
import type { CostClass, CostLine, Dimension, Row } from "../types.ts";
import type { Costs, Described } from "./costs.ts";
import { RowFinder } from "./row-finder.ts";
import type { Tallied } from "./tallied.ts";

/** Lines are most expensive first; what has no price comes last. */
export interface Explained {
  /** Of all that is in the totals. */
  readonly costLines: readonly CostLine[];
  /** With the lines of each. */
  readonly rows: Row[];
}

/** Explains the totals, and `rows` by the dimensions they are grouped by. */
export function explainCosts(
  rows: readonly Row[],
  by: readonly Dimension[],
  tallied: Tallied,
  costs: Costs,
): Explained {
  const finder = new RowFinder(by, tallied);
  const all = new Lines();
  const ofRow = new Map<number, Lines>();
  for (const { kind, model, timeMs, described, isResponse } of describeAll(tallied, costs)) {
    all.add(described, isResponse);
    const number = finder.at(finder.ofKind(kind, model), timeMs);
    const lines = ofRow.get(number) ?? new Lines();
    ofRow.set(number, lines);
    lines.add(described, isResponse);
  }
  const byKey = new Map([...ofRow].map(([row, lines]) => [JSON.stringify(finder.keyOf(row).key), lines]));
  return {
    costLines: all.finish(),
    // A row of tool uses alone costs nothing.
    rows: rows.map((row) => ({ ...row, costLines: byKey.get(JSON.stringify(row.key))?.finish() ?? [] })),
  };
}

function* describeAll({ table, groups, keys, filter, window, hasExtras }: Tallied, costs: Costs) {
  const modelOf = keys.numbers("model");
  const nameOf = (model: number) => keys.names("model").all[model] as string;
  const isAsked = (kind: number, model: number, timeMs: number) =>
    (!filter || filter(kind, model)) && (timeMs === Infinity || (timeMs >= window.sinceMs && timeMs <= window.untilMs));
  for (let group = 0; group < groups.length; group++) {
    const usage = table.event.usage[groups.chosen[group] as number];
    if (usage === undefined) continue;
    const [kind, timeMs] = [groups.kind[group] as number, groups.timeMs[group] as number];
    const model = modelOf(kind);
    if (!isAsked(kind, model, timeMs)) continue;
    const described = costs.describe(table.usage, usage, nameOf(model), timeMs);
    yield { kind, model, timeMs, described, isResponse: true };
  }
  const extras = hasExtras ? table.extras : 0;
  for (let extra = 0; extra < extras; extra++) {
    const i = table.extra.event[extra] as number;
    const group = groups.of[i] as number;
    if (group < 0 || groups.chosen[group] !== i) continue;
    const [kind, timeMs] = [groups.kind[group] as number, groups.timeMs[group] as number];
    const model = keys.extraModel(extra, kind);
    if (!isAsked(kind, model, timeMs)) continue;
    const described = costs.describeExtra(extra, nameOf(model), timeMs);
    yield { kind, model, timeMs, described, isResponse: false };
  }
}

interface Line {
  readonly described: Described;
  readonly amounts: Record<keyof Amounts, bigint>;
  responses: number;
  nanos: bigint;
}

class Lines {
  readonly #lines = new Map<string, Line>();
  readonly #numbers = new Map<RateRow | undefined, number>();

  add(described: Described, isResponse: boolean): void {
    const { model, terms, isRecorded, row, nanos, amounts } = described;
    const key = [model, terms, isRecorded, nanos === undefined, this.#numberOf(row)].join("\0");
    let line = this.#lines.get(key);
    if (!line) {
      const none = { input: 0n, output: 0n, cacheCreation5m: 0n, cacheCreation1h: 0n, cacheRead: 0n, webSearches: 0n };
      line = { described, amounts: none, responses: 0, nanos: 0n };
      this.#lines.set(key, line);
    }
    for (const name of CLASSES) line.amounts[name] += BigInt(amounts[name]);
    line.nanos += nanos ?? 0n;
    if (isResponse) line.responses++;
  }

  /** The same rates are the same object (`PriceBook.rowsOf`). */
  #numberOf(row: RateRow | undefined): number {
    const number = this.#numbers.get(row) ?? this.#numbers.size;
    this.#numbers.set(row, number);
    return number;
  }

  finish(): CostLine[] {
    const sorted = [...this.#lines.values()].sort((a, b) => {
      const [left, right] = [a.described.nanos === undefined, b.described.nanos === undefined];
      if (left !== right) return left ? 1 : -1;
      if (a.nanos !== b.nanos) return a.nanos > b.nanos ? -1 : 1;
      return a.described.model < b.described.model ? -1 : 1;
    });
    return sorted.map(costLine);
  }
}

function costLine({ described, amounts, responses, nanos }: Line): CostLine {
  const { model, terms, isRecorded, row, nanos: one, from } = described;
  const isUnpriced = one === undefined;
  const rateAt = (name: CostClass["name"]) => (isRecorded || row === undefined ? undefined : rateOf(row.rates, name));
  const rates = CLASSES.map((name) => BigInt(rateAt(name) ?? 0));
  const pico = CLASSES.reduce((sum, name, at) => sum + amounts[name] * (rates[at] as bigint), 0n);
  return {
    model,
    terms: termNames(terms),
    responses,
    from: isRecorded ? "the transcript" : isUnpriced ? null : from,
    since: row === undefined || row.fromMs === -Infinity ? null : new Date(row.fromMs).toISOString(),
    aboveTokens: row === undefined || row.above < 0 ? null : row.above,
    classes: CLASSES.flatMap((name): CostClass[] => {
      const amount = amounts[name];
      if (amount === 0n) return [];
      const rate = rateAt(name);
      return [
        {
          name,
          amount: Number(amount),
          usdPerUnit: rate === undefined ? null : Number(`${rate}e-${name === "webSearches" ? 9 : 6}`),
          costUsd: rate === undefined ? null : Number(`${amount * BigInt(rate)}e-12`),
        },
      ];
    }),
    roundingUsd: isUnpriced || pico === 0n ? 0 : Number(`${nanos * 1000n - pico}e-12`),
    costUsd: isUnpriced ? null : Number(`${nanos}e-9`),
  };
}
