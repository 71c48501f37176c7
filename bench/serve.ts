/**
 * `tokensift serve` under load: so many requests in flight for so long, from this one process, while transcripts grow.
 * Ends with exit code 1 when any answer was an error, or the last figures are not those of a fresh scan.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ensureCorpus, type Shape, SHAPES } from "./corpus.ts";
import { BENCH } from "./folder.ts";

const { values } = parseArgs({
  options: {
    shape: { type: "string", default: "large" },
    seconds: { type: "string", default: "30" },
    flight: { type: "string", default: "200" },
  },
});
const CLI = join(BENCH, "../dist/src/cli.cjs");
const PATHS = [
  "/api/token-usage",
  "/api/token-anomaly",
  "/api/tasks",
  "/api/usage?by=day,model",
  "/api/usage?by=session&top=20",
  "/api/health",
  "/metrics",
];
const GROWS_EVERY_MS = 200;

const shape = SHAPES.find((known) => known === values.shape) as Shape;
const corpus = ensureCorpus(shape);
const world = mkdtempSync(join(tmpdir(), "tokensift-bench-serve-"));
const grown = join(corpus.home, ".claude/projects/-bench-serve");
const environment = { ...process.env, HOME: corpus.home, TOKENSIFT_CACHE_DIR: join(world, "cache") };

try {
  mkdirSync(grown, { recursive: true });
  await measure();
} finally {
  rmSync(grown, { recursive: true, force: true });
  rmSync(world, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const startedMs = performance.now();
  const server = spawn(process.execPath, [CLI, "serve", "--port", "0", "--ledger", join(world, "ledger.json")], {
    env: environment,
    cwd: world,
  });
  server.stderr.on("data", (text: Buffer) => process.stderr.write(text));
  const address = await new Promise<string>((resolve) =>
    server.stdout.once("data", (text: Buffer) => resolve(String(text).trim())),
  );
  console.log(`first answer possible after ${((performance.now() - startedMs) / 1000).toFixed(2)} s (no cache before)`);

  const agent = new Agent({ keepAlive: true, maxSockets: Number(values.flight) });
  const endsMs = performance.now() + Number(values.seconds) * 1000;
  const tooksMs: number[] = [];
  const statuses = new Map<string, number>();
  const count = (status: string) => statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const client = async (first: number) => {
    for (let n = first; performance.now() < endsMs; n++) {
      const sentMs = performance.now();
      count(await ask(agent, address + (PATHS[n % PATHS.length] as string)));
      tooksMs.push(performance.now() - sentMs);
    }
  };
  const memory: number[] = [];
  let responses = 0;
  const growing = setInterval(() => {
    appendFileSync(join(grown, "00000000-0000-4000-8000-00000000beef.jsonl"), line(responses++));
    memory.push(residentMb(server));
  }, GROWS_EVERY_MS);
  await Promise.all(Array.from({ length: Number(values.flight) }, (_, n) => client(n)));
  clearInterval(growing);

  tooksMs.sort((a, b) => a - b);
  const at = (share: number) =>
    (tooksMs[Math.min(tooksMs.length - 1, Math.floor(tooksMs.length * share))] ?? NaN).toFixed(1);
  console.log(
    `${tooksMs.length} answers in ${values.seconds} s with ${values.flight} in flight: ${JSON.stringify(Object.fromEntries(statuses))}`,
  );
  console.log(`ms: median ${at(0.5)}, 99 % ${at(0.99)}, longest ${at(1)}`);
  const half = memory.length >> 1;
  console.log(
    `resident MB: first half at most ${Math.max(...memory.slice(0, half))}, second half at most ${Math.max(...memory.slice(half))}`,
  );

  const want = freshTotal();
  let got = -1;
  for (let attempt = 0; attempt < 50 && got !== want; attempt++) {
    got = await totalOf(address);
    await wait(200);
  }
  console.log(`total tokens at the end: ${got}; a fresh scan says ${want}; transcripts grew ${responses} times`);
  server.kill("SIGTERM");
  agent.destroy();
  if (got !== want || [...statuses.keys()].some((status) => status !== "200")) process.exitCode = 1;
}

async function ask(agent: Agent, url: string): Promise<string> {
  return new Promise((resolve) => {
    get(url, { agent }, (response) => {
      response.resume().on("end", () => resolve(String(response.statusCode)));
    }).on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

async function totalOf(address: string): Promise<number> {
  const response = await fetch(`${address}/api/usage?by=none`);
  return ((await response.json()) as { totals: { totalTokens: number } }).totals.totalTokens;
}

function freshTotal(): number {
  const { stdout } = spawnSync(process.execPath, [CLI, "scan", "--no-cache", "--json"], {
    env: environment,
    cwd: world,
    maxBuffer: 2 ** 30,
  });
  return (JSON.parse(String(stdout)) as { totals: { totalTokens: number } }).totals.totalTokens;
}

/** One more response of a session that goes on. */
function line(n: number): string {
  const usage = { input_tokens: 1, output_tokens: 10, cache_read_input_tokens: 1000 };
  const message = { id: `msg_bench_${n}`, model: "claude-opus-4-6", usage };
  return `${JSON.stringify({ type: "assistant", uuid: `bench-${n}`, requestId: `req_bench_${n}`, timestamp: new Date().toISOString(), cwd: "/srv/bench", message })}\n`;
}

/** Linux only; elsewhere nothing is known. */
function residentMb({ pid }: ChildProcess): number {
  try {
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024);
  } catch {
    return NaN;
  }
}
