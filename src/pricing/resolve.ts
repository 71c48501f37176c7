/** The model that a name in a transcript stands for, whoever passed the request on. */
import type { Catalog } from "./catalog.ts";
import type { CatalogModel, Match } from "./provider.ts";

export interface ResolvedModel {
  readonly provider: string;
  readonly model: CatalogModel;
  /** The name says so itself: `claude-opus-4.6-fast`. */
  readonly isFast: boolean;
}

/** Families by their names, so that most scans read the prices of one provider. */
const FAMILIES: ReadonlyArray<readonly [RegExp, string]> = [
  [/claude/, "anthropic"],
  [/^(?:gpt-|chatgpt|codex-|o[134](?:-|$))/, "openai"],
  [/gemini/, "google"],
];

/** As Amazon names Claude models: `anthropic.claude-…`, `eu.anthropic.claude-…`, or at the end of an ARN. */
const BEDROCK = /(?:^|[/.])anthropic\.claude-/;

/** Longer names are none, and the patterns here are not made for them. */
const MOST_LETTERS = 256;

/** Undefined where no provider's list has such a model. */
export function resolveModel(name: string, catalog: Catalog): ResolvedModel | undefined {
  if (name.length > MOST_LETTERS) return undefined;
  for (const candidate of spellingsOf(name)) {
    for (const provider of providersOf(candidate, catalog)) {
      const model = catalog.provider(provider)?.models.find(({ match }) => isMatch(match, candidate));
      if (model) return { provider, model, isFast: false };
    }
    const slow = /^(.*claude-.*)-fast$/.exec(candidate)?.[1];
    const resolved = slow === undefined ? undefined : resolveModel(slow, catalog);
    if (resolved) return { ...resolved, isFast: true };
  }
  return undefined;
}

/** From the name as it stands to the model alone. */
function spellingsOf(name: string): string[] {
  // Claude Code marks a longer context window: `claude-opus-4-6[1m]`.
  const whole = name
    .toLowerCase()
    .trim()
    .replace(/\[[^\]]*\]$/, "");
  // Gateways and routers put a path in front: `openrouter/anthropic/claude-…`, `publishers/google/models/gemini-…`.
  const last = whole.slice(whole.lastIndexOf("/") + 1);
  // Google writes `@20250929`, `@default`; routers append what they were asked for.
  const plain = last
    .replace(/@(?:default|latest)$/, "")
    .replace("@", "-")
    .replace(/:(?:thinking|beta|nitro|floor)$/, "");
  // Amazon: where, whose, and the version of its own behind.
  const bare = plain.replace(/^(?:[a-z-]+\.)?anthropic\./, "").replace(/-v\d+(?::\d+)*$/, "");
  // A snapshot that the list does not name.
  const undated = bare.replace(/-20\d{2}-?\d{2}-?\d{2}$/, "");
  return [...new Set([whole, last, plain, bare, undated])].filter((text) => text !== "");
}

function providersOf(name: string, catalog: Catalog): readonly string[] {
  // Its own list comes first: regional endpoints cost more there.
  if (BEDROCK.test(name)) return ["aws", "anthropic"];
  const family = FAMILIES.find(([pattern]) => pattern.test(name));
  if (family) return [family[1]];
  return catalog.index.providers.flatMap(({ id, match }) => (match && isMatch(match, name) ? [id] : []));
}

function isMatch(match: Match, name: string): boolean {
  if ("or" in match) return match.or.some((one) => isMatch(one, name));
  if ("and" in match) return match.and.every((one) => isMatch(one, name));
  if ("equals" in match) return name === match.equals.toLowerCase();
  if ("starts_with" in match) return startsWithModel(name, match.starts_with.toLowerCase());
  if ("ends_with" in match) return name.endsWith(match.ends_with.toLowerCase());
  if ("contains" in match) return name.includes(match.contains.toLowerCase());
  return new RegExp(match.regex).test(name);
}

/** The version goes on (`claude-sonnet-5` is not `claude-sonnet-5-5`), or another model of the family is named. */
const GOES_ON =
  /^[-.]?\d{1,2}(?!\d)|(?:^|[-_.])(?:lite|mini|nano|pro|flash|image|tts|live|audio|codex|turbo|fast)(?:[-_.]|$)/;

function startsWithModel(name: string, start: string): boolean {
  // A new model is without a price rather than priced like an older one whose name its own begins with.
  return name.startsWith(start) && !GOES_ON.test(name.slice(start.length));
}
