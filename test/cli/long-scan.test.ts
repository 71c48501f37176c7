/** What happens while a scan takes its time: progress, and Ctrl-C. */
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeFolder } from "../transcripts.ts";
import { response } from "./home.ts";
import { hasTerminal, onTerminal } from "./terminal.ts";
import { endOf, start } from "./tokensift.ts";

/** A scan of half of so much takes a second at least, on fast machines too: many small blocks, all of which have to be looked at. */
const FILE_BYTES = 100e6;
const FILES = 40;
const BLOCKS = Array.from({ length: 30 }, () => ({ type: "text", text: "\n" }));
/** A scan that has read so much of its 4 GB is under way. */
const SCANNING_BYTES = 64e6;
const CLEAR_LINE = "\r\x1B[K";
const LONGEST_MS = 200;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(`${tmpdir()}/tokensift-big-`);
  const filler = `${JSON.stringify({ type: "attachment", message: { content: BLOCKS } })}\n`;
  const text = filler.repeat(FILE_BYTES / filler.length) + response();
  // One file under many names takes the room of one.
  for (let n = 0; n < FILES; n++) {
    const path = `${folder}/${n % 2 === 0 ? "half" : "rest"}/${n}.jsonl`;
    mkdirSync(dirname(path), { recursive: true });
    if (n === 0) writeFileSync(path, text);
    else linkSync(`${folder}/half/0.jsonl`, path);
  }
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Waits until the system says that a process has read a good deal; where it does not say, for long enough. */
async function isScanning(pid: number | undefined): Promise<void> {
  const path = `/proc/${pid}/io`;
  if (!existsSync(path)) return wait(500);
  const bytesRead = () => Number(/^rchar: (\d+)/m.exec(readFileSync(path, "utf8"))?.[1]);
  while (bytesRead() < SCANNING_BYTES) await wait(5);
}

describe("a signal ends a scan at once, and leaves no file", () => {
  test.each([
    ["SIGINT", 130, "0"],
    ["SIGINT", 130, "1"],
    ["SIGINT", 130, "2"],
    ["SIGTERM", 143, "2"],
  ] as const)("%s: %i, with %s threads", async (signal, code, threads) => {
    const target = makeFolder();
    const child = start(["scan", folder, "--json", "--threads", threads, "--output", `${target}/out.json`]);
    const ended = endOf(child);
    await isScanning(child.pid);
    const sentMs = performance.now();
    child.kill(signal);
    const ending = await ended;
    const tookMs = performance.now() - sentMs;
    expect(ending).toEqual({ code, signal: null, stdout: "", stderr: "" });
    expect(readdirSync(target)).toEqual([]);
    expect(tookMs).toBeLessThan(LONGEST_MS);
  });

  test("before the scan has begun, too", async () => {
    const child = start(["scan", folder, "--json"]);
    const ended = endOf(child);
    await wait(20);
    child.kill("SIGINT");
    const { code, signal, stdout } = await ended;
    // A shell shows both as 130.
    expect(signal === "SIGINT" || code === 130).toBe(true);
    expect(stdout).toBe("");
  });
});

describe.skipIf(!hasTerminal)("progress (needs util-linux's script to try)", () => {
  test("says how far it is and how long it will take, and goes away", async () => {
    const text = await onTerminal(`scan ${folder}/half --no-color --threads 0`, "/nonexistent");
    const [before, ...lines] = text.split(CLEAR_LINE);
    expect(before).toBe("");
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines.slice(0, -1)) {
      expect(line).toMatch(/^[━╌]{20} [\d.]+ [kMG]B of 2\.0 GB, \d+ MB\/s, (?:\d+ min )?\d+ s left$/);
    }
    expect(lines.at(-1)).toMatch(/^Tokens by source and model/);
  });

  test.each([
    ["--no-progress", "--no-progress", {}],
    ["--quiet", "--quiet", {}],
    ["CI", "", { CI: "true" }],
    ["a dumb terminal", "", { TERM: "dumb" }],
  ] as const)("is not there with %s", async (_, flag, variables) => {
    const text = await onTerminal(`scan ${folder}/half --no-color --threads 0 ${flag}`, "/nonexistent", variables);
    expect(text).not.toContain(CLEAR_LINE);
  });

  test("is there wherever transcripts are read: for sources, and for cache verify", async () => {
    const home = makeFolder();
    mkdirSync(`${home}/.claude`);
    symlinkSync(`${folder}/half`, `${home}/.claude/projects`);
    const variables = { TOKENSIFT_CACHE_DIR: makeFolder() };
    for (const command of ["sources --source claude", "cache verify"]) {
      const [before, ...lines] = (await onTerminal(`${command} --threads 0`, home, variables)).split(CLEAR_LINE);
      expect(before).toBe("");
      expect(lines.length).toBeGreaterThan(1);
      expect(lines[0]).toMatch(/^[━╌]{20} [\d.]+ [kMG]B of 2\.0 GB, /);
      expect(lines.at(-1)).toMatch(/^(?:claude: 20 transcripts|20 cursors compared)/);
    }
    const quietly = await onTerminal("cache verify --threads 0 --no-progress", home, variables);
    expect(quietly).not.toContain(CLEAR_LINE);
  });

  test("is not there where stderr is no terminal", async () => {
    expect(await endOf(start(["scan", `${folder}/half`, "--json", "--threads", "0"]))).toMatchObject({
      code: 0,
      stderr: "",
    });
  });
});
