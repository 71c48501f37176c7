/** Whether prices from elsewhere make sense: those that make none would be wrong figures later. */
import type { CatalogProvider, Match, Price } from "./provider.ts";

/** Throws a `TypeError` that names what is wrong. */
export function checkProvider({ id, models }: CatalogProvider): void {
  if (!isProviderId(id)) throw new TypeError(`a provider named ${JSON.stringify(id)}`);
  for (const model of models) {
    const where = `${id} ${model.id}`;
    checkMatch(model.match, where);
    for (const { constraint, prices } of model.prices) {
      for (const price of Object.values(prices)) if (!isPrice(price)) throw new TypeError(`a price of ${where}`);
      const times: string[] = Object.values(constraint ?? {});
      const areGood = times.every(
        (time) => !Number.isNaN(Date.parse(time.includes("-") ? time : `1970-01-02T${time}`)),
      );
      if (!areGood) throw new TypeError(`a date of ${where}`);
    }
  }
}

/** It becomes the name of a file. */
export function isProviderId(id: unknown): id is string {
  return typeof id === "string" && /^[a-z0-9][a-z0-9_-]*$/.test(id);
}

function isPrice(price: Price): boolean {
  const isAmount = (value: unknown) =>
    typeof value === "number" && Number.isFinite(value) && value >= 0 && value <= 1e6;
  if (typeof price === "number") return isAmount(price);
  return isAmount(price.base) && price.tiers.every((tier) => isAmount(tier.price) && Number.isSafeInteger(tier.start));
}

/** Throws what is wrong. */
export function checkMatch(match: Match, where: string): void {
  if ("or" in match || "and" in match) {
    for (const one of "or" in match ? match.or : match.and) checkMatch(one, where);
    return;
  }
  const [[kind, text] = []] = Object.entries(match);
  const isKnown = ["equals", "starts_with", "ends_with", "contains", "regex"].includes(kind ?? "");
  if (!isKnown || typeof text !== "string") throw new TypeError(`names of ${where}`);
  // Throws where it is none.
  if (kind === "regex") text.search(text);
}
