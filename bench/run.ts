/**
 * `tokensift run` on one large project: 2,000 transcripts, some 500 MB, of which ten are the run's. Warm runs, then runs
 * that come after one line was appended, each in a fresh process, in turns with `node -e 0`.
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ensureCorpus } from "./corpus.ts";
import { BENCH } from "./folder.ts";
import { spread } from "./statistics.ts";

const TRANSCRIPTS = 2000;
/** Pieces of the corpus in each, so that all together are some 500 MB. */
const PIECES = 7;
const TEAM_SESSIONS = 10;
const CLI = join(BENCH, "../dist/src/cli.cjs");

const { values } = parseArgs({ options: { samples: { type: "string", default: "15" } } });
const samples = Number(values.samples);
const home = join(BENCH, ".corpus/run-1");
const root = join(home, "app");
const folder = join(home, ".claude/projects", root.replaceAll(/[^A-Za-z0-9]/g, "-"));
const state = join(root, ".runs/1/state/team-state-1.json");
const cache = join(home, "cache");
if (!existsSync(state)) build();

const cold = run("--no-cache");
rmSync(cache, { recursive: true, force: true });
run();
// A file changed in the last two seconds is looked into again; and three runs add to the code that is kept.
await setTimeout(2500);
for (let i = 0; i < 3; i++) run();
const times: Record<"node" | "warm" | "append", number[]> = { node: [], warm: [], append: [] };
for (let i = 0; i < samples; i++) {
  times.node.push(timed(["-e", "0"]).wallMs);
  const warm = run();
  times.warm.push(warm.wallMs);
  if (warm.answer !== cold.answer) throw new Error("warm and cold differ");
  if (!warm.said.includes(" 0 bytes read")) throw new Error(`nothing was new: ${warm.said.trim()}`);
}
const lead = join(folder, `${uuid(0)}.jsonl`);
for (let i = 0; i < samples; i++) {
  times.node.push(timed(["-e", "0"]).wallMs);
  appendFileSync(lead, `${line(`appended-${Date.now()}-${i}`)}\n`);
  times.append.push(run().wallMs);
}
if (run("--no-cache").answer !== run().answer) throw new Error("warm and cold differ after lines were appended");
for (const [name, ms] of Object.entries(times)) {
  const { median, min, max, deviation } = spread(ms);
  const above = median - spread(times.node).median;
  console.log(
    `${name.padEnd(6)} median ${median.toFixed(0)} ms (${min.toFixed(0)} to ${max.toFixed(0)}, deviation ${deviation.toFixed(1)}), ${above.toFixed(0)} ms above node`,
  );
}
console.log(`cold   ${cold.wallMs.toFixed(0)} ms, once; ${cold.said.trim()}; warm: ${run().said.trim()}`);

function build(): void {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const corpus = join(ensureCorpus("small").home, ".claude/projects");
  const pieces = readdirSync(corpus, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".jsonl"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (let n = 0; n < TRANSCRIPTS; n++) {
    const some = Array.from({ length: PIECES }, (_, i) =>
      readFileSync(pieces[(n * PIECES + i) % pieces.length] as string),
    );
    const tag =
      n < TEAM_SESSIONS
        ? Buffer.from(`${line(`tag-${n}`, n === 0 ? {} : { agentName: `w${n}-worker` })}\n`)
        : Buffer.alloc(0);
    writeFileSync(join(folder, `${uuid(n)}.jsonl`), Buffer.concat([tag, ...some]));
  }
  const workers = Array.from({ length: TEAM_SESSIONS - 1 }, (_, i) => ({ workerId: `w${i + 1}`, agent: "claude" }));
  mkdirSync(join(root, ".runs/1/state"), { recursive: true });
  const team = { teamName: "crew" };
  writeFileSync(state, JSON.stringify({ runDirectoryPath: ".runs/1", team, lead: { sessionId: uuid(0) }, workers }));
}

function uuid(n: number): string {
  return `${String(n).padStart(8, "0")}-0000-4000-8000-000000000000`;
}

function line(id: string, more: object = {}): string {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { id, model: "claude-opus-4-6", usage };
  return JSON.stringify({
    type: "assistant",
    uuid: id,
    requestId: id,
    timestamp: "2026-06-10T10:00:00Z",
    teamName: "crew",
    ...more,
    message,
  });
}

function run(...flags: string[]) {
  const { stdout, stderr, wallMs } = timed([CLI, "run", state, "--json", "--stats", ...flags]);
  return { answer: stdout.replaceAll(/"collectedAt":"[^"]*"/g, ""), said: stderr, wallMs };
}

function timed(args: readonly string[]) {
  const env = { PATH: process.env["PATH"], HOME: home, TZ: "UTC", TOKENSIFT_CACHE_DIR: cache };
  const startedAt = performance.now();
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { env, encoding: "utf8", maxBuffer: 1 << 28 });
  const wallMs = performance.now() - startedAt;
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  return { stdout, stderr, wallMs };
}
