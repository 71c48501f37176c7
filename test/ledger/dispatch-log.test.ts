/** Dispatch logs: `task_id` and `session_id` or `cron_response.id`, in JSON or JSONL. */
import { describe, expect, test } from "vitest";
import { readDispatchLog } from "../../src/ledger/dispatch-log.ts";
import { makeFolder, sessionId } from "../transcripts.ts";
import { sessionOf, taskHome } from "./home.ts";

const read = (text: string) => readDispatchLog(`${makeFolder({ log: text })}/log`);
const entry = { task_id: " Task-1 ", session_id: "s" };
const cron = { task_id: "task-2", cron_response: { id: "c" } };
const both = [
  ["s", ["task-1"]],
  ["c", ["task-2"]],
];

describe("a dispatch log", () => {
  test.each<[string, string]>([
    ["a list", JSON.stringify([entry, cron])],
    ["lines", `${JSON.stringify(entry)}\r\n\n${JSON.stringify(cron)}`],
    ["an object with a list", JSON.stringify({ version: 1, dispatches: [entry, cron] })],
    ["an object by task", JSON.stringify({ "task-1": { session_id: "s" }, "task-2": { cron_response: { id: "c" } } })],
    ["with a byte order mark", `\uFEFF${JSON.stringify([entry, cron])}`],
    [
      "ids of sessions that are none",
      JSON.stringify([
        { ...entry, cron_response: { id: "x" } },
        { ...cron, session_id: "" },
      ]),
    ],
    ["and null ones", JSON.stringify([entry, { ...cron, session_id: null }, { task_id: "", session_id: "z" }])],
  ])("%s", (_, text) => expect([...read(text).tasks]).toEqual(both));

  test("damaged lines cost only themselves, and are said", async () => {
    const text = `{"task_id":\n${JSON.stringify({ task_id: "task-9", session_id: sessionId(1) })}\n`;
    const home = taskHome({ 1: sessionOf(1, "task-1") }, { "log.jsonl": text });
    const { code, stderr } = await home.run("tasks", "scan", "--dispatch-log", "log.jsonl");
    expect(code).toBe(0);
    expect(stderr).toContain("tokensift: log.jsonl: passed over 1 line that is not JSON (the first is line 1)\n");
    const { stdout } = await home.run("tasks", "get", "--task", "task-9", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ matched_by: "dispatch_log", total_tokens: 111 });
  });
});
