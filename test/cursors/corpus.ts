/** A corpus for tests of the cursor cache: transcripts that were written long ago, and a cache folder beside them. */
import { appendFileSync, existsSync, readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { scan } from "tokensift";
import { expect } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import type { ScanResult } from "../../src/types.ts";
import { lines, makeFolder, response, sessionId, type Tree } from "../transcripts.ts";
import { sayingsOf } from "./scan.ts";

/** Bytes of head and anchor. */
export const IDENTITY_BYTES = 256 + 256;

/** What was changed this recently may change again within one tick of the kernel's clock; no cursor is believed then. */
const INSTANT_MS = 40;

const LONG_AGO_S = Date.UTC(2024, 0, 1) / 1000;

export const manyLines = (from: number, count: number): string =>
  lines(Array.from({ length: count }, (_, i) => response(from + i)));

export class Corpus {
  readonly folder: string;
  readonly root: string;
  readonly cacheDirectory: string;
  #changedMs = 0;

  /** @param tree names below the root; all are dated into the past. */
  constructor(tree: Tree) {
    this.folder = makeFolder(
      Object.fromEntries(Object.entries(tree).map(([name, content]) => [`root/${name}`, content])),
    );
    this.root = join(this.folder, "root");
    this.cacheDirectory = join(this.folder, "cache");
    for (const name of Object.keys(tree)) this.age(name);
  }

  path(name: string): string {
    return join(this.root, name);
  }

  size(name: string): number {
    return statSync(this.path(name)).size;
  }

  /** As if written long ago: its time alone says that it did not change meanwhile. */
  age(name: string): void {
    utimesSync(this.path(name), LONG_AGO_S, LONG_AGO_S);
    this.#changedMs = performance.now();
  }

  /** As if written just now. */
  touch(name: string): void {
    utimesSync(this.path(name), Date.now() / 1000, Date.now() / 1000);
    this.#changedMs = performance.now();
  }

  append(name: string, bytes: string | Buffer): void {
    appendFileSync(this.path(name), bytes);
    this.age(name);
  }

  async warm(options: ScanOptions = {}): Promise<ScanResult> {
    await sleep(Math.max(0, this.#changedMs + INSTANT_MS - performance.now()));
    return scan({ paths: [this.root], threads: 0, cacheDirectory: this.cacheDirectory, ...options });
  }

  cold(options: ScanOptions = {}): Promise<ScanResult> {
    return scan({ paths: [this.root], threads: 0, cache: false, ...options });
  }

  /** A warm run, which has to answer like one without cursors. */
  async checked(options: ScanOptions = {}): Promise<ScanResult> {
    const warm = await this.warm(options);
    expect(sayingsOf(warm)).toEqual(sayingsOf(await this.cold(options)));
    return warm;
  }

  /** Names of all files in the cache folder. */
  /** All but what V8 compiled. */
  cacheFiles(): string[] {
    if (!existsSync(this.cacheDirectory)) return [];
    return readdirSync(this.cacheDirectory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".code"))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  }
}

/** So many projects with so many transcripts of so many responses. */
export function projects(count: number, transcripts: number, responses: number): Tree {
  const tree: Record<string, string> = {};
  for (let project = 0; project < count; project++) {
    for (let transcript = 0; transcript < transcripts; transcript++) {
      const number = project * transcripts + transcript;
      tree[`-srv-app${project}/${sessionId(number)}.jsonl`] = manyLines(number * responses, responses);
    }
  }
  return tree;
}
