/** WebAssembly runs as machine code that was kept: sooner, and never otherwise. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { buildSync } from "esbuild";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { identityOf, readCode, type StoredCode, writeCode } from "../../src/code-cache/file.ts";
import { codeIn, copyOfOurs, damagesOf, freshCache, inflict, pathOf, stampsOf } from "./code.ts";
import { type Ending, FIXTURES, tokensift } from "./tokensift.ts";

const MODULES = ["kernel", "tally"] as const;
/** Of a module of WebAssembly: https://webassembly.github.io/spec/core/binary/modules.html */
const HEADER_BYTES = 8;
const CODE_SECTION = 10;
const [UNREACHABLE, NOP, END] = [0x00, 0x01, 0x0b] as const;
const runs = Math.ceil(Number(process.env["TOKENSIFT_FUZZ_RUNS"] ?? 400) / 20);
let ours: string;
let plain: unknown;

beforeAll(async () => {
  ours = await copyOfAWhileAgo();
  const ending = await scan(ours, freshCache(), [], { NODE_DISABLE_COMPILE_CACHE: "1" });
  plain = figures(ending);
  expect(plain).toMatchObject({ totals: { outputTokens: expect.any(Number) as number } });
});

test("the first run keeps it, for its user alone; later ones write nothing", async () => {
  const cache = freshCache();
  const stamps = () => MODULES.map((name) => stampsOf(cache, name));
  expect(figures(await scan(ours, cache))).toEqual(plain);
  for (const name of MODULES) expect(statSync(pathOf(cache, name)).mode & 0o777).toBe(0o600);
  const first = stamps();
  expect(figures(await scan(ours, cache))).toEqual(plain);
  expect(stamps()).toEqual(first);
});

test("with it a start loads nothing of Node's that sets flags of V8's", async () => {
  const cache = freshCache();
  const report = join(cache, "../loaded");
  const probe = join(cache, "../probe.cjs");
  const isLoaded = `process.moduleLoadList.includes("NativeModule v8")`;
  writeFileSync(
    probe,
    `process.once("exit", () => require("node:fs").writeFileSync(${JSON.stringify(report)}, String(${isLoaded})));`,
  );
  await scan(ours, cache);
  await scan(ours, cache);
  expect(figures(await scan(ours, cache, [], { NODE_OPTIONS: `--require=${probe}` }))).toEqual(plain);
  expect(readFileSync(report, "utf8")).toBe("false");
});

test("it is what runs, in all threads", async () => {
  const hollow = await copyOfAWhileAgo();
  const cache = freshCache();
  await scan(hollow, cache);
  for (const name of MODULES) {
    const path = join(hollow, `dist/src/${name}.wasm`);
    writeFileSync(path, hollowed(readFileSync(path)));
    const code = pathOf(cache, name);
    const { making, code: machineCode } = readCode(code) as StoredCode;
    const identity = identityOf(statSync(path, { bigint: true }));
    writeCode(cache, basename(code), { ...making, identity }, machineCode);
  }
  for (const threads of ["0", "2"]) {
    const args = ["--no-cache", "--threads", threads];
    expect(figures(await scan(hollow, cache, args))).toEqual(plain);
    expect(await scan(hollow, cache, args, { NODE_DISABLE_COMPILE_CACHE: "1" })).not.toMatchObject({ code: 0 });
  }
});

