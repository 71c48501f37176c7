/** The ledger as Prometheus text. Gauges: sessions can be given to another task. */
import type { AnomalyReport } from "../ledger/anomalies.ts";
import { ESTIMATE } from "../ledger/cost.ts";
import type { Ledger, TaskEntry } from "../ledger/types.ts";
import type { Snapshot } from "./snapshot.ts";

export function metricsText(ledger: Ledger, anomalies: AnomalyReport, health: Snapshot["health"]): string {
  const tasks = Object.entries(ledger.tasks);
  const odd = new Set(anomalies.anomalies.map(({ task_id }) => task_id));
  const byTask = (value: (task: TaskEntry, id: string) => number | null) =>
    tasks.flatMap(([id, task]) => {
      const number = value(task, id);
      return number === null ? [] : [`{task="${label(id)}"} ${number}`];
    });
  const kinds = tasks.flatMap(
    ([id, { input_tokens, cache_tokens, cache_creation_tokens, cache_read_tokens, output_tokens }]) => {
      const disjoint = {
        input: input_tokens - cache_tokens,
        cache_creation: cache_creation_tokens,
        cache_read: cache_read_tokens,
        output: output_tokens,
      };
      return Object.entries(disjoint).map(([kind, tokens]) => `{task="${label(id)}",kind="${kind}"} ${tokens}`);
    },
  );
  const unmatched = ledger.unmatched_sessions;
  return [
    gauge("tokensift_task_tokens", "Tokens of a task; kinds are disjoint.", kinds),
    gauge(
      "tokensift_task_responses",
      "API responses of a task, each once.",
      byTask((task) => task.message_count),
    ),
    gauge(
      "tokensift_task_duration_seconds",
      "Duration of a task.",
      byTask((task) => task.duration_seconds),
    ),
    gauge(
      "tokensift_task_cost_usd",
      `Cost of a task: ${ESTIMATE}. What has no known price is missing.`,
      byTask((task) => task.cost_estimate_usd),
    ),
    gauge(
      "tokensift_task_anomaly",
      "Whether a task stands out: 1 or 0.",
      byTask((_, id) => (odd.has(id) ? 1 : 0)),
    ),
    gauge("tokensift_unmatched_sessions", "Sessions of no task.", [` ${unmatched.length}`]),
    gauge("tokensift_unmatched_tokens", "Tokens of sessions of no task.", [
      ` ${unmatched.reduce((sum, one) => sum + one.total_tokens, 0)}`,
    ]),
    gauge("tokensift_transcripts", "Transcripts found.", [` ${health.transcripts}`]),
    gauge(
      "tokensift_skipped_lines",
      "Lines not counted.",
      Object.entries(health.skipped).map(([reason, lines]) => `{reason="${reason}"} ${lines}`),
    ),
    gauge("tokensift_unreadable_files", "Files that could not be read.", [` ${health.unreadable}`]),
  ].join("");
}

function gauge(name: string, help: string, samples: readonly string[]): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${samples.map((sample) => `${name}${sample}\n`).join("")}`;
}

function label(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
