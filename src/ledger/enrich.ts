/** Adds `token_usage` to the entries of a timers file, and changes no other byte: what is written is put between what stands there. */
import { type Node, parseTree } from "jsonc-parser";
import { timerEntries } from "./timers.ts";
import type { TaskEntry } from "./types.ts";

interface TokenUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly total_tokens: number;
  /** An estimate, not a bill; null: some of it has no price. */
  readonly cost_estimate_usd: number | null;
}

/** Nothing beside the cost could say that it is a part. */
export function tokenUsage({ cost_estimate_usd: usd, cost_is_partial, ...task }: TaskEntry): TokenUsage {
  const { input_tokens, output_tokens, total_tokens } = task;
  return { input_tokens, output_tokens, total_tokens, cost_estimate_usd: cost_is_partial ? null : usd };
}

export interface Enriched {
  readonly text: string;
  /** How many entries have what their task used. */
  readonly entries: number;
  /** Tasks without figures whose entries have some: of another ledger, or of sessions that are another task's now. */
  readonly stale: readonly string[];
}

/** The text with what the tasks used. Entries of tasks without figures stay as they are. */
export function enrichText(whole: string, path: string, tasks: Readonly<Record<string, TaskEntry>>): Enriched {
  const mark = whole.startsWith("\uFEFF") ? "\uFEFF" : "";
  const text = whole.slice(mark.length);
  const root = parseTree(text);
  const edits: Edit[] = [];
  const stale = new Set<string>();
  let entries = 0;
  for (const { taskId, path: place } of timerEntries(text, path)) {
    const task = Object.hasOwn(tasks, taskId) ? tasks[taskId] : undefined;
    const entry = nodeAt(root, place);
    if (task === undefined || !entry) {
      if (entry && (memberOf(entry, KEY)?.children?.[1]?.type ?? "null") !== "null") stale.add(taskId);
      continue;
    }
    entries++;
    edits.push(...editsOf(text, entry, tokenUsage(task)));
  }
  edits.sort((a, b) => a.from - b.from);
  let at = 0;
  let enriched = mark;
  for (const { from, to, content } of edits) {
    enriched += text.slice(at, from) + content;
    at = to;
  }
  return { text: enriched + text.slice(at), entries, stale: [...stale] };
}

/** What stands at a path. Of several members with one name the last one counts, as in `JSON.parse`. */
function nodeAt(root: Node | undefined, path: ReadonlyArray<string | number>): Node | undefined {
  return path.reduce<Node | undefined>(
    (node, step) => (typeof step === "number" ? node?.children?.[step] : node && memberOf(node, step)?.children?.[1]),
    root,
  );
}

function memberOf({ children }: Node, name: string): Node | undefined {
  return children?.findLast((member) => member.children?.[0]?.value === name);
}

/** Replaces what stands between two offsets. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly content: string;
}

const KEY = "token_usage";

/** What puts the usage into an entry: in place of what is there, else behind its last member, laid out like that one. */
function editsOf(text: string, entry: Node, usage: TokenUsage): Edit[] {
  const members = entry.children ?? [];
  const old = memberOf(entry, KEY);
  const value = old?.children?.[1];
  if (old && value) {
    const [from, to] = [value.offset, value.offset + value.length];
    // Written as it is already: left alone, whatever its spaces.
    if (JSON.stringify(JSON.parse(text.slice(from, to))) === JSON.stringify(usage)) return [];
    return [{ from, to, content: layOut(usage, lineBefore(text, old)) }];
  }
  const last = members.at(-1);
  const at = last ? last.offset + last.length : entry.offset + 1;
  const line = last && lineBefore(text, last);
  const content = `${last ? "," : ""}${line ?? ""}"${KEY}":${line === undefined ? "" : " "}${layOut(usage, line)}`;
  return [{ from: at, to: at, content }];
}

/** The line end and indent before a member that begins its line; undefined: it stands beside something. */
function lineBefore(text: string, { offset }: Node): string | undefined {
  return /\r?\n[ \t]*$/.exec(text.slice(Math.max(0, offset - 1000), offset))?.[0];
}

/** JSON whose lines begin with `line`, or on one line. */
function layOut(usage: TokenUsage, line: string | undefined): string {
  if (line === undefined) return JSON.stringify(usage);
  return JSON.stringify(usage, undefined, line.includes("\t") ? "\t" : 2).replaceAll("\n", line);
}
