/** `tokensift tasks anomaly`: which tasks stand out, and why. */
import {
  type AnomalyReport,
  DEFAULT_MIN_TASKS,
  DEFAULT_THRESHOLD,
  findAnomalies,
  type ReasonKind,
  type StandingOut,
} from "../ledger/anomalies.ts";
import { ESTIMATE } from "../ledger/cost.ts";
import { markdownText, tableMarkdown, tableText, type TextTable } from "../ledger/text-table.ts";
import type { Ledger } from "../ledger/types.ts";
import { counted, exact } from "../report/numbers.ts";
import { printable } from "../report/printable.ts";
import { EXIT } from "./exit-code.ts";
import { currentLedger } from "./task-ledger.ts";
import { isJson, type TaskRun, widthOfOutput, writeJson } from "./task-run.ts";
import { writeStdout } from "./terminal/streams.ts";

export async function showAnomalies(run: TaskRun): Promise<number> {
  const { threshold = DEFAULT_THRESHOLD, minTasks = DEFAULT_MIN_TASKS, fail, format } = run.settings;
  const asJson = isJson(run);
  const { ledger, exitCode } = await currentLedger(run);
  const report = findAnomalies(ledger, { threshold, minTasks });
  if (asJson) await writeJson({ note: `costs are an ${ESTIMATE}`, ...report });
  else {
    await writeStdout(format === "md" ? markdownOf(report) : textOf(report, ledger, widthOfOutput(run)));
  }
  return fail && report.anomalies.length > 0 ? EXIT.found : exitCode;
}

/** A table at a glance, then why. */
function textOf(report: AnomalyReport, ledger: Ledger, width: number): string {
  const lines = [headline(report)];
  const table = glance(report, ledger);
  if (table.rows.length > 0) lines.push("", tableText(table, width).trimEnd());
  for (const [title, some] of groupsOf(report)) {
    lines.push("", title);
    for (const { task_id, reasons } of some) {
      lines.push(`  ${printable(task_id)}`);
      for (const { sentence, session_ids } of reasons)
        lines.push(`    ${printable(sentence)}`, `      look at ${sessionsText(session_ids)}`);
    }
  }
  const { too_few, not_judged, min_tasks } = report;
  const unjudged = not_judged.map((kind) => WORDS[kind]).join(", ");
  if (!too_few && unjudged !== "")
    lines.push("", `Not judged, since fewer than ${min_tasks} tasks have any: ${unjudged}`);
  return `${lines.join("\n")}\n`;
}

const WORDS: Readonly<Record<ReasonKind, string>> = {
  total_tokens: "tokens",
  output_tokens: "output",
  cost: "cost",
  tokens_per_second: "speed",
  low_cache_hit_ratio: "cache misses",
  repeated_dispatch: "dispatched again",
  fan_out: "fan-out",
  subagent_depth: "depth",
  retry_loop: "retries",
  cache_write_storm: "cache writes",
};

function glance(report: AnomalyReport, { tasks, summary }: Ledger): TextTable {
  const others = summary.total_tasks - 1;
  const rows = [...report.anomalies.map(is("anomaly")), ...report.notable.map(is("notable"))];
  return { titles: ["Task", "Is", "By", "Tokens", "x others"], names: 3, rows };

  function is(what: string) {
    return ({ task_id, reasons }: StandingOut): string[] => {
      const tokens = tasks[task_id]?.total_tokens ?? 0;
      const mean = (summary.total_tokens - tokens) / others;
      const by = [...new Set(reasons.map(({ kind }) => WORDS[kind]))].join(", ");
      return [task_id, what, by, exact(tokens), mean > 0 ? (tokens / mean).toFixed(1) : ""];
    };
  }
}

function markdownOf(report: AnomalyReport): string {
  const parts = groupsOf(report).map(([title, some]) => {
    const rows = some.flatMap(({ task_id, reasons }) =>
      reasons.map(({ sentence, session_ids }) => [task_id, sentence, sessionsText(session_ids)]),
    );
    return `\n### ${title}\n\n${tableMarkdown({ titles: ["Task", "Why", "Sessions"], names: 3, rows })}`;
  });
  return `${markdownText(headline(report))}\n${parts.join("")}`;
}

function headline({ tasks, min_tasks, too_few, anomalies }: AnomalyReport): string {
  if (too_few) return `${counted(tasks, "task")}: too few to judge (--min-tasks ${min_tasks})`;
  const what =
    anomalies.length === 0
      ? "none stands out"
      : anomalies.length === 1
        ? "1 stands out"
        : `${anomalies.length} stand out`;
  return `${counted(tasks, "task")}: ${what}. Costs are an ${ESTIMATE}.`;
}

function groupsOf({ anomalies, notable }: AnomalyReport): Array<readonly [string, readonly StandingOut[]]> {
  const groups = [
    ["Anomalies", anomalies],
    ["Notable (high, but not sure enough)", notable],
  ] as const;
  return groups.filter(([, some]) => some.length > 0);
}

const MOST_SESSIONS = 5;

function sessionsText(ids: readonly string[]): string {
  const shown = ids.slice(0, MOST_SESSIONS).map(printable).join(", ");
  return ids.length > MOST_SESSIONS ? `${shown} and ${ids.length - MOST_SESSIONS} more` : shown;
}
