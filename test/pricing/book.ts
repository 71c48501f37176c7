/** The prices that come with tokensift, as tests ask for them. */
import { fileURLToPath } from "node:url";
import { TERMS } from "../../src/events.ts";
import { PriceBook } from "../../src/pricing/book.ts";
import { Catalog } from "../../src/pricing/catalog.ts";
import { parseOverrides } from "../../src/pricing/overrides.ts";
import { type Amounts, contextOf, nanosOf, rowFor } from "../../src/pricing/rates.ts";
import type { Term } from "../../src/pricing/surcharges.ts";

export const BUNDLED = fileURLToPath(new URL("../../dist/src/prices/", import.meta.url));
const NOW_MS = Date.parse("2026-11-21T12:00:00Z");

const NOTHING: Amounts = {
  input: 0,
  output: 0,
  cacheCreation5m: 0,
  cacheCreation1h: 0,
  cacheRead: 0,
  webSearches: 0,
};

export interface Asked {
  /** ISO; default: without a time. */
  readonly at?: string;
  readonly terms?: readonly Term[];
  readonly overrides?: object;
}

/** Nano-dollars; undefined: unpriced. */
export function price(model: string, amounts: Partial<Amounts>, { at, terms = [], overrides }: Asked = {}) {
  const own = overrides && parseOverrides(JSON.stringify(overrides), "prices.json");
  const book = new PriceBook(Catalog.open(undefined, BUNDLED), own);
  const bits = terms.reduce((sum, term) => sum | TERMS[term], 0);
  const all = { ...NOTHING, ...amounts };
  const rows = book.rowsOf(book.model(model), bits);
  const row = rowFor(rows, contextOf(all), at === undefined ? undefined : Date.parse(at), NOW_MS);
  return row && nanosOf(all, row.rates);
}

/** Dollars as nano-dollars. */
export function usd(dollars: string): bigint {
  const [whole = "", fraction = ""] = dollars.split(".");
  return BigInt(whole + fraction.padEnd(9, "0"));
}
