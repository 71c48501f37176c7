/** Patterns of `--project`, `--model` and their like. */
import type Picomatch from "picomatch";
import type { Filters } from "./options.ts";
import { type Keys, NOT_CARRIED } from "./tally/keys.ts";

/** Whether groups of a kind, taken with a model, are asked about. */
export type Filter = (kind: number, model: number) => boolean;

/** Undefined when everything is asked about. A name that is not there matches no pattern. */
export async function makeFilter(filters: Filters | undefined, keys: Keys): Promise<Filter | undefined> {
  const given = Object.entries(filters ?? {}).filter(([, patterns]) => patterns !== undefined && patterns.length > 0);
  if (given.length === 0) return undefined;
  const { default: picomatch } = await import("picomatch");
  const tests = given.map(([name, patterns]): Filter => {
    const dimension = name as keyof Filters;
    const numberOf = keys.numbers(dimension);
    const matches = matchAny(picomatch, patterns);
    const known: boolean[] = [];
    return (kind, model) => {
      const number = dimension === "model" ? model : numberOf(kind);
      if (number === NOT_CARRIED) return false;
      return (known[number] ??= matches(keys.names(dimension).all[number] ?? null));
    };
  });
  return (kind, model) => tests.every((test) => test(kind, model));
}

/** Whether a name matches one of some patterns. */
export async function makePattern(patterns: readonly string[]): Promise<(name: string | null) => boolean> {
  const { default: picomatch } = await import("picomatch");
  return matchAny(picomatch, patterns);
}

/** A pattern is taken as it stands too: models are named `claude-opus-4-6[1m]`. Stars match slashes and line ends. */
function matchAny(picomatch: typeof Picomatch, patterns: readonly string[]): (name: string | null) => boolean {
  const options = { bash: true, dot: true, nonegate: true, noextglob: true, flags: "s" };
  const matches = picomatch(patterns.map(onlyOurSigns), options);
  return (name) => name !== null && (patterns.includes(name) || matches(name));
}

/** Of what means something to picomatch and nothing to us: `app (copy)` is a folder, and no group without its parentheses. */
const SIGNS_OF_OTHERS = /\\.|[()|"+@!]|^\.\//gs;

function onlyOurSigns(pattern: string): string {
  return pattern.replaceAll(SIGNS_OF_OTHERS, (sign) => (sign.startsWith("\\") ? sign : `\\${sign}`));
}
