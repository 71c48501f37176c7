/** `tokensift tasks anomaly`: which tasks stand out, and why. */
import {
  type AnomalyReport,
  DEFAULT_MIN_TASKS,
  DEFAULT_THRESHOLD,
  findAnomalies,
  type StandingOut,
} from "../ledger/anomalies.ts";
import { ESTIMATE } from "../ledger/cost.ts";
import { markdownText, tableMarkdown } from "../ledger/text-table.ts";
import { counted } from "../report/numbers.ts";
import { printable } from "../report/width.ts";
import { EXIT } from "./exit-code.ts";
import { currentLedger, isJson, type TaskRun, writeJson } from "./tasks.ts";
import { writeStdout } from "./terminal/streams.ts";

export async function showAnomalies(run: TaskRun): Promise<number> {
  const { threshold = DEFAULT_THRESHOLD, minTasks = DEFAULT_MIN_TASKS, fail, format } = run.settings;
  const asJson = isJson(run);
  const { ledger, exitCode } = await currentLedger(run);
  const report = findAnomalies(ledger, { threshold, minTasks });
  if (asJson) await writeJson({ note: `costs are an ${ESTIMATE}`, ...report });
  else await writeStdout(format === "md" ? markdownOf(report) : textOf(report));
  return fail && report.anomalies.length > 0 ? EXIT.found : exitCode;
}

function textOf(report: AnomalyReport): string {
  const lines = [headline(report)];
  for (const [title, some] of groupsOf(report)) {
    lines.push("", title);
    for (const { task_id, reasons } of some) {
      lines.push(`  ${printable(task_id)}`);
      for (const { sentence, session_ids } of reasons)
        lines.push(`    ${printable(sentence)}`, `      look at ${sessionsText(session_ids)}`);
    }
  }
  return `${lines.join("\n")}\n`;
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
