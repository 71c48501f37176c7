/**
 * What is known of a source's parser without loading it: plans and cursors need no more, and a run that reads nothing new
 * never loads one.
 */
import type { SourceName } from "../types.ts";

interface Parser {
  /** Goes up with every change to what it makes of a record: cursors of another version are not used. */
  readonly version: number;
  /** Whether a transcript is one document; undefined: none is. */
  isDocument?(path: string): boolean;
}

const isJson = (path: string) => path.endsWith(".json");

/** A session of a database (`src/databases/`). */
const isStored = (path: string) => path.includes(".db#");

/** A session of Qwen Code's notes (`src/databases/qwen-notes.ts`), or what is left of these. */
const isNoted = (path: string) => /[\\/](?:token-usage-\d{4}-\d{2}|usage_record)\.jsonl(?:#|$)/.test(path);

const PARSERS: Readonly<Record<SourceName, Parser>> = {
  amp: { version: 4, isDocument: isJson },
  claude: { version: 6 },
  codex: { version: 6, isDocument: (path) => path.endsWith(".zst") },
  // A session of its store comes as lines.
  copilot: { version: 2, isDocument: isStored },
  gemini: { version: 3, isDocument: isJson },
  opencode: { version: 5, isDocument: (path) => isJson(path) || isStored(path) },
  pi: { version: 6 },
  // A session of its notes comes as lines.
  qwen: { version: 6, isDocument: (path) => isJson(path) || isNoted(path) },
};

export function parserVersion(name: SourceName): number {
  return PARSERS[name].version;
}

/** Whether a transcript is one document: read as a whole, or not at all. */
export function isDocument(name: SourceName, path: string): boolean {
  return PARSERS[name].isDocument?.(path) ?? false;
}
