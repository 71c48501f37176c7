/** What V8 compiled is kept beside the cursors: it makes a start shorter, and must never make it another. */
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Script } from "node:vm";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { readCode, type StoredCode, writeCode } from "../../src/code-cache/file.ts";
import { codeIn, copyOfOurs, damagesOf, freshCache, inflict, pathOf, stampsOf } from "./code.ts";
import { CLI, type Ending, tokensift } from "./tokensift.ts";

const SCAN = ["scan", "--json", "--no-progress", "--threads", "0"];
const FIRST_RUNS = 3;
const runs = Math.ceil(Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 400) / 10);
const isRoot = process.getuid?.() === 0;
const home = mkdtempSync(join(tmpdir(), "tokensift-code-home-"));
let plain: unknown;

beforeAll(async () => {
  const folder = join(home, ".claude/projects/-app");
  mkdirSync(folder, { recursive: true });
  const message = { id: "m", model: "claude-opus-4-6", usage: { input_tokens: 3, output_tokens: 5 } };
  const record = { type: "assistant", requestId: "r", sessionId: "s", timestamp: "2026-06-10T10:00:00Z", message };
  writeFileSync(join(folder, "s.jsonl"), `${JSON.stringify(record)}\n`);
  utimesSync(join(folder, "s.jsonl"), 1_700_000_000, 1_700_000_000);
  const ending = await tokensift([...SCAN, "--no-cache"], { home });
  expect(ending).toMatchObject({ code: 0, stderr: "" });
  plain = figures(ending);
  expect(plain).toMatchObject({ totals: { inputTokens: 3, outputTokens: 5 } });
});

