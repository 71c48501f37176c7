/** Which rates hold for a model by its name in a transcript, and for the terms it was served on. */
import { TERMS } from "../events.ts";
import type { Catalog } from "./catalog.ts";
import { type Override, overrideFor, type Overrides } from "./own-prices.ts";
import { type RateRow, rowsOf, timesFactors } from "./rates.ts";
import { resolveModel, type ResolvedModel } from "./resolve.ts";
import { surchargeOf, type Term, termNames } from "./surcharges.ts";

export interface ModelPrice {
  /** Names with one key have the same rates. */
  readonly key: string;
  /** Undefined where the price list has no such model. */
  readonly resolved: ResolvedModel | undefined;
  readonly override: Override | undefined;
}

export class PriceBook {
  readonly catalog: Catalog;
  readonly overrides: Overrides | undefined;
  readonly #models = new Map<string, ModelPrice>();
  readonly #rows = new Map<string, readonly RateRow[]>();

  constructor(catalog: Catalog, overrides: Overrides | undefined) {
    this.catalog = catalog;
    this.overrides = overrides;
  }

  model(name: string): ModelPrice {
    let found = this.#models.get(name);
    if (!found) {
      const resolved = resolveModel(name, this.catalog);
      const override = overrideFor(this.overrides, name, resolved?.model.id);
      const listed = resolved ? `${resolved.provider}/${resolved.model.id}${resolved.isFast ? " fast" : ""}` : "";
      found = { key: `${listed} ${override?.pattern ?? ""}`, resolved, override };
      this.#models.set(name, found);
    }
    return found;
  }

  /** Rates in the order in which they are to be tried, the same ones each time; none: the price is not known. */
  rowsOf(price: ModelPrice, terms: number): readonly RateRow[] {
    const key = `${terms} ${price.key}`;
    let rows = this.#rows.get(key);
    if (!rows) this.#rows.set(key, (rows = this.#makeRows(price, terms)));
    return rows;
  }

  #makeRows({ resolved, override }: ModelPrice, terms: number): RateRow[] {
    const all = termNames(resolved?.isFast ? terms | TERMS.fast : terms);
    const discount = override?.discount ?? this.overrides?.discount ?? 1;
    const rowsWith = (rows: readonly RateRow[], isOwn: boolean) =>
      rows.flatMap((row): RateRow[] => {
        const factors = all.map((term) => row.times?.[term] ?? timesOf(term, resolved));
        if (!areKnown(factors)) return [];
        const rates = isOwn
          ? timesFactors(row.rates, factors)
          : timesFactors(row.rates, [...factors, discount], [discount]);
        return [{ ...row, isOwn, rates }];
      });
    return [...rowsWith(override?.rows ?? [], true), ...rowsWith(resolved ? rowsOf(resolved.model.prices) : [], false)];
  }

  /** Where rates are from, in words. */
  originOf({ resolved, override }: ModelPrice, row: RateRow): string {
    if (row.isOwn || !resolved) return this.overrides?.path ?? "";
    const { index } = this.catalog;
    const fetched = index.fetchedAt === null ? "" : `, fetched ${index.fetchedAt.slice(0, 10)}`;
    const discount = override?.discount ?? this.overrides?.discount ?? 1;
    const times = discount === 1 ? "" : `, x ${discount} (${this.overrides?.path})`;
    return `${resolved.provider} ${resolved.model.id} in ${index.package}${fetched}${times}`;
  }
}

/** Undefined: nobody says what the term costs. */
function timesOf(term: Term, resolved: ResolvedModel | undefined): number | undefined {
  return resolved && surchargeOf(term, resolved.provider, resolved.model.id)?.times;
}

function areKnown(factors: ReadonlyArray<number | undefined>): factors is readonly number[] {
  return !factors.includes(undefined);
}
