import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, renameSync, symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ScanResult } from "../../src/types.ts";
import { makeHome, response, TRANSCRIPT } from "./home.ts";
import { tokensift, type World } from "./tokensift.ts";

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

async function scan(home: string, world: World = {}): Promise<ScanResult> {
  const { code, stdout } = await tokensift(["scan", "--json"], { home, ...world });
  expect(code).toBe(0);
  return JSON.parse(stdout) as ScanResult;
}

describe("what is no transcript is passed over", () => {
  test("a FIFO, a folder and a text file among transcripts", async () => {
    const home = makeHome(response());
    const folder = `${home}/.claude/projects/-srv-app`;
    execFileSync("mkfifo", [`${folder}/fifo.jsonl`]);
    mkdirSync(`${folder}/folder.jsonl`);
    appendFileSync(`${folder}/notes.txt`, response());
    const { totals, stats, diagnostics } = await scan(home);
    expect([totals.totalTokens, stats.transcripts, diagnostics.unreadable]).toEqual([111, 1, []]);
  });

  test("a FIFO given by hand is an error, not a wait", async () => {
    const home = makeHome();
    execFileSync("mkfifo", [`${home}/fifo.jsonl`]);
    expect(await tokensift(["scan", `${home}/fifo.jsonl`])).toMatchObject({ code: 2, stdout: "" });
  });

  test("a device given by hand is an error", async () => {
    expect(await tokensift(["scan", "/dev/zero"])).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("links are followed once", () => {
  test("a loop", async () => {
    const home = makeHome(response());
    symlinkSync("..", `${home}/.claude/projects/-srv-app/loop`);
    symlinkSync(".", `${home}/.claude/projects/loop`);
    const { totals, stats } = await scan(home);
    expect([totals.totalTokens, stats.transcripts]).toEqual([111, 1]);
  });

  test("a second name for a file", async () => {
    const home = makeHome(response());
    symlinkSync(`${home}/${TRANSCRIPT}`, `${home}/.claude/projects/copy.jsonl`);
    expect((await scan(home)).stats.transcripts).toBe(1);
  });

  test("a root that is a link", async () => {
    const home = makeHome(response());
    renameSync(`${home}/.claude`, `${home}/elsewhere`);
    symlinkSync("elsewhere", `${home}/.claude`);
    expect((await scan(home)).totals.totalTokens).toBe(111);
  });

  test("one that leads nowhere is said", async () => {
    const home = makeHome(response());
    symlinkSync("nowhere", `${home}/.claude/projects/gone.jsonl`);
    const { stderr } = await tokensift(["--format", "csv"], { home });
    expect(stderr).toBe(`Could not read 1 file\n  ${home}/.claude/projects/gone.jsonl (ENOENT)\n`);
  });
});

describe.skipIf(!isRoot)("what may not be read is said, and everything else counts (needs root to try)", () => {
  test("a transcript", async () => {
    const home = makeHome(response());
    const secret = `${home}/.claude/projects/-srv-app/secret.jsonl`;
    appendFileSync(secret, response());
    chmodSync(secret, 0o000);
    chmodSync(home, 0o755);
    const { totals, diagnostics } = await scan(home, { user: NOBODY });
    expect(totals.totalTokens).toBe(111);
    expect(diagnostics.unreadable).toEqual([{ path: secret, code: "EACCES" }]);
  });

  test("a folder", async () => {
    const home = makeHome(response());
    const secret = `${home}/.claude/projects/-srv-secret`;
    mkdirSync(secret, { mode: 0o000 });
    chmodSync(home, 0o755);
    const { totals, diagnostics } = await scan(home, { user: NOBODY });
    expect(totals.totalTokens).toBe(111);
    expect(diagnostics.unreadable).toEqual([{ path: secret, code: "EACCES" }]);
  });

  test("the home itself", async () => {
    const home = makeHome(response());
    chmodSync(home, 0o700);
    const { code, stdout } = await tokensift(["--json"], { home, user: NOBODY });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rows: [] });
  });
});

test("paths by hand: a file, a folder, both at once, and relative ones", async () => {
  const home = makeHome(response());
  const totals = async (...paths: string[]) => {
    const { stdout } = await tokensift(["scan", ...paths, "--json"], { folder: home });
    return (JSON.parse(stdout) as ScanResult).totals.totalTokens;
  };
  expect(await totals(`${home}/${TRANSCRIPT}`)).toBe(111);
  expect(await totals(home)).toBe(111);
  expect(await totals(home, TRANSCRIPT)).toBe(111);
  expect(await totals(".claude")).toBe(111);
});