test("the first runs add what they compiled, for their user alone; later ones write nothing", async () => {
  const cache = freshCache();
  const written: string[] = [];
  for (let run = 0; run < FIRST_RUNS + 2; run++) {
    expect(figures(await scan(cache))).toEqual(plain);
    expect(codeIn(cache).map((name) => name.replace(/-.*/, ""))).toEqual(
      expect.arrayContaining(["program", "scan"]) as string[],
    );
    for (const name of codeIn(cache)) expect(statSync(join(cache, name)).mode & 0o777).toBe(0o600);
    written.push(stampsOf(cache, "scan"));
  }
  expect(new Set(written).size).toBe(FIRST_RUNS);
  expect(written.at(-1)).toBe(written[FIRST_RUNS - 1]);
  expect(readdirSync(cache).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a file that is damaged anywhere is not used, and made anew", async () => {
  const cache = await filledCache();
  const whole = new Map(codeIn(cache).map((name) => [name, readFileSync(join(cache, name))]));
  // Those that a run with nothing new loads.
  const names = [...whole.keys()].filter((name) => /^(program|scan)-/.test(name));
  const damages = damagesOf(names);
  await fc.assert(
    fc.asyncProperty(damages, async (damage) => {
      for (const [file, bytes] of whole) writeFileSync(join(cache, file), bytes);
      const { name } = damage;
      const isOther = inflict(damage, cache);
      const damaged = stampsOf(cache, name);
      expect(figures(await scan(cache))).toEqual(plain);
      if (isOther) expect(stampsOf(cache, name)).not.toBe(damaged);
    }),
    { numRuns: runs },
  );
});

test.each(["null", "[]", "{}", '{"path":7,"identity":"","runs":0}', '{"path":"\\u0000","identity":"","runs":0}'])(
  "two whole copies of nonsense are no code: %s",
  async (making) => {
    const cache = await filledCache();
    for (const part of ["program", "scan"]) {
      const file = readFileSync(pathOf(cache, part));
      const code = file.subarray(16 + file.readUInt32LE(4), file.length / 2);
      const info = Buffer.from(making.padEnd(Math.ceil(making.length / 8) * 8));
      const half = Buffer.concat([file.subarray(0, 16), info, code]);
      half.writeUInt32LE(info.length, 4);
      half.writeUInt32LE(half.length, 8);
      writeFileSync(pathOf(cache, part), Buffer.concat([half, half]));
    }
    const variables = { TOKENSIFT_CACHE_DIR: cache };
    expect(await tokensift(["cache", "prune"], { home, variables })).toMatchObject({ code: 0, stderr: "" });
    expect(codeIn(cache).filter((name) => /^(program|scan)-/.test(name))).toEqual([]);
    expect(figures(await scan(cache))).toEqual(plain);
  },
);

test("code of another file is not used, whatever its name", async () => {
  const cache = await filledCache();
  const [program, scanning] = ["program", "scan"].map((part) => pathOf(cache, part)) as [string, string];
  const bytes = readFileSync(program);
  writeFileSync(program, readFileSync(scanning));
  writeFileSync(scanning, bytes);
  expect(figures(await scan(cache))).toEqual(plain);
});

test("a file of ours that was changed, and is as long as before, runs as it is now", async () => {
  const copy = copyOfOurs();
  const program = join(copy, "dist/src/program.cjs");
  const cache = freshCache();
  mkdirSync(cache);
  const version = () => {
    const { stdout } = spawnSync(process.execPath, [join(copy, "dist/src/cli.cjs"), "--version"], {
      env: { HOME: home, TOKENSIFT_CACHE_DIR: cache },
      encoding: "utf8",
    });
    return stdout.trim();
  };
  const before = version();
  // Times as fine as the file system's cannot tell this change from the file's making.
  expect(codeIn(cache)).toEqual([]);
  await wait(2100);
  for (let run = 0; run < FIRST_RUNS; run++) expect(version()).toBe(before);
  expect(codeIn(cache)).not.toEqual([]);
  const source = readFileSync(program, "utf8");
  const after = before.replaceAll(/\d/g, "9");
  expect(after).not.toBe(before);
  writeFileSync(program, source.replaceAll(`"${before}"`, `"${after}"`));
  expect(version()).toBe(after);
});

describe("what the build has compiled", () => {
  test("is used where no other code is, and by whoever wants no cache; the user's own goes first", async () => {
    const { versionBy, versions, path, poison } = await builtCopy();
    expect(versionBy()).toBe(versions.now);
    // Code of the same program with another number in it shows whose code runs.
    poison(path);
    expect(versionBy()).toBe(versions.compiled);
    const cache = freshCache();
    mkdirSync(cache);
    expect(versionBy({ TOKENSIFT_CACHE_DIR: cache })).toBe(versions.compiled);
    expect(codeIn(cache)).toEqual(codeIn(dirname(path)));
    poison(path, () => versions.now);
    expect(versionBy({ TOKENSIFT_CACHE_DIR: cache })).toBe(versions.compiled);
    expect(versionBy()).toBe(versions.now);
  });

  test.each(["NODE_DISABLE_COMPILE_CACHE", "NODE_V8_COVERAGE"])("is not used with %s", async (variable) => {
    const { versionBy, versions, path, poison } = await builtCopy();
    poison(path);
    expect(versionBy({ [variable]: join(home, "coverage") })).toBe(versions.now);
  });

  test("is not used of a file that was changed or copied since", async () => {
    const { versionBy, versions, path, poison, program } = await builtCopy();
    poison(path);
    writeFileSync(program, readFileSync(program));
    expect(versionBy()).toBe(versions.now);
  });

  test("is there after a build, for its user alone, and in no package", () => {
    const repository = join(CLI, "../../..");
    const built = join(repository, "dist/src/code");
    expect(codeIn(built).map((name) => name.replace(/-.*/, ""))).toEqual([
      "kernel",
      "pool",
      "program",
      "save",
      "scan",
      "sums",
      "tally",
      "threads",
    ]);
    for (const name of codeIn(built)) expect(statSync(join(built, name)).mode & 0o777).toBe(0o600);
    const { files } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { files: string[] };
    expect(files).toContain("!dist/src/code");
  });
});

test("code that others may write, or have written, is not used", async () => {
  const cache = await filledCache();
  chmodSync(pathOf(cache, "scan"), 0o622);
  const shared = stampsOf(cache, "scan");
  expect(figures(await scan(cache))).toEqual(plain);
  expect(stampsOf(cache, "scan")).not.toBe(shared);
  if (!isRoot) return;
  chownSync(pathOf(cache, "scan"), 65_534, 65_534);
  const foreign = stampsOf(cache, "scan");
  expect(figures(await scan(cache))).toEqual(plain);
  expect(stampsOf(cache, "scan")).not.toBe(foreign);
});

test("a link in its place is not followed", async () => {
  const cache = await filledCache();
  const path = pathOf(cache, "scan");
  const elsewhere = join(cache, "elsewhere");
  writeFileSync(elsewhere, readFileSync(path), { mode: 0o600 });
  rmSync(path);
  symlinkSync(elsewhere, path);
  const before = readFileSync(elsewhere);
  expect(figures(await scan(cache))).toEqual(plain);
  expect(readFileSync(elsewhere).equals(before)).toBe(true);
});

test.each([
  ["--no-cache", [...SCAN, "--no-cache"], {}],
  ["a mistake", ["scan", "--jsn"], {}],
  ["a command about the cache", ["cache", "info"], {}],
  ["NODE_DISABLE_COMPILE_CACHE", SCAN, { NODE_DISABLE_COMPILE_CACHE: "1" }],
  ["NODE_V8_COVERAGE", SCAN, { NODE_V8_COVERAGE: join(home, "coverage") }],
])("nothing is written with %s", async (_, args, variables) => {
  const cache = freshCache();
  mkdirSync(cache);
  const { code } = await tokensift(args, { home, variables: { TOKENSIFT_CACHE_DIR: cache, ...variables } });
  expect(code).toBe(args.includes("--jsn") ? 2 : 0);
  expect(codeIn(cache)).toEqual([]);
});

test.each([
  ["in a word of its own", (folder: string) => ["--cache-dir", folder]],
  ["behind =", (folder: string) => [`--cache-dir=${folder}`]],
  ["said twice", (folder: string) => ["--cache-dir", "/nonexistent", "--cache-dir", folder]],
])("with --cache-dir it lies there, %s", async (_, flags) => {
  const [cache, other] = [freshCache(), freshCache()];
  mkdirSync(other);
  const variables = { TOKENSIFT_CACHE_DIR: other };
  for (let run = 0; run < 2; run++) {
    expect(figures(await tokensift([...SCAN, ...flags(cache)], { home, variables }))).toEqual(plain);
  }
  expect(codeIn(cache)).not.toEqual([]);
  expect(readdirSync(other)).toEqual([]);
});

test("no folder is made for it", async () => {
  const cache = freshCache();
  await tokensift(["--version"], { home, variables: { TOKENSIFT_CACHE_DIR: cache } });
  expect(existsSync(cache)).toBe(false);
});

test.skipIf(!isRoot)("a folder that may not be written is no reason to say anything (needs root to try)", async () => {
  const cache = freshCache();
  mkdirSync(cache, { mode: 0o755 });
  const ending = await tokensift(["--version"], { home, user: 65_534, variables: { TOKENSIFT_CACHE_DIR: cache } });
  expect(ending).toMatchObject({ code: 0, stderr: "" });
  expect(readdirSync(cache)).toEqual([]);
});

test("`cache` counts it, prunes what no file of ours fits any more, and clears it", async () => {
  const cache = await filledCache();
  const variables = { TOKENSIFT_CACHE_DIR: cache };
  const about = async (...args: string[]) => (await tokensift(["cache", ...args], { home, variables })).stdout;
  const bytes = codeIn(cache).reduce((sum, name) => sum + statSync(join(cache, name)).size, 0);
  const info = JSON.parse(await about("info", "--json")) as { files: number; codeBytes: number };
  // Cursors, and sums.
  expect(info).toMatchObject({ files: 2, codeBytes: bytes });
  expect(await about("info")).toContain("that Node compiled of tokensift itself");

  const stale = join(cache, "scan-0123456789abcdef.code");
  const copy = copyOfOurs();
  await wait(2100);
  spawnSync(process.execPath, [join(copy, "dist/src/cli.cjs"), "--version"], { env: { HOME: home, ...variables } });
  const all = codeIn(cache).length;
  rmSync(copy, { recursive: true });
  writeFileSync(stale, "no code", { mode: 0o600 });
  expect(await about("prune")).toBe("Removed 0 cursors of transcripts that are gone, 2 files of no use\n");
  expect(codeIn(cache)).toHaveLength(all - 1);

  await about("clear");
  expect(existsSync(cache)).toBe(false);
});

test("what an earlier version left goes when a new one writes for the first time", async () => {
  const cache = freshCache();
  mkdirSync(cache);
  writeFileSync(join(cache, "scan-0123456789abcdef.code"), "of an earlier version", { mode: 0o600 });
  await scan(cache);
  expect(codeIn(cache)).not.toContain("scan-0123456789abcdef.code");
  expect(codeIn(cache)).not.toEqual([]);
});

async function filledCache(): Promise<string> {
  const cache = freshCache();
  for (let run = 0; run < FIRST_RUNS; run++) await scan(cache);
  return cache;
}

function scan(cache: string): Promise<Ending> {
  return tokensift(SCAN, { home, variables: { TOKENSIFT_CACHE_DIR: cache } });
}

/** All that is said of tokens, without what a cache may change. */
function figures({ code, stdout, stderr }: Ending): unknown {
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { rows, totals, diagnostics } = JSON.parse(stdout) as Record<string, unknown>;
  return { rows, totals, diagnostics };
}

/** A copy of ours with code that its build left, which `poison` makes that of a program with another version in it. */
async function builtCopy() {
  const copy = copyOfOurs();
  const program = join(copy, "dist/src/program.cjs");
  const built = join(copy, "dist/src/code");
  const versionBy = (variables: Readonly<Record<string, string>> = {}) => {
    const { stdout } = spawnSync(process.execPath, [join(copy, "dist/src/cli.cjs"), "--version"], {
      env: { HOME: home, TOKENSIFT_CACHE_DIR: join(home, "none"), ...variables },
      encoding: "utf8",
    });
    return stdout.trim();
  };
  await wait(2100);
  rmSync(built, { recursive: true, force: true });
  mkdirSync(built);
  const now = versionBy({ TOKENSIFT_CACHE_DIR: built });
  const path = join(built, codeIn(built).find((name) => name.startsWith("program")) as string);
  const versions = { now, compiled: now.replaceAll(/\d/g, "9") };
  const source = readFileSync(program, "utf8");
  const poison = (file: string, version = () => versions.compiled) => {
    const { making } = readCode(file) as StoredCode;
    const other = new Script(source.replaceAll(`"${now}"`, `"${version()}"`), { filename: program });
    other.runInThisContext();
    writeCode(dirname(file), basename(file), making, other.createCachedData());
  };
  return { versionBy, versions, path, poison, program };
}
