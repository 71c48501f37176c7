/** Names from transcripts and paths, which others may have written, on a terminal: in every form, on both streams. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeHome, response } from "./home.ts";
import { tokensift } from "./tokensift.ts";

/** Colours, a screen cleared by one character, a bell, and turned writing. */
const HOSTILE = "a\u001B[31m\u009B2J\u0007\u007F\u202E\u061C\u2066z";
// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/;

const home = () =>
  makeHome(
    response({ gitBranch: HOSTILE, agentName: HOSTILE, cwd: `/srv/${HOSTILE}` }),
    `{"type":"user","sessionId":"5e55105e-0000-4000-8000-000000000001","message":{"role":"user","content":"task-1"}}\n`,
  );

test.each([
  ["scan", "--by", "branch,agent,project,model"],
  ["scan", "--by", "branch,agent,project,model", "--json"],
  ["scan", "--by", "branch,agent,project,model", "--format", "ndjson"],
  ["scan", "--by", "branch,agent,project,model", "--format", "csv"],
  ["scan", "--by", "branch,agent,project,model", "--format", "md"],
  ["scan", `no such path ${HOSTILE}`],
  ["scan", "--timezone", HOSTILE],
  [`no such command ${HOSTILE}`],
  ["prices", "explain"],
  ["prices", "explain", "--json"],
  ["tasks", "scan", "--ledger", `${HOSTILE}.json`],
  ["tasks", "scan", "--ledger", "ledger.json", "--json"],
  ["run", "state.json"],
  ["sources", "--json"],
])("no sign that a terminal obeys comes out of it: %s %s %s %s %s", async (...args) => {
  const folder = home();
  writeFileSync(join(folder, "state.json"), JSON.stringify({ runDirectoryPath: HOSTILE, lead: { sessionId: "s" } }));
  const { stdout, stderr } = await tokensift(args, { home: folder, folder });
  expect(stdout + stderr).not.toBe("");
  expect(OBEYED.exec(stdout)?.[0]).toBeUndefined();
  expect(OBEYED.exec(stderr)?.[0]).toBeUndefined();
});

test("JSON has the names as they are all the same", async () => {
  const { stdout } = await tokensift(["scan", "--by", "branch", "--json"], { home: home() });
  expect((JSON.parse(stdout) as { rows: unknown }).rows).toMatchObject([{ key: { branch: HOSTILE } }]);
});

test("what could not run is one line, whatever a name holds", async () => {
  const { stderr } = await tokensift(["scan", "one\ntwo"], { home: home() });
  expect(stderr).toMatch(/^tokensift: no such .*one�two[^\n]*\n$/);
});

test("in Markdown a name is text, whatever it holds", async () => {
  const name = "/srv/a&lt;b|c`d*e_f<g>[h](i)\\j";
  const { stdout } = await tokensift(["scan", "--by", "project", "--format", "md"], {
    home: makeHome(response({ cwd: name })),
  });
  expect(stdout.split("\n")[2]).toMatch(/^\| \/srv\/a\\&lt;b\\\|c\\`d\\\*e\\_f\\<g\\>\\\[h\\\]\(i\)\\\\j \| 1 \| /);
});
