/**
 * List prices of models, one small JSON file a provider, made by the build from `@pydantic/genai-prices`
 * (`src/pricing/prepare.mjs`): only the providers a scan needs are read. `tokensift prices update` leaves newer ones
 * of the same form in the cache folder.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkProvider } from "./check.ts";

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

/** What is in a folder of prices. */
export interface CatalogIndex {
  /** The package and its version; for fetched prices the one they take the place of. */
  readonly package: string;
  /** When they were fetched; null: they came with tokensift. */
  readonly fetchedAt: string | null;
  readonly providers: ReadonlyArray<{ readonly id: string; readonly match?: Match }>;
}

/** As seen from `dist/src/`, where every bundle lies. */
const BUNDLED_FOLDER = fileURLToPath(new URL("./prices/", import.meta.url));

export class Catalog {
  readonly #folder: string;
  /** Serves where a fetched file is damaged. */
  readonly #bundled: Catalog | undefined;
  readonly #providers = new Map<string, CatalogProvider | undefined>();
  #index: CatalogIndex | undefined;

  /** With the prices in `fetchedFolder` where they are newer than those that came with tokensift. */
  static open(fetchedFolder: string | undefined, bundledFolder = BUNDLED_FOLDER): Catalog {
    const fetched = fetchedFolder === undefined ? undefined : readJson<CatalogIndex>(join(fetchedFolder, "index.json"));
    const bundled = new Catalog(bundledFolder);
    if (fetchedFolder === undefined || fetched === undefined) return bundled;
    const isOurs = typeof fetched.fetchedAt === "string" && Array.isArray(fetched.providers);
    return isOurs && fetched.package === bundled.index.package ? new Catalog(fetchedFolder, bundled) : bundled;
  }

  private constructor(folder: string, bundled?: Catalog) {
    this.#folder = folder;
    this.#bundled = bundled;
  }

  get index(): CatalogIndex {
    this.#index ??= readJson<CatalogIndex>(join(this.#folder, "index.json")) ?? NO_INDEX;
    return this.#index;
  }

  provider(id: string): CatalogProvider | undefined {
    if (!this.#providers.has(id)) {
      const read = readJson<CatalogProvider>(join(this.#folder, `${id}.json`));
      const isGood = read !== undefined && (this.#bundled === undefined || isSound(read));
      this.#providers.set(id, isGood ? read : this.#bundled?.provider(id));
    }
    return this.#providers.get(id);
  }
}

/** What was fetched was looked at then; the file may have been changed since. */
function isSound(provider: CatalogProvider): boolean {
  try {
    checkProvider(provider);
    return true;
  } catch {
    return false;
  }
}

const NO_INDEX: CatalogIndex = { package: "", fetchedAt: null, providers: [] };

function readJson<T>(path: string): T | undefined {
  // An error would take longer to make than the file to look for.
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}
