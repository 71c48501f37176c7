import { spawn } from "node:child_process";
import { describe, expect, test } from "vitest";
import { makeHome, response } from "./home.ts";
import { CLI, endOf, start } from "./tokensift.ts";

/** More than a pipe holds, so that the writer notices that nobody reads. */
const MANY = Array.from({ length: 2000 }, (_, n) => response({ agentName: `agent number ${n}`, cwd: "/srv/a" }));

describe("a closed pipe is a normal end", () => {
  test("for whoever reads one line", async () => {
    const home = makeHome(...MANY);
    const script = `"$0" "$1" --by agent --format ndjson | head -1; echo "\${PIPESTATUS[0]}"`;
    const shell = spawn("bash", ["-c", script, process.execPath, CLI], {
      env: { PATH: process.env["PATH"], HOME: home, TZ: "UTC" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { stdout, stderr } = await endOf(shell);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ totalTokens: 111 });
    expect({ exitCode: lines[1], stderr }).toEqual({ exitCode: "0", stderr: "" });
  });

  test("for whoever reads nothing, skipped lines or not", async () => {
    const child = start(["--by", "agent", "--json"], { home: makeHome(...MANY, "{damaged\n") });
    child.stdout?.destroy();
    expect(await endOf(child)).toMatchObject({ code: 0, signal: null, stderr: "" });
  });

  test("and on stderr there is nobody to tell", async () => {
    const child = start(["--json"], { home: makeHome(response(), "{damaged\n") });
    child.stderr?.destroy();
    const { code, stdout } = await endOf(child);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ stats: { skipped: { malformed: 1 } } });
  });

  test("--strict still ends with 1", async () => {
    const child = start(["--by", "agent", "--json", "--strict"], { home: makeHome(...MANY, "{damaged\n") });
    child.stdout?.destroy();
    expect(await endOf(child)).toMatchObject({ code: 1, stderr: "" });
  });
});
