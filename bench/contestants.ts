import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ScanResult } from "../src/types.ts";
import type { Figures } from "./answer.ts";
import { bundle } from "./bundle.mjs";
import { REPO } from "./folder.ts";
import { installPeer, PEER_VERSION } from "./peer.ts";

/** A program under test. */
export interface Contestant {
  readonly name: string;
  readonly version: string;
  command(home: string): readonly [program: string, ...rest: string[]];
  /** The answer in its output; throws when there is none. */
  figures(output: string): Figures;
  /** The span in which it read transcripts, where it tells. */
  scanMs(output: string): number | null;
}

/** tokensift as a user starts it, without its cache; null threads leaves the number to the tool. */
export function ourTool(threads: number | null): Contestant {
  const cli = join(REPO, "dist/src/cli.cjs");
  if (!existsSync(cli)) throw new Error(`not built: ${cli} is missing (npm run build)`);
  const { version } = JSON.parse(readFileSync(join(REPO, "package.json"), "utf8")) as { version: string };
  const flags = threads === null ? [] : ["--threads", String(threads)];
  return {
    name: threads === null ? "tokensift" : `tokensift --threads ${threads}`,
    version,
    command: () => [process.execPath, cli, "scan", "--no-cache", "--json", ...flags],
    figures: (output) => ourFigures(JSON.parse(output) as ScanResult),
    scanMs: (output) => (JSON.parse(output) as ScanResult).stats.stagesMs.scan,
  };
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
  const binary = installPeer();
  return {
    name: "ccusage",
    version: PEER_VERSION,
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
