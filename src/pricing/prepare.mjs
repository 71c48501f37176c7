/**
 * Makes the files of `catalog.ts` from the provider list of `@pydantic/genai-prices`: what is not about tokens or
 * searches is left out. Used by the build on the package's data, and by `tokensift prices update` on newer data.
 */

const KEYS = [
  "input_mtok",
  "output_mtok",
  "cache_write_mtok",
  "cache_write_1h_mtok",
  "cache_read_mtok",
  "web_searches_kcount",
];

/** @returns {Array<[name: string, content: object]>} files, `index.json` last */
export function prepareCatalog(providers, packageName, fetchedAt) {
  const kept = providers.map((provider) => ({
    id: provider.id,
    name: provider.name,
    urls: provider.pricing_urls ?? [],
    models: provider.models.flatMap((model) => prepareModel(model) ?? []),
  }));
  const index = {
    package: packageName,
    fetchedAt,
    providers: providers.map(({ id, model_match }, i) => ({
      id,
      ...(model_match && { match: model_match }),
      bytes: Buffer.byteLength(JSON.stringify(kept[i])),
    })),
  };
  return [...kept.map((provider) => [`${provider.id}.json`, provider]), ["index.json", index]];
}

function prepareModel({ id, match, prices, price_comments }) {
  const dated = (Array.isArray(prices) ? prices : [{ prices }]).map(({ constraint, prices: all }) => ({
    ...(constraint && { constraint: { ...constraint, type: undefined } }),
    prices: Object.fromEntries(KEYS.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]]))),
  }));
  // Without both there is no way to tell what a response cost.
  if (!dated.every(({ prices: some }) => "input_mtok" in some && "output_mtok" in some)) return undefined;
  return { id, match, prices: dated, ...(price_comments && { comment: price_comments }) };
}
