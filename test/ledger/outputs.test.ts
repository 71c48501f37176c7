/** What leaves the ledger: the timers file, a report's section, anomalies on the command line. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { enrichText } from "../../src/ledger/enrich.ts";
import { insertSection } from "../../src/ledger/section.ts";
import type { TaskEntry } from "../../src/ledger/types.ts";
import { sessionId } from "../transcripts.ts";
import { sessionOf, taskHome } from "./home.ts";

const TASKS = {
  "task-1": { input_tokens: 1, output_tokens: 2, total_tokens: 3, cost_estimate_usd: 0.5 } as TaskEntry,
  "task-2": { input_tokens: 4, output_tokens: 5, total_tokens: 9, cost_estimate_usd: null } as TaskEntry,
};
const enrich = (text: string) => enrichText(text, "timers", TASKS);

describe("enrich", () => {
  test("adds token_usage and leaves every other byte", () => {
    const text =
      '{\n  "tasks": {\n    "10": {"x": 1.50e1},\n    "TASK-1": {\n      "start_time" : "…",\n      "n": 1.0\n    }\n  }, "b":[ ]\n}';
    const enriched = enrich(text).text;
    expect(enriched).toBe(
      text.replace(
        '"n": 1.0\n',
        '"n": 1.0,\n      "token_usage": {\n        "input_tokens": 1,\n        "output_tokens": 2,\n        "total_tokens": 3,\n        "cost_estimate_usd": 0.5\n      }\n',
      ),
    );
    expect(enrich(enriched)).toEqual({ text: enriched, entries: 1, stale: [] });
  });

  test.each([
    ["a list", '[{"task_id":"task-1"},{"task_id":"task-3"},5,{"task_id":"task-2","token_usage":{"old":1},"z":0}]'],
    ["a list of tasks", '{"tasks":[{"task_id":"task-1"},{"task_id":"task-2"}]}'],
    ["an object", '{"tasks":{"task-1":{},"task-2":{"token_usage":null}}}'],
    [
      "with CRLF, tabs and a byte order mark",
      '\uFEFF{\r\n\t"tasks": {\r\n\t\t"task-1": {\r\n\t\t\t"a": 1\r\n\t\t},\r\n\t\t"task-2": {}\r\n\t}\r\n}\r\n',
    ],
  ])("%s", (_, text) => {
    const { text: enriched, entries } = enrich(text);
    expect(entries).toBe(2);
    expect(enriched.startsWith("\uFEFF")).toBe(text.startsWith("\uFEFF"));
    expect(enriched.replaceAll("\r\n", "").includes("\n")).toBe(false);
    const plain = (json: string) => JSON.parse(json.replace("\uFEFF", "")) as { tasks: object };
    const without = (value: unknown) =>
      JSON.parse(
        JSON.stringify(value, (key, inner: unknown) => (key === "token_usage" ? undefined : inner)),
      ) as unknown;
    expect(without(plain(enriched))).toEqual(without(plain(text)));
    expect(JSON.stringify(plain(enriched))).toContain(
      '"token_usage":{"input_tokens":4,"output_tokens":5,"total_tokens":9,"cost_estimate_usd":null}',
    );
    expect(enrich(enriched).text).toBe(enriched);
  });

  test("a file that is not UTF-8 keeps every byte, and that is said", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") });
    const timers = join(home.home, "task-timers.json");
    const bytes = Buffer.from('{"tasks":{"task-1":{"note":"caf\u00e9"}}}', "latin1");
    writeFileSync(timers, bytes);
    const { code, stderr } = await home.run("tasks", "enrich", "--refresh");
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/task-timers.json is not UTF-8/) as string,
    });
    expect(readFileSync(timers)).toEqual(bytes);
  });

  test("of several entries with one key the last one counts, as for whoever reads the file", () => {
    const text = '{"tasks":{"task-9":{}},"tasks":{"task-1":{"a":1},"task-2":{},"task-1":{"b":1}}}';
    const { text: enriched, entries } = enrich(text);
    expect(entries).toBe(2);
    expect(JSON.parse(enriched)).toMatchObject({
      tasks: { "task-1": { b: 1, token_usage: { total_tokens: 3 } }, "task-2": { token_usage: { total_tokens: 9 } } },
    });
    expect(enriched).toContain('"task-1":{"a":1},');
    expect(enrich(enriched).text).toBe(enriched);
  });

  test("on the command line: atomic, with the file's mode, and idempotent", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") }, { "task-timers.json": '{"tasks":{"task-1":{}}}\n' });
    const path = join(home.home, "task-timers.json");
    const { mode } = statSync(path);
    expect((await home.run("tasks", "enrich", "--refresh")).code).toBe(0);
    const bytes = readFileSync(path, "utf8");
    expect(JSON.parse(bytes)).toEqual({
      tasks: {
        "task-1": {
          token_usage: { input_tokens: 101, output_tokens: 10, total_tokens: 111, cost_estimate_usd: 0.000305 },
        },
      },
    });
    expect(statSync(path).mode).toBe(mode);
    const { ino } = statSync(path);
    expect((await home.run("tasks", "enrich")).code).toBe(0);
    expect(statSync(path).ino).toBe(ino);
  });

  test("without a timers file, or with one that is none, it says so", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") }, { "bad.json": "{", "other.json": "{}" });
    await home.run("tasks", "scan");
    const errors = await Promise.all(
      [[], ["--timers", "bad.json"], ["--timers", "other.json"]].map((flags) => home.run("tasks", "enrich", ...flags)),
    );
    expect(errors.map(({ code }) => code)).toEqual([2, 2, 2]);
    expect(errors[0]?.stderr).toContain("task-timers.json is not there (give the timers file)");
    expect(errors[1]?.stderr).toContain("bad.json is not JSON");
    expect(errors[2]?.stderr).toContain('holds neither a list nor an object "tasks"');
  });
});

test("record --refresh scans first, so that the session is known", async () => {
  const home = taskHome({ 1: sessionOf(1, "task-1"), 2: sessionOf(2, "task-2") });
  const said = await home.run("tasks", "record", "--session", sessionId(2), "--task", "task-9", "--refresh", "--json");
  expect(said).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(said.stdout)).toEqual({ session_id: sessionId(2), task_id: "task-9", is_in_ledger: true });
  const { stdout } = await home.run("tasks", "summary", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ summary: { total_tokens: 222, top_consumers: ["task-1", "task-9"] } });
});

test("timers that are named have to be there, whoever asks", async () => {
  const home = taskHome({ 1: sessionOf(1, "task-1") });
  await home.run("tasks", "scan");
  for (const args of [["get", "--task", "task-1"], ["summary"], ["anomaly"], ["report", "--task", "task-1"]]) {
    expect((await home.run("tasks", ...args)).code, args[0]).toBe(0);
    expect(await home.run("tasks", ...args, "--timers", "nowhere.json"), args[0]).toMatchObject({
      code: 2,
      stdout: "",
      stderr: "tokensift: --timers: nowhere.json is not there (give the timers file)\n",
    });
  }
});

test("nor does a server begin without timers or a dispatch log that are named", async () => {
  const home = taskHome({ 1: sessionOf(1, "task-1") });
  expect(await home.run("serve", "--port", "0", "--timers", "nowhere.json")).toMatchObject({
    code: 2,
    stdout: "",
    stderr: "tokensift: --timers: nowhere.json is not there (give the timers file)\n",
  });
  expect(await home.run("serve", "--port", "0", "--dispatch-log", "nowhere.json")).toMatchObject({
    code: 2,
    stdout: "",
    stderr: "tokensift: --dispatch-log: nowhere.json cannot be read (ENOENT; give another file)\n",
  });
});

describe("report", () => {
  test("English and Korean", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1"), 2: sessionOf(2, "task-2", 3) });
    await home.run("tasks", "scan");
    const { stdout } = await home.run("tasks", "report", "--task", "task-2");
    expect(stdout).toBe(
      [
        "## Token usage",
        "",
        "|  | Tokens |",
        "| --- | --: |",
        "| Input | 303 |",
        "| Output | 30 |",
        "| Cache | 300 |",
        "| Total | 333 |",
        "| Cost | $0.0009 (estimate, not a bill) |",
        "| Model | claude-opus-4-6 |",
        "| Duration | 33:22:00 |",
        "",
        "1.5× the average task",
        "",
      ].join("\n"),
    );
    const korean = (await home.run("tasks", "report", "--task", "task-2", "--lang", "ko")).stdout;
    expect(korean).toContain("## 토큰 사용량");
    expect(korean).toContain("추정치이며 청구 금액이 아님");
  });

  test("an anomaly has a warning mark", async () => {
    const numbers = [1, 2, 3, 4, 5, 6];
    const home = taskHome(Object.fromEntries(numbers.map((n) => [n, sessionOf(n, `task-${n}`, n === 6 ? 40 : 1)])));
    await home.run("tasks", "scan");
    expect((await home.run("tasks", "report", "--task", "task-6")).stdout).toMatch(
      /5\.3× the average task ⚠️ stands out\n$/,
    );
    expect((await home.run("tasks", "report", "--task", "task-1")).stdout).not.toContain("⚠️");
    const found = await home.run("tasks", "anomaly", "--fail");
    expect(found).toMatchObject({ code: 1, stderr: "" });
    expect(found.stdout).toContain("6 tasks: 1 stands out. Costs are an estimate, not a bill.");
    expect((await home.run("tasks", "anomaly")).code).toBe(0);
    expect((await home.run("tasks", "anomaly", "--fail", "--threshold", "100")).code).toBe(0);
    expect((await home.run("tasks", "anomaly", "--fail", "--min-tasks", "7")).stdout).toBe(
      "6 tasks: too few to judge (--min-tasks 7)\n",
    );
    expect((await home.run("tasks", "anomaly", "--format", "md")).stdout).toContain("| Task | Why | Sessions |");
    const json = JSON.parse((await home.run("tasks", "anomaly", "--json")).stdout) as {
      anomalies: object[];
      note: string;
    };
    expect(json).toMatchObject({ note: "costs are an estimate, not a bill", anomalies: [{ task_id: "task-6" }] });
    expect((await home.run("tasks", "anomaly", "--format", "csv")).code).toBe(2);
  });

  test("--insert puts it at the end, then replaces what stands between the marks", async () => {
    const home = taskHome({ 1: sessionOf(1, "task-1") }, { "report.md": "# Report\r\n\r\ntext" });
    const path = join(home.home, "report.md");
    await home.run("tasks", "report", "--refresh", "--task", "task-1", "--insert", path);
    const once = readFileSync(path, "utf8");
    expect(once).toMatch(
      /^# Report\r\n\r\ntext\r\n\r\n<!-- tokensift:token-usage:begin -->\r\n## Token usage\r\n[^]*<!-- tokensift:token-usage:end -->\r\n$/,
    );
    writeFileSync(path, `${once.replace("| Total", "| Sum")}tail $& $1`);
    await home.run("tasks", "report", "--task", "task-1", "--insert", path);
    expect(readFileSync(path, "utf8")).toBe(`${once}tail $& $1`);
  });

  test("marks in disorder change nothing", () => {
    const whole = insertSection("a\n", "s\n") as string;
    expect(insertSection(whole, "s\n")).toBe(whole);
    expect(insertSection(whole + whole, "s\n")).toBeUndefined();
    expect(insertSection(whole.split("\n").toReversed().join("\n"), "s\n")).toBeUndefined();
    expect(insertSection("", "s\n")).toBe(
      "<!-- tokensift:token-usage:begin -->\ns\n<!-- tokensift:token-usage:end -->\n",
    );
  });
});
