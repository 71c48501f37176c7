/** A scan in a process of its own: to measure its memory, to run as somebody else, to see that nothing keeps it alive. */
import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import type { ScanResult } from "../../src/types.ts";
import { lines, makeFolder, response, sessionId } from "../transcripts.ts";

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));

export interface ChildReport {
  readonly result?: ScanResult;
  readonly code?: string;
  /** From the call to its answer. */
  readonly elapsedMs: number;
  readonly maxRssBytes: number;
  /** Worker threads that were there 200 ms after the answer. */
  readonly workersAlive: number;
}

export interface ChildOptions {
  /** Milliseconds after which the scan is aborted; 0 is at its first progress. */
  readonly abortAfterMs?: number;
  /** Scans one after the other in the same process; the last one is reported. Default 1. */
  readonly repeats?: number;
  /** Run as the user `nobody` where we are root: the superuser may read everything. */
  readonly asNobody?: boolean;
}

export async function scanInChild(
  options: ScanOptions,
  { abortAfterMs, asNobody, repeats = 1 }: ChildOptions = {},
): Promise<ChildReport> {
  const dist = asNobody ? readableCopy() : DIST;
  const source = `
    const { scan } = await import(${JSON.stringify(pathToFileURL(join(dist, "src/index.js")).href)});
    const options = ${JSON.stringify({ cache: false, ...options })};
    const after = ${abortAfterMs ?? null};
    let report;
    for (let i = 0; i < ${repeats}; i++) {
      const stop = new AbortController();
      if (after !== null) options.signal = stop.signal;
      if (after === 0) options.onProgress = () => stop.abort();
      if (after > 0) setTimeout(() => stop.abort(), after).unref();
      const startedMs = performance.now();
      try { report = { result: await scan(options) }; } catch ({ code, message }) { report = { code, message }; }
      report.elapsedMs = performance.now() - startedMs;
    }
    report.maxRssBytes = process.resourceUsage().maxRSS * 1024;
    await new Promise((done) => setTimeout(done, 200));
    report.workersAlive = process.report.getReport().workers.length;
    process.stdout.write(JSON.stringify(report));`;
  const isRoot = process.getuid?.() === 0;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: tmpdir(),
    ...(asNobody && isRoot ? { uid: 65_534, gid: 65_534 } : {}),
  });
  const text = { out: "", err: "" };
  child.stdout.on("data", (data: Buffer) => (text.out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (text.err += data.toString()));
  await new Promise((done) => child.on("close", done));
  if (text.out === "") throw new Error(`the child said nothing: ${text.err}`);
  return JSON.parse(text.out) as ChildReport;
}

/** `dist` where anybody may read it; enough for a scan without threads and in UTC. */
function readableCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), "tokensift-dist-"));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(DIST, copy, { recursive: true });
  chmodSync(copy, 0o755);
  return copy;
}

/** Some 36 MB in 20 transcripts: enough to be stopped half way. */
export function manyMegabytes(): string {
  const filler = "lorem ipsum ".repeat(300);
  const one = lines(
    Array.from({ length: 500 }, (_, i) => response(i, {}, {}, { content: [{ type: "text", text: filler }] })),
  );
  return makeFolder(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${sessionId(i)}.jsonl`, one])));
}
