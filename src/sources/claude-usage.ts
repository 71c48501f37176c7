/** The numbers of a Claude Code `usage` object (numbers 10 and 20 of `docs/decisions/0002`). */
import { TERMS, type UsageNumbers } from "../events.ts";
import type { Extra } from "../record-draft.ts";
import { noUsage } from "./usage.ts";

/** The model of records that the client made up. */
export const SYNTHETIC = "<synthetic>";

/** The texts of `speed`, `service_tier` and `inference_geo` that have a price of their own. */
export const SPEEDS = ["fast"] as const;
export const SERVICE_TIERS = ["batch", "priority"] as const;
export const GEOGRAPHIES = ["us"] as const;
const TERMS_OF_TIERS = [0, TERMS.batch, TERMS.priority] as const;

/** Terms from the numbers of these texts, counted from 1; 0 is any other. */
export function termsOf(speed: number, serviceTier: number, geography: number): number {
  return (speed === 0 ? 0 : TERMS.fast) | (TERMS_OF_TIERS[serviceTier] as number) | (geography === 0 ? 0 : TERMS.us);
}

/** Number 10: what the split leaves over is the 5 minute part. */
export function setUsage(
  to: UsageNumbers,
  input: number,
  output: number,
  cacheCreation: number,
  cacheRead: number,
  split5m: number,
  split1h: number,
  thinking: number,
  webSearches: number,
): void {
  to.input = input;
  to.output = output;
  to.reasoning = Math.min(thinking, output);
  to.cacheCreation5m = Math.max(cacheCreation, split5m + split1h) - split1h;
  to.cacheCreation1h = split1h;
  to.cacheRead = cacheRead;
  to.webSearches = webSearches;
}

/**
 * The API passes behind a response that its own numbers leave out, from the JSON of its `iterations`. Undefined
 * when one has a bad count.
 */
export function readIterations(json: string, ownModel: string): readonly Extra[] | undefined {
  let entries: Array<Record<string, unknown>>;
  try {
    entries = (JSON.parse(spellOutCounts(json)) as unknown[]).filter(isObject);
  } catch {
    return undefined;
  }
  const lastFallback = entries.findLastIndex((entry) => entry["type"] === "fallback_message");
  const extras: Extra[] = [];
  for (const [i, entry] of entries.entries()) {
    const named = typeof entry["model"] === "string" ? entry["model"] : "";
    if (entry["type"] === "message") {
      if (i === entries.length - 1 || named === "" || named === ownModel) continue;
    } else if (i === lastFallback) {
      continue;
    }
    const numbers = parseUsage(entry);
    if (!numbers) return undefined;
    extras.push({ model: named === SYNTHETIC ? "synthetic" : named, usage: numbers });
  }
  return extras;
}

/**
 * JSON with each number that is not plain digits written as the integer it is, or as -1 where it is none:
 * `JSON.parse` would round `4503599627370496.4` to one.
 */
function spellOutCounts(json: string): string {
  return json.replace(
    /"(?:[^"\\]|\\.)*"|-?\d+(?:\.(\d+))?(?:[eE]([+-]?\d+))?/g,
    (token, fraction = "", exponent = "0") => {
      if (token.startsWith('"') || /^\d{1,15}$/.test(token)) return token;
      const digits = token
        .replace(/[eE].*/, "")
        .replace(/[-.]/g, "")
        .replace(/^0+/, "");
      const significant = digits.replace(/0+$/, "");
      if (significant === "") return "0";
      const zeros = digits.length - significant.length + Number(exponent) - String(fraction).length;
      if (token.startsWith("-") || zeros < 0 || significant.length + zeros > 16) return "-1";
      return significant + "0".repeat(zeros);
    },
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The usage of an entry of `iterations`; undefined when a count is bad. */
function parseUsage(entry: Record<string, unknown>): UsageNumbers | undefined {
  let isBad = false;
  const read = (from: unknown, name: string): number => {
    const value = isObject(from) ? (from[name] ?? 0) : 0;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value + 0;
    isBad = true;
    return 0;
  };
  const numbers = noUsage();
  setUsage(
    numbers,
    read(entry, "input_tokens"),
    read(entry, "output_tokens"),
    read(entry, "cache_creation_input_tokens"),
    read(entry, "cache_read_input_tokens"),
    read(entry["cache_creation"], "ephemeral_5m_input_tokens"),
    read(entry["cache_creation"], "ephemeral_1h_input_tokens"),
    read(entry["output_tokens_details"], "thinking_tokens"),
    read(entry["server_tool_use"], "web_search_requests"),
  );
  const number = (texts: readonly unknown[], name: string) => texts.indexOf(entry[name]) + 1;
  numbers.terms = termsOf(
    number(SPEEDS, "speed"),
    number(SERVICE_TIERS, "service_tier"),
    number(GEOGRAPHIES, "inference_geo"),
  );
  return isBad ? undefined : numbers;
}
