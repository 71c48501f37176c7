/** Places where flags are set. The first that sets a flag wins: command line, environment, project, user. */
import type { Written } from "./flag.ts";
import { flagOf, FLAG_NAMES, type FlagName, FLAGS } from "./flags.ts";

export interface Layer {
  readonly written: Readonly<Partial<Record<FlagName, Written>>>;
  /** How this place names a flag, for whoever has to mend it. */
  readonly origin: (name: FlagName) => string;
}

export function commandLineLayer(written: Layer["written"]): Layer {
  return { written, origin: (name) => `--${flagOf(name)}` };
}

/** `TOKENSIFT_START_OF_WEEK` and its like; an empty one is not set. */
export function environmentLayer(variables: Readonly<Record<string, string | undefined>>): Layer {
  const written: Partial<Record<FlagName, Written>> = {};
  for (const name of FLAG_NAMES) {
    if (!("hasVariable" in FLAGS[name])) continue;
    const text = variables[variableOf(name)];
    if (text !== undefined && text !== "") written[name] = text;
  }
  return { written, origin: variableOf };
}

function variableOf(name: FlagName): string {
  return `TOKENSIFT_${flagOf(name).replaceAll("-", "_").toUpperCase()}`;
}
