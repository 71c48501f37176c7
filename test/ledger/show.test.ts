/** What people and programs see of tasks. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { costText } from "../../src/ledger/show.ts";
import { tableText } from "../../src/ledger/text-table.ts";
import { widthOf } from "../../src/report/width.ts";
import { tokensift } from "../cli/tokensift.ts";
import { message, sessionOf, taskHome } from "./home.ts";
import { response } from "../transcripts.ts";

describe("a table of tasks", () => {
  const home = () =>
    taskHome({
      1: [message("task-1"), response(1, { teamName: "개발팀-dev1-team" }, { cache_read_input_tokens: 1_000_000 })],
      2: sessionOf(2, "task-2"),
    });
  const columns = async (width: number, ...args: string[]) => {
    const { home: folder, ledger } = home();
    const variables = {
      COLUMNS: String(width),
      TOKENSIFT_LEDGER: ledger,
      TOKENSIFT_CACHE_DIR: join(folder, "cache"),
    };
    return (await tokensift(["tasks", ...args], { home: folder, folder, variables })).stdout;
  };

  test.each([80, 60, 40])("fits %i columns, and says what it left out", async (width) => {
    for (const args of [["scan"], ["summary", "--refresh"]]) {
      const lines = (await columns(width, ...args)).split("\n");
      const table = lines.filter((line) => /^task/i.test(line) && !line.startsWith("Tasks "));
      expect(table).toHaveLength(3);
      expect(Math.max(...table.map(widthOf))).toBeLessThanOrEqual(width);
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^Left out to fit ${width} columns: responses`)));
      expect(lines).toContain("Costs: estimate, not a bill");
    }
  });

  test("says everything where there is room, and teams only where there are any", async () => {
    const wide = await columns(200, "scan");
    expect(wide).toMatch(
      /^Task {4}Team +Model +Total +Input +Output +Cache hits +Responses +Duration +Cost \(est\.\)\n/,
    );
    expect(wide).not.toContain("Left out");
    const { run } = taskHome({ 1: sessionOf(1, "task-1") });
    expect((await run("tasks", "scan")).stdout).toMatch(/^Task +Model/);
    expect((await run("tasks", "summary", "--format", "md")).stdout).toMatch(/\n\nCosts: estimate, not a bill\n$/);
  });

  test("cuts long ids last", () => {
    const table = {
      titles: ["Task", "A", "B"],
      names: 1,
      rows: [["task-".padEnd(90, "1"), "12", "3"]],
      spare: ["B", "None"],
    };
    expect(tableText(table, 30)).toBe(
      `Task${" ".repeat(24)} A\ntask-111111111111…11111111  12\n\nLeft out to fit 30 columns: b.\n`,
    );
  });
});

test("whatever shows a cost says that it is an estimate", async () => {
  const { run } = taskHome({ 1: sessionOf(1, "task-1") });
  for (const args of [
    ["scan", "--json"],
    ["get", "--task", "task-1", "--json"],
    ["get", "--task", "task-1"],
    ["summary", "--json"],
    ["summary", "--format", "md"],
    ["scan"],
    ["anomaly"],
    ["anomaly", "--json"],
    ["report", "--task", "task-1"],
  ]) {
    const { stdout } = await run("tasks", ...args);
    expect(stdout, args.join(" ")).toMatch(/estimate, not a bill|too few to judge/);
  }
});

describe("Markdown", () => {
  test("of one task too", async () => {
    const { run } = taskHome({ 1: sessionOf(1, "task-1") });
    await run("tasks", "scan");
    const { stdout } = await run("tasks", "get", "--task", "task-1", "--format", "md");
    const lines = stdout.trimEnd().split("\n");
    expect(lines.slice(0, 3)).toEqual(["|  |  |", "| --- | --- |", "| Task | task-1 |"]);
    expect(lines.every((line) => /^\|.*\|$/.test(line))).toBe(true);
    expect(lines).toContain("| Total | 111 |");
    expect(stdout).toContain("(estimate, not a bill)");
  });

  test("of a summary has a name before each figure", async () => {
    const { run } = taskHome({ 1: sessionOf(1, "task-1"), 2: sessionOf(2, "nothing") });
    const { stdout } = await run("tasks", "summary", "--refresh", "--format", "md");
    expect(stdout.split("\n").slice(0, 4)).toEqual([
      "- Tasks: 1",
      "- Tokens: 111",
      "- Average: 111 a task",
      "- Unmatched: 1 session of no task, 111 tokens",
    ]);
  });

  test("of a report in Korean has no English", async () => {
    const { run } = taskHome({
      1: [message("task-1"), response(1), response(2, {}, {}, { model: "a model without a price" })],
    });
    await run("tasks", "scan");
    const costOf = async (...flags: string[]) =>
      (await run("tasks", "report", "--task", "task-1", ...flags)).stdout
        .split("\n")
        .find((line) => line.includes("$"));
    expect(await costOf()).toBe("| Cost | at least $0.0003 (estimate, not a bill) |");
    expect(await costOf("--lang", "ko")).toBe("| 비용 | 최소 $0.0003 (추정치이며 청구 금액이 아님) |");
  });
});

test("signs of control from a transcript reach no terminal", async () => {
  const esc = "\u001B[31m";
  const { run } = taskHome({ 1: sessionOf(1, `task-${esc}x\u202E`) });
  const pattern = ["--task-pattern", "task-.*"];
  for (const args of [
    ["scan", ...pattern],
    ["summary"],
    ["get", "--task", "task-?"],
    ["anomaly", "--min-tasks", "3"],
  ]) {
    const { stdout, stderr } = await run("tasks", ...args);
    expect(
      [..."\u001B\u202E"].filter((sign) => (stdout + stderr).includes(sign)),
      args.join(" "),
    ).toEqual([]);
  }
  const id = `task-${esc}x\u202e`;
  const { code, stdout } = await run("tasks", "report", "--task", id);
  expect([code, stdout.includes("\u001B")]).toEqual([0, false]);
  expect((await run("tasks", "get", "--task", id)).stdout).not.toContain("\u001B");
});

test("names that every object has are names like any other", async () => {
  const { run } = taskHome({
    1: [message("task-1"), response(1, {}, {}, { model: "constructor" }), response(2, {}, {}, { model: "__proto__" })],
    2: [message("toString"), response(5, {}, {}, { model: "7" }), response(6), response(7)],
  });
  for (const [session, task] of [
    ["__proto__", "constructor"],
    ["constructor", "__proto__"],
  ] as const) {
    const { stdout } = await run("tasks", "record", "--session", session, "--task", task, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ is_in_ledger: false });
  }
  const scan = await run("tasks", "scan", "--json", "--task-pattern", "task-1|toString");
  const { tasks } = JSON.parse(scan.stdout) as { tasks: Record<string, { models: object; model: string }> };
  expect(Object.entries(tasks["task-1"]?.models ?? {})).toEqual([
    ["__proto__", 111],
    ["constructor", 111],
  ]);
  // A name that is a number comes first in every object, whatever it consumed.
  expect(tasks["tostring"]).toMatchObject({ model: "claude-opus-4-6", models: { "7": 111, "claude-opus-4-6": 222 } });
  expect(await run("tasks", "get", "--task", "constructor")).toMatchObject({ code: 2 });
});

test.each([
  [0, false, "$0.0000"],
  [0.00004, false, "<$0.0001"],
  [0.00004, true, "at least $0.0000"],
  [0.0123, false, "$0.0123"],
  [1234567.891, false, "$1,234,567.89"],
  [1234.5, true, "at least $1,234.50"],
  [null, true, "unpriced"],
])("a cost of %s (partial: %s) is shown as %s", (usd, isPartial, text) => {
  expect(costText(usd, isPartial)).toBe(text);
});
