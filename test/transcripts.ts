/** What engine tests share: transcripts from object literals, and answers in a form that can be compared. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { ScanOptions } from "../src/options.ts";
import type { Dimension, ScanResult } from "../src/types.ts";
import type { OracleOptions } from "./parity/oracle.ts";

/** File names, with folders, to their bytes; an array is lines. */
export type Tree = Readonly<Record<string, string | Buffer | readonly string[]>>;

/** A folder that is gone when its test is done. */
export function makeFolder(tree: Tree = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "tokensift-engine-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFiles(folder, tree);
  return folder;
}

export function writeFiles(folder: string, tree: Tree): void {
  for (const [name, content] of Object.entries(tree)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    const bytes = typeof content === "string" || Buffer.isBuffer(content) ? content : lines(content);
    writeFileSync(path, bytes);
  }
}

export function lines(some: readonly string[]): string {
  return some.map((line) => `${line}\n`).join("");
}

/** A UUID by a small number. */
export function sessionId(n: number): string {
  return `${String(n).padStart(8, "0")}-0000-4000-8000-000000000000`;
}

/** Response `n` of one record: 1 + 10 + 100 tokens, minute n of 1 June 2026. */
export function response(n: number, more: object = {}, usage: object = {}, message: object = {}): string {
  return JSON.stringify({
    type: "assistant",
    uuid: `uuid-${n}`,
    requestId: `req_${n}`,
    timestamp: new Date(Date.UTC(2026, 5, 1, 0, n)).toISOString(),
    cwd: "/srv/app",
    ...more,
    message: {
      id: `msg_${n}`,
      model: "claude-opus-4-6",
      stop_reason: "end_turn",
      usage: { input_tokens: 1, output_tokens: 10, cache_read_input_tokens: 100, ...usage },
      ...message,
    },
  });
}

/** An answer without what the machine or the cutting of the work decides. */
export function answerOf(result: ScanResult) {
  const { threads: _, elapsedMs: _e, stagesMs: _s, bytesRead: _b, transcriptsUnchanged: _u, ...stats } = result.stats;
  return { ...result, stats };
}

/** The question that was asked of the engine, as the oracle understands it. */
export function oracleOptions({ maxLineBytes, ...asked }: ScanOptions, { window, by }: ScanResult): OracleOptions {
  return {
    by,
    timezone: window.timezone,
    ...(asked.count && { count: asked.count }),
    ...(asked.filters && { filters: asked.filters as NonNullable<OracleOptions["filters"]> }),
    ...(window.since && { since: Date.parse(window.since) }),
    ...(window.until && { until: Date.parse(window.until) }),
    ...(maxLineBytes && { maxLine: maxLineBytes }),
  };
}

/** Questions that between them touch every key. */
export const GROUPINGS: ReadonlyArray<readonly Dimension[]> = [
  ["source", "model"],
  ["session"],
  ["project", "agent"],
  ["team", "branch"],
  ["day", "model"],
  ["week", "session"],
  ["month"],
  ["hour"],
  ["none"],
];
