/** Tasks and the ledger as text. */
import { exact } from "../report/numbers.ts";
import { durationText } from "../report/numbers.ts";
import { printable } from "../report/printable.ts";
import { compareText } from "../types.ts";
import { ESTIMATE } from "./cost.ts";
import { markdownText, tableMarkdown, tableText, type TextTable } from "./text-table.ts";
import type { Ledger, TaskEntry } from "./types.ts";

/** `$1,234.56`, `$0.0123`; `<$0.0001` is not nothing. */
export function usdText(usd: number): string {
  return usd > 0 && usd < 0.0001 ? "<$0.0001" : digitsText(usd);
}

function digitsText(usd: number): string {
  const [whole = "0", fraction = ""] = usd.toFixed(usd < 0.1 ? 4 : 2).split(".");
  return `$${exact(Number(whole))}.${fraction}`;
}

export function costText(usd: number | null, isPartial: boolean, atLeast = "at least"): string {
  if (usd === null) return "unpriced";
  return isPartial ? `${atLeast} ${digitsText(usd)}` : usdText(usd);
}

function percentText(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

/** One task, a line a figure, or as Markdown a row. */
export function taskText(id: string, task: TaskEntry, isMarkdown: boolean): string {
  const rows = taskRows(id, task);
  if (isMarkdown) return tableMarkdown({ titles: ["", ""], names: 2, rows });
  return rows.map(([name, text]) => `${name.padEnd(11)} ${printable(text)}\n`).join("");
}

function taskRows(id: string, task: TaskEntry): Array<readonly [name: string, text: string]> {
  const seconds = task.duration_seconds;
  const rows: Array<readonly [string, string]> = [
    ["Task", id],
    ["Sessions", `${task.session_ids.join(", ")} (matched by ${task.matched_by})`],
    ["Team", task.team_id ?? "none"],
    [
      "Model",
      Object.entries(task.models)
        .map(([model, tokens]) => `${model} ${exact(tokens)}`)
        .join(", ") || "none",
    ],
    [
      "Input",
      `${exact(task.input_tokens)} (cache read ${exact(task.cache_read_tokens)}, cache creation ${exact(task.cache_creation_tokens)})`,
    ],
    ["Output", exact(task.output_tokens)],
    ["Total", exact(task.total_tokens)],
    ["Responses", exact(task.message_count)],
    ["Cache hits", percentText(task.cache_hit_ratio)],
    ["Duration", `${durationText(seconds * 1000)}, ${task.tokens_per_second.toFixed(1)} tokens/s`],
    ["Cost", `${costText(task.cost_estimate_usd, task.cost_is_partial)} (${ESTIMATE})`],
    ["Last", task.timestamp ?? "unknown"],
  ];
  if (task.also_mentioned.length > 0) rows.push(["Also named", task.also_mentioned.join(", ")]);
  if (task.retained_session_ids.length > 0) {
    rows.push(["Retained", `${task.retained_session_ids.join(", ")} (transcripts are gone; last figures)`]);
  }
  return rows;
}

/** Tasks, most tokens first. */
function tasksTable(tasks: Ledger["tasks"]): TextTable {
  const hasTeams = Object.values(tasks).some(({ team_id }) => team_id !== null);
  const sorted = Object.entries(tasks).sort(([a, x], [b, y]) => y.total_tokens - x.total_tokens || compareText(a, b));
  return {
    titles: [
      "Task",
      ...(hasTeams ? ["Team"] : []),
      "Model",
      "Total",
      "Input",
      "Output",
      "Cache hits",
      "Responses",
      "Duration",
      "Cost (est.)",
    ],
    names: hasTeams ? 3 : 2,
    spare: ["Responses", "Duration", "Team", "Cache hits", "Model", "Input", "Output"],
    rows: sorted.map(([id, task]) => [
      id,
      ...(hasTeams ? [task.team_id ?? ""] : []),
      task.model ?? "",
      exact(task.total_tokens),
      exact(task.input_tokens),
      exact(task.output_tokens),
      percentText(task.cache_hit_ratio),
      exact(task.message_count),
      durationText(task.duration_seconds * 1000),
      costText(task.cost_estimate_usd, task.cost_is_partial),
    ]),
  };
}

/** All tasks, for a terminal of some width or as Markdown; empty where there are none. */
export function tasksText(tasks: Ledger["tasks"], isMarkdown: boolean, width: number): string {
  const table = tasksTable(tasks);
  if (table.rows.length === 0) return "";
  return `${isMarkdown ? tableMarkdown(table) : tableText(table, width)}\nCosts: ${ESTIMATE}\n`;
}

export function summaryText(ledger: Ledger, isMarkdown: boolean, width: number): string {
  const { summary } = ledger;
  const top = Object.fromEntries(summary.top_consumers.map((id) => [id, ledger.tasks[id] as TaskEntry]));
  const lines = [
    `Tasks     ${exact(summary.total_tasks)}`,
    `Tokens    ${exact(summary.total_tokens)}`,
    `Average   ${exact(Math.round(summary.avg_tokens_per_task))} a task`,
    ...unmatchedLines(ledger),
  ].map((line) => (isMarkdown ? `- ${markdownText(line.trim().replace(/^([A-Z]\w+) +/, "$1: "))}` : line));
  return `${lines.join("\n")}\n${summary.total_tasks === 0 ? "" : `\n${tasksText(top, isMarkdown, width)}`}`;
}

export function unmatchedLines({ unmatched_sessions: unmatched }: Ledger): string[] {
  if (unmatched.length === 0) return [];
  const tokens = unmatched.reduce((sum, { total_tokens }) => sum + total_tokens, 0);
  const open = unmatched.filter(({ candidates }) => candidates.length > 0);
  return [
    `Unmatched ${exact(unmatched.length)} session${unmatched.length === 1 ? "" : "s"} of no task, ${exact(tokens)} tokens`,
    ...open.slice(0, 5).map(({ session_id, candidates }) => {
      return `          ${printable(session_id)}: ${candidates.map(printable).join(" or ")}? (tokensift tasks record says which)`;
    }),
  ];
}
