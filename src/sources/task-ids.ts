/** Which tasks a text names (`spec/task-ledger.md`, "Session → task"). Runs where transcripts are read: only ids leave. */
import { type Hash, hashBytes } from "../cursors/hash.ts";
import { invalidOption } from "../errors.ts";

/** `task-930` and `task-930.1`. */
export const DEFAULT_TASK_PATTERN = String.raw`task-\d+(?:\.\d+)*`;
/** A message that lists more names no task. */
const MOST_IDS = 50;
/** Ids stand in ledgers and on terminals. */
const LONGEST_ID = 200;

export class TaskPattern {
  /** Tells ids found with one pattern from those found with another. */
  readonly hash: string;
  readonly #expression: RegExp;

  /** Throws `INVALID_OPTION` where the pattern is no regular expression. */
  constructor(pattern: string) {
    const { low, high }: Hash = hashBytes(Buffer.from(pattern));
    this.hash = `${high.toString(16)}.${low.toString(16)}`;
    try {
      // Word-bounded; and `task-1.2x` does not name task-1.
      this.#expression = new RegExp(String.raw`(?<!\w)(?:${pattern})(?!\w|\.\w*\d)`, "gi");
    } catch {
      throw invalidOption("--task-pattern", pattern, String.raw`is no regular expression (give one such as issue-\d+)`);
    }
  }

  /** In order of appearance, each once, in lower case. */
  idsIn(text: string): string[] {
    const ids = new Set<string>();
    for (const [id] of text.matchAll(this.#expression)) {
      if (id !== "" && id.length <= LONGEST_ID) ids.add(id.toLowerCase());
      if (ids.size === MOST_IDS) break;
    }
    return [...ids];
  }
}
