/**
 * What fast mode, service tiers and data residency multiply token rates by. No package has these, so they are kept here
 * by hand, each with where it is published. Web searches cost the same in all of them.
 *
 * Checked on 2026-11-21. To change: edit the list, its date, and `test/pricing/surcharges.test.ts`.
 */
import { TERMS } from "../events.ts";

export const SURCHARGES_CHECKED = "2026-11-21";

export type Term = keyof typeof TERMS;

export interface Surcharge {
  readonly term: Term;
  readonly provider: string;
  /** Models of the price list, `*` for any text. The first surcharge that names a model is its own. */
  readonly models: readonly string[];
  readonly times: number;
  readonly source: string;
}

const FAST_MODE = "https://platform.claude.com/docs/en/build-with-claude/fast-mode#pricing";
const CLAUDE_PRICING = "https://platform.claude.com/docs/en/about-claude/pricing";
const CLAUDE_GEOGRAPHY = "https://platform.claude.com/docs/en/manage-claude/data-residency";
const CLAUDE_TIERS = "https://platform.claude.com/docs/en/api/service-tiers";
const OPENAI_PRICING = "https://developers.openai.com/api/docs/pricing";
const GEMINI_PRICING = "https://ai.google.dev/gemini-api/docs/pricing";

/** Inference in the US only came with these models' successors; what is said of these is no price. */
const BEFORE_GEOGRAPHIES = ["claude-v1", "claude-2*", "claude-3*", "claude-*-4-0", "claude-*-4-1", "claude-*-4-5"];

export const SURCHARGES: readonly Surcharge[] = [
  // Long requests too: 12 x input was 6 x the long-context rate (before 2026-03-13).
  { term: "fast", provider: "anthropic", models: ["claude-opus-4-6", "claude-opus-4-7"], times: 6, source: FAST_MODE },
  {
    term: "fast",
    provider: "anthropic",
    models: ["claude-opus-4-8", "claude-opus-5", "claude-opus-5-5"],
    times: 2,
    source: FAST_MODE,
  },
  { term: "batch", provider: "anthropic", models: ["*"], times: 0.5, source: `${CLAUDE_PRICING}#batch-processing` },
  // Capacity bought in advance, for a price by contract: what it would have cost at list prices.
  { term: "priority", provider: "anthropic", models: ["*"], times: 1, source: CLAUDE_TIERS },
  { term: "us", provider: "anthropic", models: BEFORE_GEOGRAPHIES, times: 1, source: CLAUDE_GEOGRAPHY },
  { term: "us", provider: "anthropic", models: ["*"], times: 1.1, source: `${CLAUDE_PRICING}#data-residency-pricing` },
  { term: "batch", provider: "openai", models: ["*"], times: 0.5, source: OPENAI_PRICING },
  { term: "flex", provider: "openai", models: ["*"], times: 0.5, source: OPENAI_PRICING },
  { term: "priority", provider: "openai", models: ["gpt-5.5"], times: 2.5, source: OPENAI_PRICING },
  { term: "batch", provider: "google", models: ["gemini-*"], times: 0.5, source: GEMINI_PRICING },
  {
    term: "flex",
    provider: "google",
    models: ["gemini-3.5-*", "gemini-3.6-*", "gemini-3.7-*", "gemini-3.8-*"],
    times: 0.5,
    source: GEMINI_PRICING,
  },
  {
    term: "priority",
    provider: "google",
    models: ["gemini-3.7-*", "gemini-3.8-*"],
    times: 1.8,
    source: GEMINI_PRICING,
  },
];

export function surchargeOf(term: Term, provider: string, model: string): Surcharge | undefined {
  return SURCHARGES.find(
    (one) =>
      one.term === term && one.provider === provider && one.models.some((pattern) => matchesStar(pattern, model)),
  );
}

/** The names of `terms`, a number of bits. */
export function termNames(terms: number): Term[] {
  return (Object.keys(TERMS) as Term[]).filter((name) => (terms & TERMS[name]) !== 0);
}

/** `*` is any text, all else stands for itself. */
export function matchesStar(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  const [first = ""] = parts;
  const last = parts.at(-1) ?? "";
  if (parts.length === 1) return text === pattern;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > text.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}
