/**
 * Copies of responses whose original is gone. A fork's transcript repeats its original's responses, which are counted
 * there; when the original's transcripts go, a scan gives them to the fork, while the ledger still has the original's last figures.
 */
import { sortModels } from "./build.ts";
import type { LedgerFigures, SessionEntry } from "./types.ts";

const COUNTS = [
  "input_tokens",
  "output_tokens",
  "cache_tokens",
  "cache_creation_tokens",
  "cache_read_tokens",
  "total_tokens",
  "message_count",
] as const satisfies ReadonlyArray<keyof LedgerFigures>;

/**
 * A session as found, without what it was given only because another one has gone: `hasLost` says whether one has since
 * the ledger was written, `hasRetained` whether any is gone at all.
 */
export function withoutCopies(
  known: SessionEntry,
  found: SessionEntry,
  { hasLost, hasRetained }: { readonly hasLost: boolean; readonly hasRetained: boolean },
): SessionEntry {
  if (!hasRetained) return found;
  const isSame = known.transcript_bytes === found.transcript_bytes && known.subagents === found.subagents;
  // Nothing was written, and yet there is more.
  if (hasLost && isSame && found.total_tokens > known.total_tokens) {
    const more = subtract(found, known);
    return more ? { ...found, ...figuresOf(known), held_back: more } : found;
  }
  const { held_back: held } = known;
  const left = held && subtract(found, held);
  // Less than there was: its original has come back, and has its own again.
  return left && left.total_tokens >= known.total_tokens ? { ...found, ...left, held_back: held } : found;
}

/** Undefined where something would be below nothing. */
function subtract(from: LedgerFigures, by: LedgerFigures): LedgerFigures | undefined {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, from[name] - by[name]]));
  const models = Object.entries(from.models).map(
    ([model, tokens]) => [model, tokens - (by.models[model] ?? 0)] as const,
  );
  const hasAll = Object.keys(by.models).every((model) => model in from.models);
  if (!hasAll || [...Object.values(counts), ...models.map(([, tokens]) => tokens)].some((count) => count < 0))
    return undefined;
  const nanos = (usd: number) => Math.round(usd * 1e9);
  const [usd, less] = [from.cost_estimate_usd, by.cost_estimate_usd ?? 0];
  return {
    ...(counts as Record<(typeof COUNTS)[number], number>),
    models: sortModels(models.filter(([, tokens]) => tokens > 0)),
    cost_estimate_usd: usd === null ? null : Math.max(0, nanos(usd) - nanos(less)) / 1e9,
    cost_is_partial: from.cost_is_partial,
  };
}

function figuresOf(entry: SessionEntry): LedgerFigures {
  const { models, cost_estimate_usd, cost_is_partial } = entry;
  const counts = Object.fromEntries(COUNTS.map((name) => [name, entry[name]])) as Record<
    (typeof COUNTS)[number],
    number
  >;
  return { ...counts, models, cost_estimate_usd, cost_is_partial };
}
