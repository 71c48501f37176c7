import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { judge } from "./answer.ts";
import type { Contestant } from "./contestants.ts";
import type { Corpus } from "./corpus.ts";
import { readAll } from "./floor.ts";

/** One run in a fresh process. Times are null when the answer was wrong: a fast wrong answer has no time. */
export interface Sample {
  readonly bench: string;
  readonly shape: string;
  readonly contestant: string;
  readonly version: string;
  readonly round: number;
  readonly digest: string;
  readonly isRight: boolean;
  readonly wallMs: number | null;
  readonly userMs: number | null;
  readonly sysMs: number | null;
  readonly maxRssKiB: number | null;
  /** What the program itself says its reading took. */
  readonly scanMs: number | null;
  readonly bytes: number;
  readonly records: number;
  /** Load of the machine over the last minute when the sample began. */
  readonly load: number;
}

/**
 * Runs the contestants in turns, A B A B, after one round that does not count. The page cache is warm:
 * all files are read once before. A round's order never changes, so neighbours see the same machine.
 */
export async function measure(
  bench: string,
  corpus: Corpus,
  contestants: readonly Contestant[],
  rounds: number,
  log = console.error,
): Promise<Sample[]> {
  readAll(corpus.home);
  const samples: Sample[] = [];
  for (let round = 0; round <= rounds; round++) {
    for (const contestant of contestants) {
      const sample = await sampleOnce(bench, corpus, contestant, round, log);
      if (round > 0) samples.push(sample);
    }
  }
  return samples;
}

async function sampleOnce(
  bench: string,
  corpus: Corpus,
  contestant: Contestant,
  round: number,
  log: (text: string) => void,
): Promise<Sample> {
  const load = loadavg()[0] ?? 0;
  contestant.prepare?.(corpus.home);
  const run = await runTimed(contestant.command(corpus.home), corpus.home);
  const { expected } = corpus;
  let verdict = { isRight: false, digest: "-", complaint: run.failure };
  let scanMs: number | null = null;
  if (run.failure === "") {
    try {
      verdict = judge(contestant.figures(run.output), expected);
      scanMs = contestant.scanMs(run.output);
    } catch (error) {
      verdict = { ...verdict, complaint: `unreadable output: ${String(error)}` };
    }
  }
  const { isRight } = verdict;
  const label = `${corpus.shape} ${round === 0 ? "warm-up" : round} ${contestant.name}`;
  log(isRight ? `${label}: ${run.wallMs.toFixed(0)} ms, ${verdict.digest}` : `${label}: WRONG (${verdict.complaint})`);
  return {
    bench,
    shape: corpus.shape,
    contestant: contestant.name,
    version: contestant.version,
    round,
    digest: verdict.digest,
    isRight,
    wallMs: isRight ? run.wallMs : null,
    userMs: isRight ? run.userMs : null,
    sysMs: isRight ? run.sysMs : null,
    maxRssKiB: isRight ? run.maxRssKiB : null,
    scanMs: isRight ? scanMs : null,
    bytes: expected.bytes,
    records: expected.records,
    load,
  };
}

interface Run {
  readonly output: string;
  /** Empty, or why there is no output to judge. */
  readonly failure: string;
  readonly wallMs: number;
  readonly userMs: number | null;
  readonly sysMs: number | null;
  readonly maxRssKiB: number | null;
}

/** How CPU and memory of a child are read: Node does not show them to its parent. */
const METER = findMeter();

function findMeter(): "time" | "bash" | "none" {
  const isRunnable = (path: string): boolean => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  // The one of macOS has no -f.
  if (process.platform === "linux" && isRunnable("/usr/bin/time")) return "time";
  return isRunnable("/bin/bash") ? "bash" : "none";
}

export const METER_NOTE = {
  time: "CPU and peak memory from `/usr/bin/time`",
  bash: "CPU from bash's `time`, because there is no GNU time; peak memory not measured",
  none: "CPU and peak memory not measured: neither GNU time nor bash found",
}[METER];

function metered(command: readonly string[], report: string): readonly string[] {
  if (METER === "time") return ["/usr/bin/time", "-f", "%U %S %M", "-o", report, ...command];
  // The braces let bash's own report go to the file while the program keeps its stderr.
  if (METER === "bash")
    return ["/bin/bash", "-c", `TIMEFORMAT="%U %S"; { time "$@" 2>&3; } 3>&2 2>"$0"`, report, ...command];
  return command;
}

async function runTimed(command: readonly string[], home: string): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "tokensift-bench-"));
  const report = join(folder, "usage");
  const [program, ...rest] = metered(command, report);
  // Nothing of the caller's own set-up leaks in: both programs look under HOME only.
  const env = {
    PATH: process.env["PATH"],
    HOME: home,
    TZ: "UTC",
    LANG: "C.UTF-8",
    XDG_CACHE_HOME: join(folder, "cache"),
  };
  try {
    const startedAt = process.hrtime.bigint();
    const child = spawn(program!, rest, { cwd: home, env, stdio: ["ignore", "pipe", "pipe"] });
    const pieces: Buffer[] = [];
    let errors = "";
    child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
    child.stderr.on("data", (piece: Buffer) => (errors += piece.toString()));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    const wallMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
    const failure = code === 0 ? "" : `exit code ${code}: ${errors.trim().split("\n").at(-1) ?? ""}`;
    const [user, sys, rss] =
      METER === "none" ? [] : (readFileSync(report, "utf8").trim().split("\n").at(-1) ?? "").split(" ").map(Number);
    const toMs = (seconds: number | undefined): number | null => (seconds === undefined ? null : seconds * 1000);
    return {
      output: Buffer.concat(pieces).toString(),
      failure,
      wallMs,
      userMs: toMs(user),
      sysMs: toMs(sys),
      maxRssKiB: rss ?? null,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
