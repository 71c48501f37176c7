/** Patterns of `--project`, `--model` and their like. */
import picomatch from "picomatch";
import type { Filters } from "./options.ts";
import type { Keys } from "./tally/keys.ts";
import { NOT_CARRIED } from "./tally/keys.ts";

/** Whether a group of records, with a model, is asked about. A name that is not there matches no pattern. */
export function makeFilter(filters: Filters | undefined, keys: Keys): (group: number, model: number) => boolean {
  const tests = Object.entries(filters ?? {})
    .filter(([, patterns]) => patterns !== undefined && patterns.length > 0)
    .map(([name, patterns]) => {
      const dimension = name as keyof Filters;
      const matches = matchAny(patterns as readonly string[]);
      const known: boolean[] = [];
      return (group: number, model: number) => {
        const number = dimension === "model" ? model : keys.number(dimension, group);
        if (number === NOT_CARRIED) return false;
        return (known[number] ??= matches(keys.names(dimension).all[number] ?? null));
      };
    });
  return tests.length === 0 ? () => true : (group, model) => tests.every((test) => test(group, model));
}

/** A pattern is taken as it stands too: models are named `claude-opus-4-6[1m]`. Stars match slashes. */
function matchAny(patterns: readonly string[]): (name: string | null) => boolean {
  const matches = picomatch([...patterns], { bash: true, dot: true, nonegate: true, noextglob: true });
  return (name) => name !== null && (patterns.includes(name) || matches(name));
}
