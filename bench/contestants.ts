import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ScanResult } from "../src/types.ts";
import type { Figures } from "./answer.ts";
import { bundle } from "./bundle.mjs";
import { REPO } from "./folder.ts";
import { CCUSAGE, installPeer, TOKSCALE } from "./peer.ts";

/** A program under test. */
export interface Contestant {
  readonly name: string;
  readonly version: string;
  command(home: string): readonly [program: string, ...rest: string[]];
  /** What has to happen before each run; its time does not count. */
  prepare?(home: string): void;
  /** The answer in its output; throws when there is none. */
  figures(output: string): Figures;
  /** The span in which it read transcripts, where it tells. */
  scanMs(output: string): number | null;
}

/** tokensift as a user starts it, without its cache; null threads leaves the number to the tool. */
export function ourTool(threads: number | null): Contestant {
  const { cli, version } = ourBuild();
  const flags = threads === null ? [] : ["--threads", String(threads)];
  return {
    name: threads === null ? "tokensift" : `tokensift --threads ${threads}`,
    version,
    command: () => [process.execPath, cli, "scan", "--no-cache", "--json", ...flags],
    figures: (output) => ourFigures(JSON.parse(output) as ScanResult),
    scanMs: (output) => (JSON.parse(output) as ScanResult).stats.stagesMs.scan,
  };
}

/** tokensift with its cache, which the round that does not count has filled. */
export function ourWarmTool(
  name = "tokensift",
  cacheOf = (home: string) => join(home, ".tokensift-cache"),
): Contestant {
  const { cli, version } = ourBuild();
  return {
    name,
    version,
    command: (home) => [process.execPath, cli, "scan", "--json", "--cache-dir", cacheOf(home)],
    figures: (output) => ourFigures(JSON.parse(output) as ScanResult),
    scanMs: (output) => (JSON.parse(output) as ScanResult).stats.stagesMs.scan,
  };
}

function ourBuild() {
  const cli = join(REPO, "dist/src/cli.cjs");
  if (!existsSync(cli)) throw new Error(`not built: ${cli} is missing (npm run build)`);
  const { version } = JSON.parse(readFileSync(join(REPO, "package.json"), "utf8")) as { version: string };
  return { cli, version };
}

const SUMS = [
  "inputTokens",
  "outputTokens",
  "cacheCreationTokens",
  "cacheCreation5mTokens",
  "cacheCreation1hTokens",
  "cacheReadTokens",
  "totalTokens",
  "responses",
  "toolUses",
] as const;

function ourFigures({ totals, rows, stats }: ScanResult): Figures {
  const figures: Record<string, number> = { records: stats.records, bytes: stats.bytesTotal };
  for (const name of SUMS) figures[name] = totals[name];
  for (const row of rows) {
    if (typeof row.key.model !== "string") continue;
    for (const name of SUMS) figures[`model/${row.key.model}/${name}`] = row[name];
  }
  return figures;
}

const PEER_SUMS = ["inputTokens", "outputTokens", "cacheCreationTokens", "cacheReadTokens", "totalTokens"] as const;
type PeerSums = Readonly<Record<(typeof PEER_SUMS)[number], number>>;

export function peer(): Contestant {
  const binary = installPeer(CCUSAGE);
  return {
    name: "ccusage",
    version: CCUSAGE.version,
    command: (home) => [
      binary,
      existsSync(join(home, ".codex")) ? "codex" : "claude",
      "monthly",
      "--offline",
      "--json",
    ],
    figures(output) {
      const report = JSON.parse(output) as { totals: PeerSums; monthly: (PeerSums & { month: string })[] };
      const figures: Record<string, number> = {};
      for (const name of PEER_SUMS) {
        figures[name] = report.totals[name];
        for (const month of report.monthly) figures[`month/${month.month}/${name}`] = month[name];
      }
      return figures;
    },
    scanMs: () => null,
  };
}

/** A peer with a cache. It looks for prices on the network each time: only its CPU time says something. */
export function cachingPeer(): Contestant {
  const binary = installPeer(TOKSCALE);
  return {
    name: "tokscale",
    version: TOKSCALE.version,
    command: () => [binary, "models", "--json", "--no-spinner", "-c", "claude"],
    figures(output) {
      const { totalInput, totalOutput, totalCacheRead, totalCacheWrite, totalMessages } = JSON.parse(
        output,
      ) as Readonly<Record<string, number>>;
      return {
        inputTokens: totalInput!,
        outputTokens: totalOutput!,
        cacheReadTokens: totalCacheRead!,
        cacheCreationTokens: totalCacheWrite!,
        responses: totalMessages!,
      };
    },
    scanMs: () => null,
  };
}

/** Node and nothing else: what no program on it goes below. */
export function nodeAlone(bytes: (home: string) => number): Contestant {
  let answer = 0;
  return {
    name: "node -e 0",
    version: process.version,
    command(home) {
      answer = bytes(home);
      return [process.execPath, "-e", "0"];
    },
    figures: () => ({ bytes: answer }),
    scanMs: () => null,
  };
}

/** Reading and nothing else. Its scan span leaves Node's own start out. */
export async function floor(): Promise<Contestant> {
  const program = await bundle("floor.ts");
  const parse = (output: string): { bytes: number; readMs: number } =>
    JSON.parse(output) as { bytes: number; readMs: number };
  return {
    name: "read only",
    version: process.version,
    command: (home) => [process.execPath, program, home],
    figures: (output) => ({ bytes: parse(output).bytes }),
    scanMs: (output) => parse(output).readMs,
  };
}
