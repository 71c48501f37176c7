/** What a provider asks for its models, as the files of list prices say it. */

/** When a text is the name of a model. */
export type Match =
  | { readonly or: readonly Match[] }
  | { readonly and: readonly Match[] }
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string };

/** US dollars per million tokens (`_mtok`) or per thousand searches (`_kcount`). */
export type Price = number | { readonly base: number; readonly tiers: readonly { start: number; price: number }[] };

export type Prices = Readonly<
  Partial<
    Record<
      | "input_mtok"
      | "output_mtok"
      | "cache_write_mtok"
      | "cache_write_1h_mtok"
      | "cache_read_mtok"
      | "web_searches_kcount",
      Price
    >
  >
>;

/** Prices and when they hold: from a date (UTC) on, in a part of each UTC day, or else. The last that holds is taken. */
export interface DatedPrices {
  readonly constraint?: { readonly start_date: string } | { readonly start_time: string; readonly end_time: string };
  readonly prices: Prices;
}

export interface CatalogModel {
  readonly id: string;
  readonly match: Match;
  readonly prices: readonly DatedPrices[];
  readonly comment?: string;
}

export interface CatalogProvider {
  readonly id: string;
  readonly name: string;
  readonly urls: readonly string[];
  readonly models: readonly CatalogModel[];
}
