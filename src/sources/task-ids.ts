/** Which tasks a text names (`spec/task-ledger.md`, "Session → task"). Runs where transcripts are read: only ids leave. */
import vm from "node:vm";
import { type Hash, hashBytes } from "../cursors/hash.ts";
import { invalidOption } from "../errors.ts";

/** `task-930` and `task-930.1`. */
export const DEFAULT_TASK_PATTERN = String.raw`task-\d+(?:\.\d+)*`;
/** A message that lists more names no task. */
const MOST_IDS = 50;
/** Ids stand in ledgers and on terminals. */
const LONGEST_ID = 200;

/** Of the first messages in a range, of all of them together. */
const LONGEST_MS = 2000;

export class TaskPattern {
  /** Tells ids found with one pattern from those found with another. */
  readonly hash: string;
  readonly #pattern: string;
  readonly #expression: RegExp;
  /** Made when it is needed first: it takes a millisecond. */
  #context: { find: () => void } | undefined;

  /** Throws `INVALID_OPTION` where the pattern is no regular expression. */
  constructor(pattern: string) {
    const { low, high }: Hash = hashBytes(Buffer.from(pattern));
    this.hash = `${high.toString(16)}.${low.toString(16)}`;
    this.#pattern = pattern;
    try {
      // Word-bounded; and `task-1.2x` does not name task-1.
      this.#expression = new RegExp(String.raw`(?<!\w)(?:${pattern})(?!\w|\.\w*\d)`, "gi");
    } catch {
      throw invalidOption("--task-pattern", pattern, String.raw`is no regular expression (give one such as issue-\d+)`);
    }
  }

  /** Of each text: the tasks it names, in order of appearance, each once, in lower case. Throws `INVALID_OPTION` where that takes too long. */
  idsInEach(texts: readonly string[]): string[][] {
    // What comes with tokensift takes no longer than the text is long; of others nobody knows.
    return this.#pattern === DEFAULT_TASK_PATTERN ? texts.map((text) => this.#idsIn(text)) : this.#withinTime(texts);
  }

  #idsIn(text: string): string[] {
    const ids = new Set<string>();
    for (const [id] of text.matchAll(this.#expression)) {
      if (id !== "" && id.length <= LONGEST_ID) ids.add(id.toLowerCase());
      if (ids.size === MOST_IDS) break;
    }
    return [...ids];
  }

  /** A regular expression cannot be stopped, but a script of its own can. */
  #withinTime(texts: readonly string[]): string[][] {
    let ids: string[][] = [];
    this.#context ??= vm.createContext({ find: () => {} }) as { find: () => void };
    this.#context.find = () => (ids = texts.map((text) => this.#idsIn(text)));
    try {
      FIND.runInContext(this.#context, { timeout: LONGEST_MS });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      const remedy = "(give one without repetitions inside of repetitions)";
      throw invalidOption(
        "--task-pattern",
        this.#pattern,
        `takes longer than ${LONGEST_MS / 1000} s on a message ${remedy}`,
      );
    }
    return ids;
  }
}

const FIND = new vm.Script("find()");
