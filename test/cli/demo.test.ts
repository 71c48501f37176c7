import { describe, expect, test } from "vitest";
import type { ScanResult } from "../../src/types.ts";
import { makeFolder } from "../transcripts.ts";
import { makeHome, response } from "./home.ts";
import { tokensift } from "./tokensift.ts";

const LABEL = "Demo: invented transcripts that come with tokensift, not yours\n";

describe("the demo", () => {
  test("is scanned when asked for, and says what it is", async () => {
    const { code, stdout, stderr } = await tokensift(["scan", "--demo"], { home: makeHome(response()) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.startsWith(LABEL)).toBe(true);
    expect(stdout).toContain("claude-sonnet-4-6");
  });

  test("says so on stderr where a program reads the result", async () => {
    expect(await tokensift(["--demo", "--json"])).toMatchObject({ code: 0, stderr: LABEL });
  });

  test("has two projects, two days, three models, a subagent and a team, all figures in order", async () => {
    const keys = async (by: string) => {
      const { stdout } = await tokensift(["scan", "--demo", "--json", "--by", by, "--sort", "key"]);
      const { rows, stats, diagnostics } = JSON.parse(stdout) as ScanResult;
      expect(stats.skipped).toEqual({ malformed: 0, oversized: 0, pending: 0 });
      expect(diagnostics).toMatchObject({ unreadable: [], responsesWithoutTime: 0, lowOutputResponses: {} });
      return rows.map(({ key }) => Object.values(key)[0]);
    };
    expect(await keys("project")).toEqual(["/srv/demo/docs", "/srv/demo/shop"]);
    expect(await keys("day")).toEqual(["2026-06-01", "2026-06-02"]);
    expect(await keys("model")).toEqual(["claude-haiku-4-5-20251001", "claude-opus-4-6", "claude-sonnet-4-6"]);
    expect(await keys("agent")).toEqual(["Explore", "editor", "main"]);
    expect(await keys("team")).toEqual([null, "writers"]);
  });

  test("--or-demo is the demo on an empty machine", async () => {
    const { code, stdout, stderr } = await tokensift(["scan", "--or-demo"], { home: makeFolder() });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^No transcripts found\. Looked in:\n(.*\n)+\nSo here is the demo that comes with tokensift\.\n\n$/,
    );
    expect(stdout.startsWith(LABEL)).toBe(true);
  });

  test("--or-demo is a scan on any other", async () => {
    const home = makeHome(response());
    expect(await tokensift(["scan", "--or-demo"], { home })).toEqual(await tokensift(["scan"], { home }));
  });
});
