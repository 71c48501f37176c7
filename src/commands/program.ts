/** The commands and their flags. */
import { Command, CommanderError, Option } from "commander";
import { type Flag, GROUPS } from "../config/flag.ts";
import { type FlagName, FLAGS, SCAN_FLAG_NAMES } from "../config/flags.ts";
import type { Layer } from "../config/layer.ts";
import type { ScanError } from "../errors.ts";
import type { Dimension } from "../types.ts";
import { VERSION } from "../version.ts";
import { BLOCKS_ABOUTS, BLOCKS_FLAGS, BLOCKS_SHARED_FLAGS } from "./blocks-flags.ts";
import { CACHE_ACTIONS } from "./cache-actions.ts";
import { EXIT } from "./exit-code.ts";
import { EXPORT_ABOUTS, EXPORT_FLAGS } from "./export-flags.ts";
import {
  BLOCKS_HELP,
  CACHE_HELP,
  COMPLETION_HELP,
  EXPORT_HELP,
  HOOK_HELP,
  PRICES_HELP,
  ROOT_HELP,
  RUN_HELP,
  SCAN_HELP,
  SERVE_HELP,
  SOURCES_HELP,
  STATUSLINE_HELP,
  TASKS_HELP,
} from "./help.ts";
import { explain } from "./mistake.ts";
import { opposite, optionOf } from "./option.ts";
import { EXPLAIN_FLAGS, PRICES_FLAGS } from "./prices-flags.ts";
import { RUN_FLAGS, RUN_SHARED_FLAGS } from "./run-flags.ts";
import { SHORTHANDS } from "./shorthands.ts";
import { STATUSLINE_FLAGS } from "./statusline-flags.ts";
import { HOOK_FLAGS, SERVE_FLAGS, TASK_ACTIONS, TASKS_ABOUTS, TASKS_FLAGS } from "./task-actions.ts";
import { writeStderr, writeStdout } from "./terminal/streams.ts";

type Abouts = Readonly<Partial<Record<FlagName, string>>>;

/** Of commands without `--format`. */
const ONLY_JSON: Abouts = { json: "JSON instead of text" };

/** Every command takes these, also one that has nothing to colour: who gives them to all need not know which have. */
const EVERYWHERE = ["quiet", "progress", "color"] as const satisfies readonly FlagName[];

