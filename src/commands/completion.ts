/**
 * Completion scripts, made from the commands themselves. They are static: a script that asked the program on every
 * Tab would wait for Node to start, and what the packages for it do is mostly that (the one made for commander is at 0.0.x).
 */
import type { Command, Option } from "commander";
import type { Flag } from "../config/flag.ts";
import { type FlagName, FLAGS } from "../config/flags.ts";
import { oneOf } from "../config/values.ts";
import { EXPORT_FORMATS } from "../export/formats.ts";
import { CACHE_ACTIONS } from "./cache-actions.ts";
import { PRICES_ACTIONS } from "./prices-flags.ts";
import { TASK_ACTIONS, TASKS_FORMATS } from "./task-actions.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** What follows a command, where that is one of a few words. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  completion: SHELLS,
  cache: CACHE_ACTIONS,
  tasks: TASK_ACTIONS,
  prices: PRICES_ACTIONS,
};

/** Where a command takes fewer values of a flag than others. */
const CHOICES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  export: { format: EXPORT_FORMATS },
  tasks: { format: TASKS_FORMATS },
};

interface Offer {
  readonly name: string;
  readonly about: string;
  readonly flags: readonly FlagOffer[];
  readonly takesFiles: boolean;
  readonly words: readonly string[];
}

interface FlagOffer {
  readonly flag: string;
  readonly about: string;
  /** Whether a value follows, which one, and whether it is a file. */
  readonly value: { readonly choices: readonly string[]; readonly isFile: boolean } | undefined;
}

export function completionScript(shell: string, program: Command): string {
  const offers = program.commands.map(offerOf);
  switch (oneOf(SHELLS, "shell with completion here")(shell, "completion")) {
    case "bash":
      return bashScript(offers);
    case "zsh":
      return zshScript(offers);
    case "fish":
      return fishScript(offers);
  }
}

function offerOf(command: Command): Offer {
  const flags = command.options.filter(({ hidden }) => !hidden).map((option) => flagOffer(option, command));
  return {
    name: command.name(),
    about: command.summary() || command.description(),
    flags: [...flags, { flag: "--help", about: "show this help", value: undefined }],
    takesFiles: command.registeredArguments.some(({ variadic }) => variadic) || command.name() === "run",
    words: WORDS[command.name()] ?? [],
  };
}

function flagOffer(option: Option, command: Command): FlagOffer {
  const isFile = /<(?:file|folder)>/.test(option.flags);
  // Some commands have flags of their own beside those of scan.
  const flag: Flag<unknown> | undefined = FLAGS[option.attributeName() as FlagName];
  const choices = CHOICES[command.name()]?.[option.attributeName()] ?? flag?.choices ?? [];
  const value = option.required ? { choices, isFile } : undefined;
  return { flag: option.long as string, about: option.description, value };
}

