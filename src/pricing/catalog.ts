/**
 * List prices of models, one small JSON file a provider, made by the build from `@pydantic/genai-prices`
 * (`src/pricing/prepare.mjs`): only the providers a scan needs are read. `tokensift prices update` leaves newer ones
 * of the same form in the cache folder.
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readRegular } from "../files/regular.ts";
import { isObject } from "../json.ts";
import { checkMatch, checkProvider, isProviderId } from "./check.ts";
import type { CatalogProvider, Match } from "./provider.ts";

/** What is in a folder of prices. */
export interface CatalogIndex {
  /** The package and its version; for fetched prices the one they take the place of. */
  readonly package: string;
  /** When they were fetched; null: they came with tokensift. */
  readonly fetchedAt: string | null;
  readonly providers: ReadonlyArray<{ readonly id: string; readonly match?: Match; readonly bytes?: number }>;
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
    const isOurs = isIndex(fetched) && fetched.package === bundled.index.package;
    return isOurs && areWhole(fetchedFolder, fetched) ? new Catalog(fetchedFolder, bundled) : bundled;
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

/** Anybody may have changed what was fetched. */
function isIndex(value: unknown): value is CatalogIndex {
  if (!isObject(value) || typeof value["fetchedAt"] !== "string" || !Array.isArray(value["providers"])) return false;
  return value["providers"].every((one) => isObject(one) && isProviderId(one["id"]) && isMatchOrNone(one["match"]));
}

function isMatchOrNone(match: unknown): boolean {
  if (match === undefined) return true;
  try {
    checkMatch(match as Match, "the index");
    return true;
  } catch {
    return false;
  }
}

/** Whether no file is cut off or gone: prices of two lists under the date of one would be nobody's. */
function areWhole(folder: string, { providers }: CatalogIndex): boolean {
  try {
    return providers.every(
      ({ id, bytes }) => bytes === undefined || statSync(join(folder, `${id}.json`)).size === bytes,
    );
  } catch {
    return false;
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
    return JSON.parse(readRegular(path).toString()) as T;
  } catch {
    return undefined;
  }
}
