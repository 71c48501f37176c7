/** What is wrong with a command line, where, and what to do: one line. */
import { existsSync } from "node:fs";
import { type Command, CommanderError } from "commander";
import { didYouMean } from "../config/suggest.ts";
import { ScanError } from "../errors.ts";
import { printable, printableLines } from "../report/printable.ts";
import { isShorthand, SHORTHANDS } from "./shorthands.ts";

/** `extra`: the words that a run without a command took no notice of. */
export function explain(
  error: unknown,
  argv: readonly string[],
  program: Command,
  extra: readonly string[] = [],
): string {
  // A name in it may hold anything.
  if (error instanceof ScanError) return printable(error.message);
  if ((error as NodeJS.ErrnoException).syscall === "uv_cwd")
    return "the current folder is gone (go to one that is there)";
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
      return printable(explainArgument(argv, command, program, extra));
    default:
      return `${what} (see ${help})`;
  }
}

/** A word where none belongs: a mistyped command, or a path without the word `scan`. */
function explainArgument(
  argv: readonly string[],
  command: Command | undefined,
  program: Command,
  extra: readonly string[],
): string {
  if (command) {
    const name = command.name();
    if (!isShorthand(name)) return `${name}: too many arguments (see tokensift ${name} --help)`;
    return `${name} takes no paths (to scan files or folders: tokensift scan --by ${SHORTHANDS[name]} PATH)`;
  }
  const names = program.commands.map((candidate) => candidate.name());
  const [word = ""] = extra.length > 0 ? extra : argv.filter((candidate) => candidate !== "help");
  if (names.includes(word)) return `"${word}" stands behind flags (the command goes first: tokensift ${word} …)`;
  if (existsSync(word)) return `"${word}" is no command (to scan it: tokensift scan ${word})`;
  return `"${word}" is no command (${didYouMean(word, names)}see tokensift --help; paths need the word scan)`;
}
