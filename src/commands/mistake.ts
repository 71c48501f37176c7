/** What is wrong with a command line, where, and what to do: one line. */
import { existsSync } from "node:fs";
import { type Command, CommanderError } from "commander";
import { didYouMean } from "../config/suggest.ts";
import { ScanError } from "../errors.ts";
import { printable, printableLines } from "../report/printable.ts";
import { isShorthand, SHORTHANDS } from "./shorthands.ts";

export function explain(error: unknown, argv: readonly string[], program: Command): string {
  // A name in it may hold anything.
  if (error instanceof ScanError) return printable(error.message);
  if (!(error instanceof CommanderError))
    return printableLines(`internal error, please report it: ${(error as Error).stack ?? String(error)}`);
  const command = program.commands.find((candidate) => candidate.name() === argv[0]);
  const help = command ? `tokensift ${command.name()} --help` : "tokensift --help";
  const what = printable(error.message.replace(/^error: /, "").replaceAll(/\s+/g, " "));
  switch (error.code) {
    case "commander.unknownOption": {
      const written = /'(-.*)'/.exec(error.message)?.[1] ?? "";
      const options = (command ?? program.commands[0] ?? program).options.filter(({ hidden }) => !hidden);
      const names = options.flatMap(({ long }) => long ?? []);
      return `${what} (${didYouMean(written, names)}see ${help})`;
    }
    case "commander.help":
    case "commander.unknownCommand":
    case "commander.excessArguments":
      return printable(explainArgument(argv, command, program));
    default:
      return `${what} (see ${help})`;
  }
}

/** A word where none belongs: a mistyped command, or a path without the word `scan`. */
function explainArgument(argv: readonly string[], command: Command | undefined, program: Command): string {
  if (command) {
    const name = command.name();
    if (!isShorthand(name)) return `${name}: too many arguments (see tokensift ${name} --help)`;
    return `${name} takes no paths (to scan files or folders: tokensift scan --by ${SHORTHANDS[name]} PATH)`;
  }
  const words = argv.filter((word) => !word.startsWith("-") && word !== "help");
  const word = argv[0]?.startsWith("-") ? (words.find((candidate) => existsSync(candidate)) ?? words.at(-1)) : words[0];
  if (word !== undefined && existsSync(word)) return `"${word}" is no command (to scan it: tokensift scan ${word})`;
  const names = program.commands.map((candidate) => candidate.name());
  return `"${word}" is no command (${didYouMean(word ?? "", names)}see tokensift --help; paths need the word scan)`;
}