test("V8 takes it also when much has been collected since, and no code where nobody looks for what lies outside", () => {
  const folder = join(freshCache(), "..");
  buildSync({
    entryPoints: [join(import.meta.dirname, "../../src/code-cache/machine-code.ts")],
    outfile: join(folder, "machine-code.cjs"),
    bundle: true,
    platform: "node",
  });
  const program = `
    const { machineCode, revive } = require("./machine-code.cjs");
    const { PerformanceObserver, constants } = require("node:perf_hooks");
    const bytes = require("node:fs").readFileSync(${JSON.stringify(join(ours, "dist/src/kernel.wasm"))});
    let collections = 0;
    const isMajor = ({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
    new PerformanceObserver((list) => (collections += list.getEntries().filter(isMajor).length)).observe({ entryTypes: ["gc"] });
    const code = machineCode(bytes);
    const isRevived = () => revive(code, bytes) instanceof WebAssembly.Module;
    const answers = [isRevived()];
    process.env.NODE_OPTIONS = "--disable-wasm-trap-handler";
    answers.push(isRevived());
    delete process.env.NODE_OPTIONS;
    // Forced collections do not make code older.
    let kept = [];
    const collect = () => {
      kept.push(Array.from({ length: 20_000 }, (_, i) => ({ i })));
      if (kept.length > 40) kept = [];
      if (collections < 8) return setImmediate(collect);
      answers.push(isRevived());
      console.log(JSON.stringify(answers));
      process.exit();
    };
    collect();`;
  writeFileSync(join(folder, "program.cjs"), program);
  const { stdout } = spawnSync(process.execPath, [join(folder, "program.cjs")], { env: {}, encoding: "utf8" });
  expect(JSON.parse(stdout)).toEqual([true, false, true]);
});

test("none is made for a debugger, which V8 would end the process for", async () => {
  const debugged = join(freshCache(), "../debugged.cjs");
  writeFileSync(
    debugged,
    `const inspector = require("node:inspector");
    inspector.open(0, "127.0.0.1");
    const session = new inspector.Session();
    session.connect();
    session.post("Debugger.enable");`,
  );
  for (const NODE_OPTIONS of [`--require=${debugged}`, "--max-old-space-size=4096"]) {
    const cache = freshCache();
    for (let run = 0; run < 2; run++) expect(figures(await scan(ours, cache, [], { NODE_OPTIONS }))).toEqual(plain);
    expect(codeIn(cache).filter((name) => /^(kernel|tally)-/.test(name))).toEqual([]);
    expect(codeIn(cache)).not.toEqual([]);
  }
});

test("what is damaged anywhere is not run", async () => {
  const cache = freshCache();
  await scan(ours, cache);
  const whole = new Map(MODULES.map((name) => [basename(pathOf(cache, name)), readFileSync(pathOf(cache, name))]));
  await fc.assert(
    fc.asyncProperty(damagesOf([...whole.keys()]), async (damage) => {
      for (const [name, bytes] of whole) writeFileSync(join(cache, name), bytes);
      inflict(damage, cache);
      expect(figures(await scan(ours, cache, ["--no-cache"]))).toEqual(plain);
    }),
    { numRuns: runs },
  );
});

/** A copy of ours that no code fits; none is kept of files that have just been written. */
async function copyOfAWhileAgo(): Promise<string> {
  const copy = copyOfOurs();
  await wait(2100);
  return copy;
}

function scan(copy: string, cache: string, args: readonly string[] = [], more: Record<string, string> = {}) {
  const variables = { TOKENSIFT_CACHE_DIR: cache, ...more };
  const world = { home: FIXTURES, variables, cli: join(copy, "dist/src/cli.cjs") };
  return tokensift(["scan", FIXTURES, "--by", "session", "--json", "--no-progress", ...args], world);
}

function figures({ code, stdout }: Ending): unknown {
  expect(code).toBe(0);
  const { rows, totals, diagnostics } = JSON.parse(stdout) as Record<string, unknown>;
  return { rows, totals, diagnostics };
}

/** The same module with nothing in its functions: whoever calls one comes to nothing. */
function hollowed(wasm: Buffer): Buffer {
  const hollow = Buffer.from(wasm);
  let at = HEADER_BYTES;
  /** https://en.wikipedia.org/wiki/LEB128 */
  const readNumber = (): number => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = hollow[at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  for (let section; (section = hollow[at++]) !== undefined;) {
    const bytes = readNumber();
    if (section === CODE_SECTION) break;
    at += bytes;
  }
  for (let functions = readNumber(); functions > 0; functions--) {
    const bytes = readNumber();
    // No variables of its own; as long as it was.
    hollow.fill(NOP, at, at + bytes);
    hollow[at] = 0;
    hollow[at + 1] = bytes > 2 ? UNREACHABLE : END;
    hollow[at + bytes - 1] = END;
    at += bytes;
  }
  return hollow;
}
