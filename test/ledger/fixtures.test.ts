/** Tasks whose figures were computed by hand: `fixtures/tasks/CASE/why.md`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { AnomalyReport } from "../../src/ledger/anomalies.ts";
import type { Ledger } from "../../src/ledger/types.ts";
import type { ScanResult } from "../../src/types.ts";
import { FIXTURES, tokensift } from "../cli/tokensift.ts";
import { makeFolder, sessionId } from "../transcripts.ts";

interface Expected extends Pick<AnomalyReport, "anomalies" | "notable" | "not_judged"> {
  readonly summary: object;
  readonly tasks: Readonly<Record<string, object>>;
}

const root = join(FIXTURES, "tasks");
const cases = readdirSync(root).map((name) => {
  const [title] = readFileSync(join(root, name, "why.md"), "utf8").split("\n");
  const expected = JSON.parse(readFileSync(join(root, name, "figures.json"), "utf8")) as Expected;
  return { name, title, expected, home: join(root, name, "home") };
});

/** Numbers to three digits behind the point, as they are computed by hand, and sessions by number. */
function rounded(value: unknown, key = ""): unknown {
  if (typeof value === "number" && key === "session_ids") return sessionId(value);
  if (typeof value === "number") return Math.round(value * 1e3) / 1e3;
  if (Array.isArray(value)) return value.map((one) => rounded(one, key));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== "sentence");
  return Object.fromEntries(entries.map(([name, one]) => [name, rounded(one, name)]));
}

describe.each(cases)("$name: $title", ({ expected, home }) => {
  async function run<T>(...args: string[]): Promise<T> {
    const folder = makeFolder();
    const variables = { TOKENSIFT_LEDGER: join(folder, "ledger.json"), TOKENSIFT_CACHE_DIR: join(folder, "cache") };
    const { code, stdout, stderr } = await tokensift([...args, "--json", "--quiet"], { home, folder, variables });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return JSON.parse(stdout) as T;
  }

  test("the ledger's figures are as computed by hand, and those of scan --by task", async () => {
    const { summary, tasks, unmatched_sessions } = await run<Ledger>("tasks", "scan");
    expect(rounded(summary)).toEqual(rounded(expected.summary));
    expect(rounded(tasks)).toMatchObject(expected.tasks);
    expect(unmatched_sessions).toEqual([]);
    const { rows } = await run<ScanResult>("scan", "--by", "task");
    expect(Object.fromEntries(rows.map(({ key, totalTokens }) => [key.task, totalTokens]))).toEqual(
      Object.fromEntries(Object.entries(tasks).map(([id, { total_tokens }]) => [id, total_tokens])),
    );
  });

  test("what stands out, and by which figures, is as computed by hand", async () => {
    const report = await run<AnomalyReport>("tasks", "anomaly", "--refresh");
    expect(rounded(report.anomalies)).toEqual(rounded(expected.anomalies));
    expect(rounded(report.notable)).toEqual(rounded(expected.notable));
    expect(report.not_judged).toEqual(expected.not_judged);
    const reasons = [...report.anomalies, ...report.notable].flatMap((task) => task.reasons);
    expect(reasons.every(({ sentence }) => /^[a-z0-9].{20,}/.test(sentence))).toBe(true);
  });
});

test("at a glance: a table of what stands out, the figures below it", async () => {
  const folder = makeFolder();
  const variables = {
    TOKENSIFT_LEDGER: join(folder, "ledger.json"),
    TOKENSIFT_CACHE_DIR: join(folder, "cache"),
    COLUMNS: "80",
  };
  const home = join(root, "signals/home");
  const { stdout } = await tokensift(["tasks", "anomaly", "--refresh", "--quiet"], { home, folder, variables });
  expect(stdout).toBe(`9 tasks: 1 stands out. Costs are an estimate, not a bill.

Task    Is       By                    Tokens  x others
task-9  anomaly  tokens               563,200     170.7
task-9  notable  output               563,200     170.7
task-8  notable  speed, cache misses    8,800       0.1
task-6  notable  speed                  4,400       0.1

Anomalies
  task-9
    tokens in total: 563k, 170.7 times the mean of the others, 3.30k (robust z 5.4)
      look at ${sessionId(9)}

Notable (high, but not sure enough)
  task-9
    output tokens: 51.2k, 170.7 times the mean of the others, 300 (robust z 5.4; an anomaly's is above 7.0 among so few)
      look at ${sessionId(9)}
  task-8
    tokens a second: 281.6, 8.0 times the mean of the others, 35.1 (robust z 1.3)
      look at ${sessionId(8)}
    input not read from the cache: 20.0 %, 1.8 times the mean of the others, 11.0 % (robust z 4.6)
      look at ${sessionId(8)}
  task-6
    tokens a second: 140.8, 2.7 times the mean of the others, 52.7 (robust z 1.0)
      look at ${sessionId(6)}

Not judged, since fewer than 5 tasks have any: cost
`);
});

test("every shape and every signal is in one of the fixtures", () => {
  const kinds = new Set(
    cases.flatMap(({ expected }) => expected.anomalies.flatMap(({ reasons }) => reasons.map(({ kind }) => kind))),
  );
  for (const kind of [
    "repeated_dispatch",
    "fan_out",
    "subagent_depth",
    "retry_loop",
    "cache_write_storm",
    "total_tokens",
  ]) {
    expect(kinds).toContain(kind);
  }
});
