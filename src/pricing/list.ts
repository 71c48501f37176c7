/** The rates in force of some models, and where each comes from: `tokensift prices`. */
import type { CostBasis } from "../types.ts";
import type { PriceBook } from "./book.ts";
import type { RateRow, Rates } from "./rates.ts";
import { matchesStar, surchargeOf, SURCHARGES, type Term } from "./surcharges.ts";

export interface PriceList {
  readonly models: readonly ListedModel[];
  readonly surcharges: readonly ListedSurcharge[];
  readonly basis: Pick<CostBasis, "list" | "fetchedAt" | "surchargesCheckedAt" | "overrides">;
}

interface ListedModel {
  readonly model: string;
  /** Null: no price is known. */
  readonly from: string | null;
  /** A pattern of models with prices that was perhaps meant; null: the model has one, or no pattern is near. */
  readonly meant: string | null;
  /** What the price list says of it. */
  readonly comment: string | null;
  /** Those in force at the instant asked about, and those to come. */
  readonly rows: readonly ListedRow[];
}

interface ListedRow {
  readonly usdPerMillion: Readonly<Record<Exclude<keyof Rates, "webSearch">, number>>;
  readonly usdPerThousandSearches: number | null;
  /** ISO; null: always. */
  readonly since: string | null;
  readonly aboveTokens: number | null;
  readonly holds: string;
}

interface ListedSurcharge {
  readonly model: string;
  readonly term: Term;
  readonly times: number;
  readonly source: string;
}

/** Providers whose models a pattern is looked for in. */
const PATTERN_PROVIDERS = ["anthropic", "openai", "google"];

export function listPrices(
  names: readonly string[],
  book: PriceBook,
  basis: PriceList["basis"],
  nowMs: number,
): PriceList {
  const models = [
    ...new Set(names.flatMap((name) => (name.includes("*") ? orItself(name, matching(name, book)) : [name]))),
  ];
  return {
    models: models.map((model) => listedModel(model, book, nowMs)),
    surcharges: models.flatMap((model) => surchargesOf(model, book)),
    basis,
  };
}

/** A pattern that matches nothing is said like a model without a price. */
function orItself(pattern: string, models: readonly string[]): readonly string[] {
  return models.length > 0 ? models : [pattern];
}

function matching(pattern: string, book: PriceBook): string[] {
  const ids = PATTERN_PROVIDERS.flatMap((id) => book.catalog.provider(id)?.models.map((model) => model.id) ?? []);
  const own = book.overrides?.models.map((one) => one.pattern).filter((name) => !name.includes("*")) ?? [];
  return [...own, ...ids].filter((id) => matchesStar(pattern, id));
}

function listedModel(model: string, book: PriceBook, nowMs: number): ListedModel {
  const price = book.model(model);
  const rows = book.rowsOf(price, 0);
  const [first] = rows;
  // A book asks tiers first; whoever reads begins with what holds without one.
  const shown = rows.filter((row) => isShown(row, rows, nowMs)).sort((a, b) => a.above - b.above);
  return {
    model,
    from: first ? [...new Set(shown.map((row) => book.originOf(price, row)))].join("; ") : null,
    meant: first ? null : patternFor(model, book),
    comment: price.resolved && shown.some((row) => !row.isOwn) ? (price.resolved.model.comment ?? null) : null,
    rows: shown.map(listedRow),
  };
}

/** Patterns match whole names; who writes a part of one means all that have it. */
function patternFor(model: string, book: PriceBook): string | null {
  const part = model.replaceAll(/^\*+|\*+$/g, "");
  const pattern = `*${part}*`;
  return part !== "" && pattern !== model && matching(pattern, book).length > 0 ? pattern : null;
}

/** Not those that later ones have taken the place of. */
function isShown(row: RateRow, rows: readonly RateRow[], nowMs: number): boolean {
  return !rows
    .slice(0, rows.indexOf(row))
    .some((other) => other.fromMs <= nowMs && other.above <= row.above && other.dayStartMs === other.dayEndMs);
}

function listedRow({ rates, fromMs, above, dayStartMs, dayEndMs }: RateRow): ListedRow {
  const { webSearch, ...tokens } = rates;
  const usd = Object.entries(tokens).map(([name, rate]) => [name, Number(`${rate}e-6`)]);
  const since = fromMs === -Infinity ? null : new Date(fromMs).toISOString();
  const time = (ms: number) => new Date(ms).toISOString().slice(11, 16);
  const holds = [
    ...(since === null ? [] : [`since ${since.replace("T00:00:00.000Z", "")}`]),
    ...(above < 0 ? [] : [`above ${above} tokens of input`]),
    ...(dayStartMs === dayEndMs ? [] : [`${time(dayStartMs)} to ${time(dayEndMs)} UTC`]),
  ];
  return {
    usdPerMillion: Object.fromEntries(usd) as ListedRow["usdPerMillion"],
    usdPerThousandSearches: webSearch === undefined ? null : Number(`${webSearch}e-9`),
    since,
    aboveTokens: above < 0 ? null : above,
    holds: holds.join(", "),
  };
}

/** What a model's own entry says goes first. */
function surchargesOf(model: string, book: PriceBook): ListedSurcharge[] {
  const { resolved, override } = book.model(model);
  const own = override?.rows[0]?.times ?? {};
  const terms = new Set(SURCHARGES.map(({ term }) => term));
  // It is in the rates already.
  if (resolved?.isFast) terms.delete("fast");
  return [...terms].flatMap((term) => {
    const listed = resolved && surchargeOf(term, resolved.provider, resolved.model.id);
    const times = own[term];
    const found = times === undefined ? listed : { times, source: book.overrides?.path ?? "" };
    return found && found.times !== 1 ? [{ model, term, times: found.times, source: found.source }] : [];
  });
}
