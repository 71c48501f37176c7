/** The section about a task's tokens for a report, and how it gets into one. */
import { exact } from "../report/numbers.ts";
import type { AnomalyReport } from "./anomalies.ts";
import { costText } from "./show.ts";
import { markdownText } from "./text-table.ts";
import type { Ledger, TaskEntry } from "./types.ts";

export type Language = "en" | "ko";

const WORDS = {
  en: {
    title: "Token usage",
    head: ["", "Tokens"],
    input: "Input",
    output: "Output",
    cache: "Cache",
    total: "Total",
    cost: "Cost",
    estimate: "estimate, not a bill",
    atLeast: "at least",
    unpriced: "unknown (no price for the model)",
    model: "Model",
    duration: "Duration",
    compared: (times: string) => `${times}× the average task`,
    anomaly: "⚠️ stands out",
  },
  ko: {
    title: "토큰 사용량",
    head: ["", "토큰"],
    input: "입력",
    output: "출력",
    cache: "캐시",
    total: "합계",
    cost: "비용",
    estimate: "추정치이며 청구 금액이 아님",
    atLeast: "최소",
    unpriced: "알 수 없음 (모델 가격 없음)",
    model: "모델",
    duration: "소요 시간",
    compared: (times: string) => `평균 작업의 ${times}배`,
    anomaly: "⚠️ 이상치",
  },
} as const;

/** Markdown, ending in a line end. */
export function reportSection(
  id: string,
  { tasks, summary }: Ledger,
  anomalies: AnomalyReport,
  language: Language,
): string {
  const words = WORDS[language];
  const task = tasks[id] as TaskEntry;
  const cost =
    task.cost_estimate_usd === null
      ? words.unpriced
      : costText(task.cost_estimate_usd, task.cost_is_partial, words.atLeast);
  const rows = [
    [words.input, exact(task.input_tokens)],
    [words.output, exact(task.output_tokens)],
    [words.cache, exact(task.cache_tokens)],
    [words.total, exact(task.total_tokens)],
    [words.cost, `${cost} (${words.estimate})`],
    [words.model, markdownText(task.model ?? "–")],
    [words.duration, clock(task.duration_seconds)],
  ];
  const lines = [
    `## ${words.title}`,
    "",
    `| ${words.head.join(" | ")} |`,
    "| --- | --: |",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
  ];
  if (summary.avg_tokens_per_task > 0) {
    const isAnomaly = anomalies.anomalies.some(({ task_id }) => task_id === id);
    const times = (task.total_tokens / summary.avg_tokens_per_task).toFixed(1);
    lines.push("", `${words.compared(times)}${isAnomaly ? ` ${words.anomaly}` : ""}`);
  }
  return `${lines.join("\n")}\n`;
}

/** `1:02:03` */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

const BEGIN = "<!-- tokensift:token-usage:begin -->";
const END = "<!-- tokensift:token-usage:end -->";

/**
 * A report with the section between its marks: what stood there is replaced, and nothing else; without marks it goes to the end.
 * Undefined: the marks are not one pair in order, so nobody knows what is between them.
 */
export function insertSection(report: string, section: string): string | undefined {
  const eol = report.includes("\r\n") ? "\r\n" : "\n";
  const block = `${BEGIN}\n${section}${END}`.replaceAll("\n", eol);
  const [begins, ends] = [report.split(BEGIN).length - 1, report.split(END).length - 1];
  if (begins === 0 && ends === 0) {
    const gap = report === "" ? "" : report.endsWith(eol + eol) ? "" : report.endsWith(eol) ? eol : eol + eol;
    return `${report}${gap}${block}${eol}`;
  }
  const [begin, end] = [report.indexOf(BEGIN), report.indexOf(END)];
  if (begins !== 1 || ends !== 1 || end < begin) return undefined;
  return report.slice(0, begin) + block + report.slice(end + END.length);
}