function bashScript(offers: readonly Offer[]): string {
  const valued = new Map<string, NonNullable<FlagOffer["value"]>>();
  // What holds for one command stands before what holds for all.
  const own: string[] = [];
  for (const { name, flags } of offers) {
    for (const { flag, value } of flags) {
      if (!value) continue;
      const known = valued.get(flag);
      if (!known) valued.set(flag, value);
      else if (known.choices.join(" ") !== value.choices.join(" "))
        own.push(chosen(`"${name} ${flag}"`, value.choices));
    }
  }
  const withChoices = [...valued].filter(([, { choices }]) => choices.length > 0);
  const withFile = [...valued].filter(([, { isFile }]) => isFile).map(([flag]) => flag);
  const withOther = [...valued]
    .filter(([, { choices, isFile }]) => !isFile && choices.length === 0)
    .map(([flag]) => flag);
  const values = [
    ...own,
    ...withChoices.map(([flag, { choices }]) => chosen(anyOf([flag]), choices)),
    `${anyOf(withFile)}) COMPREPLY=($(compgen -f -- "$current")); return ;;`,
    `${anyOf(withOther)}) return ;;`,
  ].map((line) => `    ${line}`);
  const commands = offers.map(({ name, flags, takesFiles, words }) => {
    const word = `-W "${words.join(" ")}"`;
    const plain = takesFiles ? "-f" : word;
    // Where files may follow it, the word stands right behind the command.
    const first =
      takesFiles && words.length > 0
        ? [`      elif (( COMP_CWORD == 2 )); then COMPREPLY=($(compgen ${word} -- "$current"))`]
        : [];
    return [
      `    ${name})`,
      `      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "${flags.map(({ flag }) => flag).join(" ")}" -- "$current"))`,
      ...first,
      `      else COMPREPLY=($(compgen ${plain} -- "$current")); fi ;;`,
    ].join("\n");
  });
  return `# bash completion for tokensift
_tokensift() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}"
  COMPREPLY=()
  if (( COMP_CWORD == 1 )) && [[ $current != -* ]]; then
    COMPREPLY=($(compgen -W "${offers.map(({ name }) => name).join(" ")}" -- "$current"))
    return
  fi
  [[ $command == -* ]] && command=scan
  case "$command $previous" in
${values.join("\n")}
  esac
  case "$command" in
${commands.join("\n")}
  esac
}
complete -o filenames -F _tokensift tokensift
`;
}

/** Flags behind any command. */
function anyOf(flags: readonly string[]): string {
  return flags.map((flag) => `*" ${flag}"`).join(" | ");
}

function chosen(pattern: string, choices: readonly string[]): string {
  return `${pattern}) COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$current")); return ;;`;
}

function zshScript(offers: readonly Offer[]): string {
  const commands = offers.map(({ name, about }) => `    ${quote(`${name}:${about}`)}`);
  const cases = offers.map(({ name, flags, takesFiles, words }) => {
    const specs = flags.map(({ flag, about, value }) => {
      const action = value?.isFile ? "_files" : `(${value?.choices.join(" ")})`;
      return quote(`*${flag}[${about.replaceAll(/[[\]:]/g, "\\$&")}]${value ? `:${flag.slice(2)}:${action}` : ""}`);
    });
    if (takesFiles) specs.push(quote("*:file:_files"));
    if (words.length > 0) specs.push(quote(`1:${name}:(${words.join(" ")})`));
    return `    ${name})\n      _arguments \\\n        ${specs.join(" \\\n        ")}\n      ;;`;
  });
  return `#compdef tokensift
_tokensift() {
  local -a commands
  commands=(
${commands.join("\n")}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe command commands
    return
  fi
  local command=$words[2]
  if [[ $command == -* ]]; then
    command=scan
  else
    shift words
    (( CURRENT-- ))
  fi
  case $command in
${cases.join("\n")}
  esac
}
_tokensift "$@"
`;
}

function fishScript(offers: readonly Offer[]): string {
  const lines = offers.flatMap(({ name, about, flags, takesFiles, words }) => {
    const isHere = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c tokensift -n __fish_use_subcommand -a ${name} -d ${quote(about)}`,
      ...(takesFiles ? [`complete -c tokensift ${isHere} -F`] : []),
      ...(words.length > 0 ? [`complete -c tokensift ${isHere} -a '${words.join(" ")}'`] : []),
      ...flags.map(({ flag, about: text, value }) => {
        return `complete -c tokensift ${isHere} -l ${flag.slice(2)}${fishValue(value)} -d ${quote(text)}`;
      }),
    ];
  });
  return `# fish completion for tokensift\ncomplete -c tokensift -f\n${lines.join("\n")}\n`;
}

function fishValue(value: FlagOffer["value"]): string {
  if (!value) return "";
  if (value.isFile) return " -r -F";
  return value.choices.length > 0 ? ` -x -a '${value.choices.join(" ")}'` : " -x";
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
