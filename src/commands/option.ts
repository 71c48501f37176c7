/** A flag as commander has it. */
import { Option } from "commander";
import type { Flag } from "../config/flag.ts";
import { flagOf, type FlagName } from "../config/flags.ts";

export function optionOf(flag: Flag<unknown>, term: string): Option {
  const option = new Option(term, flag.about).helpGroup(`${flag.group}:`).hideHelp(flag.isHidden ?? false);
  if (flag.kind === "list") option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]);
  return option;
}

/** Turns off what a config file turned on, and the other way round. */
export function opposite(name: FlagName, term: string): string {
  return term.startsWith("--no-") ? `--${flagOf(name)}` : `--no-${flagOf(name)}`;
}
