/** A folder of transcripts with a cache of its own, and a scan of it that has to say what one without a cache says. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { scan } from "tokensift";
import { expect } from "vitest";
import type { ScanOptions } from "../../src/options.ts";
import type { ScanResult } from "../../src/types.ts";
import { answerOf, makeFolder, response, sessionId } from "../transcripts.ts";

/** Long ago, in seconds: what was changed then is settled. */
const LONG_AGO = Date.UTC(2026, 0, 1) / 1000;

export class Machine {
  readonly folder = makeFolder();
  readonly cache = join(makeFolder(), "cache");
  #touched = LONG_AGO;

  path(n: number, project = "-srv-app"): string {
    return join(this.folder, project, `${sessionId(n)}.jsonl`);
  }

  /** Replaces the content in place, long ago but later than anything before. */
  write(path: string, content: string | Buffer): string {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    this.settle(path);
    return path;
  }

  append(path: string, content: string): void {
    appendFileSync(path, content);
    this.settle(path);
  }

  /** Gives a file a time of change that no clock can be mistaken about. */
  settle(path: string): void {
    this.#touched += 60;
    utimesSync(path, this.#touched, this.#touched);
  }

  /** A scan with the cache, which has to give what one without gives. */
  async scan(options: ScanOptions = {}): Promise<ScanResult> {
    const asked: ScanOptions = {
      paths: [this.folder],
      by: ["session", "agent", "model", "day"],
      threads: 0,
      timezone: "UTC",
      cacheDirectory: this.cache,
      ...options,
    };
    // What is written within one tick of the kernel's clock bears one time: such cursors are rightly not believed.
    await new Promise((resolve) => setTimeout(resolve, 25));
    const result = await scan(asked);
    expect(answerOf(result)).toEqual(answerOf(await scan({ ...asked, cache: false })));
    return result;
  }

  /** Bytes read by a scan with the cache. */
  async bytesRead(options: ScanOptions = {}): Promise<number> {
    return (await this.scan(options)).stats.bytesRead;
  }

  /** The cursor files and what else lies there, but for what is made of them. */
  files(): string[] {
    return readdirSync(this.cache)
      .filter((name) => !name.endsWith(".sums"))
      .sort();
  }

  /** Changes the only cursor file. */
  damage(change: (bytes: Buffer<ArrayBuffer>) => Buffer): void {
    const [name] = this.files();
    const path = join(this.cache, name as string);
    const bytes = readFileSync(path);
    const copy = Buffer.alloc(bytes.length);
    bytes.copy(copy);
    writeFileSync(path, change(copy));
  }
}

/** Lines of responses `from` to before `to`. */
export function responses(from: number, to: number, more: object = {}): string {
  return Array.from({ length: to - from }, (_, i) => `${response(from + i, more)}\n`).join("");
}

/** Of head and anchor of a transcript of more than 256 bytes. */
export const IDENTITY_READS = 512;