/** Runs what argv asks for. Never rejects. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const first = argv[0];
  // No command is `scan`, but only without paths: a mistyped command would be taken for one.
  const isBare = first === undefined || (first.startsWith("-") && !["-h", "--help", "-V", "--version"].includes(first));
  const words = isBare ? ["scan", ...argv] : argv;
  const run = new Run(words, isBare);
  try {
    await run.program.parseAsync(words, { from: "user" });
    return run.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return printHelp(run.help);
    const extra = isBare ? run.program.commands.flatMap(({ args }) => args) : [];
    const what = explain(error, argv, new Run(words, isBare, true).program, extra);
    const isHook = first === "hook";
    // Of a session's end one line, also of an internal error.
    writeStderr(`tokensift: ${isHook ? what.replaceAll(/\s*\n\s*/g, " ") : what}\n`);
    // It is not to fail for our sake.
    if (isHook) return argv.includes("--strict") ? EXIT.found : EXIT.done;
    return EXIT.couldNotRun;
  }
}

async function printHelp(text: string): Promise<number> {
  try {
    await writeStdout(text);
    return EXIT.done;
  } catch (error) {
    writeStderr(`tokensift: ${(error as ScanError).message}\n`);
    return EXIT.couldNotRun;
  }
}

class Run {
  readonly program: Command;
  exitCode: number = EXIT.done;
  /** What was asked for instead of a run: help or the version. */
  help = "";
  readonly #words: readonly string[];

  /** `hasAll`: with every command, whichever is asked for. */
  constructor(words: readonly string[], isBare: boolean, hasAll = false) {
    this.#words = words;
    this.program = new Command("tokensift")
      .description("Exact token figures from the transcripts of coding agents: who used what, when, with which model.")
      .usage("[command] [options]")
      .exitOverride()
      .configureOutput({ writeOut: (text) => (this.help += text), writeErr: () => {} })
      .showSuggestionAfterError(false)
      .helpOption("-h, --help", "show this help")
      .version(VERSION, "-V, --version", "show the version")
      .helpCommand("help [command]", "show the help of a command")
      .addHelpText("after", ROOT_HELP);
    const commands: Readonly<Record<string, () => void>> = {
      scan: () => this.#addScan(isBare),
      ...Object.fromEntries(
        Object.entries(SHORTHANDS).map(([name, dimension]) => [name, () => this.#addShorthand(name, dimension)]),
      ),
      blocks: () => this.#addBlocks(),
      statusline: () => this.#addStatusline(),
      export: () => this.#addExport(),
      run: () => this.#addRun(),
      sources: () => this.#addSources(),
      prices: () => this.#addPrices(),
      tasks: () => this.#addTasks(),
      hook: () => this.#addHook(),
      serve: () => this.#addServe(),
      cache: () => this.#addCache(),
      completion: () => this.#addCompletion(),
    };
    // A command takes commander half a millisecond: only the one that runs is there, unless all are to be listed.
    const asked = Object.hasOwn(commands, words[0] ?? "") && words[0] !== "completion" && !hasAll;
    for (const add of asked ? [commands[words[0] as string]] : Object.values(commands)) add?.();
  }

  #addScan(isBare: boolean): void {
    const command = this.program
      .command("scan")
      .summary("who used what: tokens by source, model, project, day, … (the default)")
      .description("Scans all transcripts on this machine, or the given files and folders, and shows who used what.")
      .addHelpText("after", SCAN_HELP);
    if (!isBare)
      command.argument("[paths...]", "files and folders to scan (default: where the agents keep their transcripts)");
    this.#addFlags(command, SCAN_FLAG_NAMES);
    command.action(async () => this.#scan(isBare ? [] : command.args, command.opts()));
  }

  #addShorthand(name: string, dimension: Dimension): void {
    const command = this.program
      .command(name)
      .description(`The same as scan --by ${dimension}, with the same flags.`)
      .summary(`scan --by ${dimension}`)
      .addHelpText("after", `\nExamples:\n  $ tokensift ${name} --since 7d\n  $ tokensift ${name} --breakdown --json`);
    this.#addFlags(
      command,
      SCAN_FLAG_NAMES.filter((flag) => flag !== "by"),
    );
    command.action(async () => this.#scan([], { ...command.opts(), by: dimension }));
  }

  #addBlocks(): void {
    const command = this.program
      .command("blocks")
      .description("Shows what was consumed in each five-hour window, as Claude's limits are counted in.")
      .summary("the five-hour windows of Claude's limits: burn rate, projection")
      .addHelpText("after", BLOCKS_HELP);
    this.#addOwnFlags(command, "Blocks", BLOCKS_FLAGS);
    this.#addFlags(command, BLOCKS_SHARED_FLAGS, { ...ONLY_JSON, ...BLOCKS_ABOUTS });
    command.action(async () => {
      const { runBlocks } = await import("./more.ts");
      this.exitCode = await runBlocks(command.opts());
    });
  }

  #addStatusline(): void {
    const command = this.program
      .command("statusline")
      .description("One line for Claude Code's status line: reads its JSON on stdin; session, today, block, context.")
      .summary("one line for Claude Code's status line")
      .addHelpText("after", STATUSLINE_HELP);
    this.#addFlags(command, STATUSLINE_FLAGS);
    command.action(async () => {
      const { runStatusline } = await import("./statusline.ts");
      this.exitCode = await runStatusline(command.opts());
    });
  }

  #addExport(): void {
    const command = this.program
      .command("export")
      .description("Writes one row for every API response that scan counts, for spreadsheets, DuckDB and pandas.")
      .summary("one row for every API response, as CSV or NDJSON")
      .argument("[paths...]", "files and folders to scan (default: where the agents keep their transcripts)")
      .addHelpText("after", EXPORT_HELP);
    this.#addFlags(command, EXPORT_FLAGS, EXPORT_ABOUTS);
    command.action(async (paths: string[]) => {
      const { runExport } = await import("./more.ts");
      this.exitCode = await runExport(paths, command.opts());
    });
  }

  #addTasks(): void {
    const command = this.program
      .command("tasks")
      .description(
        "Which task consumed how much, and which stand out: sessions put together by task, kept in a ledger.",
      )
      .summary("which task consumed how much, and which stand out")
      .argument("<action>", `one of ${TASK_ACTIONS.join(", ")}`)
      .argument(
        "[paths...]",
        "for scan and --refresh: files and folders (default: where the agents keep their transcripts)",
      )
      .addHelpText("after", TASKS_HELP);
    this.#addFlags(command, TASKS_FLAGS, TASKS_ABOUTS);
    command.action(async (action: string, paths: string[]) => {
      const { runTasks } = await import("./more.ts");
      this.exitCode = await runTasks(action, paths, command.opts());
    });
  }

  #addHook(): void {
    const command = this.program
      .command("hook")
      .description(
        "For the session-end hook of a coding agent: reads its JSON on stdin, updates ledger and timers for that session.",
      )
      .summary("keep the ledger up to date when a session ends")
      .addHelpText("after", HOOK_HELP);
    this.#addFlags(command, HOOK_FLAGS);
    command.action(async () => {
      const { runHook } = await import("./more.ts");
      this.exitCode = await runHook(command.opts());
    });
  }

  #addServe(): void {
    const command = this.program
      .command("serve")
      .description("Answers questions about tasks and tokens over HTTP, on this machine only unless told otherwise.")
      .summary("tasks and tokens over HTTP")
      .argument("[paths...]", "files and folders to scan (default: where the agents keep their transcripts)")
      .addHelpText("after", SERVE_HELP);
    this.#addFlags(command, SERVE_FLAGS);
    command.action(async (paths: string[]) => {
      const { runServe } = await import("../server/index.ts");
      this.exitCode = await runServe(command.opts(), paths);
    });
  }

  #addRun(): void {
    const command = this.program
      .command("run")
      .description("Tells what the lead, each worker and the whole of an orchestrated run consumed.")
      .summary("what the lead, each worker and the whole of an orchestrated run consumed")
      .argument("<team-state>", "the run's team-state file")
      .addHelpText("after", RUN_HELP);
    this.#addOwnFlags(command, "Run", RUN_FLAGS);
    this.#addFlags(command, RUN_SHARED_FLAGS, ONLY_JSON);
    command.action(async (path: string) => {
      const { runRun } = await import("./run.ts");
      this.exitCode = await runRun(path, command.opts());
    });
  }

  #addSources(): void {
    const command = this.program
      .command("sources")
      .description("Shows every agent that is known: its folders, how many transcripts, how large, from when to when.")
      .summary("whose transcripts are on this machine, and where")
      .addHelpText("after", SOURCES_HELP);
    this.#addFlags(
      command,
      ["source", "timezone", "json", "quiet", "progress", "threads", "cache", "cacheDir"],
      ONLY_JSON,
    );
    command.action(async () => {
      const { runSources } = await import("./more.ts");
      this.exitCode = await runSources(command.opts());
    });
  }

  #addPrices(): void {
    const command = this.program
      .command("prices")
      .description("Shows the rates of models and where they come from, or what a cost is the sum of.")
      .summary("rates of models, what a cost is the sum of: explain, update")
      .argument(
        "[words...]",
        "models, * for any text (default: those in use here); or explain [paths], or update [URL or file]",
      )
      .addHelpText("after", PRICES_HELP);
    if (this.#isAskedFor(command)) {
      const [by, row] = [EXPLAIN_FLAGS.by, EXPLAIN_FLAGS.row];
      command.addOption(optionOf({ ...FLAGS.by, about: by[1] }, by[0]));
      command.addOption(optionOf({ ...FLAGS.model, group: "Rows", about: row[1] }, row[0]));
    }
    this.#addFlags(command, PRICES_FLAGS, ONLY_JSON);
    command.action(async (words: string[]) => {
      const { runPrices } = await import("./more.ts");
      this.exitCode = await runPrices(words, command.opts());
    });
  }

  #addCache(): void {
    const command = this.program
      .command("cache")
      .description("Shows, checks and clears what is remembered of transcripts, so that only new lines are read.")
      .summary("what is remembered of transcripts: info, verify, prune, clear")
      .argument("<action>", `one of ${CACHE_ACTIONS.join(", ")}`)
      .addHelpText("after", CACHE_HELP);
    this.#addFlags(command, ["json", "progress", "threads", "cacheDir"], ONLY_JSON);
    command.action(async (action: string) => {
      const { runCache } = await import("./more.ts");
      this.exitCode = await runCache(action, command.opts());
    });
  }

  #addCompletion(): void {
    const command = this.program
      .command("completion")
      .description("Prints a script that completes commands and flags.")
      .summary("print a completion script: bash, zsh or fish")
      .argument("<shell>", "bash, zsh or fish")
      .addHelpText("after", COMPLETION_HELP);
    this.#addFlags(command, []);
    command.action(async (shell: string) => {
      const { completionScript } = await import("./more.ts");
      await writeStdout(completionScript(shell, this.program));
    });
  }

  /** Those that no other command has: how they are written, and what they do. */
  #addOwnFlags(command: Command, group: string, flags: ReadonlyArray<readonly [term: string, about: string]>): void {
    if (!this.#isAskedFor(command)) return;
    for (const [term, about] of flags) command.addOption(new Option(term, about).helpGroup(`${group}:`));
  }

  /** Thirty flags take commander 1 ms, so only the command that runs has them, and only what is written of what is hidden. `abouts`: what is another thing here. */
  #addFlags(command: Command, names: readonly FlagName[], abouts: Abouts = {}): void {
    const others = this.#words.slice(1);
    if (!this.#isAskedFor(command)) return;
    for (const name of EVERYWHERE) {
      const { term } = FLAGS[name];
      for (const written of [term, opposite(name, term)]) {
        if (!names.includes(name) && others.includes(written))
          command.addOption(optionOf({ ...FLAGS[name], isHidden: true }, written));
      }
    }
    for (const group of GROUPS) {
      for (const name of names) {
        const flag: Flag<unknown> = FLAGS[name];
        if (flag.group !== group) continue;
        const about = abouts[name] ?? flag.about;
        if (!flag.isHidden || others.includes(flag.term)) command.addOption(optionOf({ ...flag, about }, flag.term));
        const off = opposite(name, flag.term);
        if (flag.kind === "switch" && others.includes(off))
          command.addOption(optionOf({ ...flag, isHidden: true }, off));
      }
    }
  }

  #isAskedFor(command: Command): boolean {
    return [command.name(), "help", "completion"].includes(this.#words[0] ?? "");
  }

  async #scan(paths: readonly string[], written: Layer["written"]): Promise<void> {
    const { runScan } = await import("./scan.ts");
    this.exitCode = await runScan(paths, written);
  }
}
