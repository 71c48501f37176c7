/**
 * The files that the command line is made of, loaded with what V8 compiled of them in earlier runs. Each holds a
 * function, such as Node makes of a CommonJS module.
 *
 * V8 compiles a function when it is first called, and a run of 200 ms calls most of its functions once: compiling them
 * is a sixth of its time. Node has this for all modules from 22.8 on (`module.enableCompileCache`), but not in 20, not
 * without writing where nothing is to be written, and not for functions that later runs were the first to call.
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { codeFile, identityOf, isCodeFile, isStale, readCode, writeCode } from "./file.ts";

interface Part {
  readonly module: { exports: unknown };
  readonly path: string;
  readonly identity: string;
  readonly script: Script;
  /** Earlier runs that added what they compiled. */
  readonly runs: number;
  /** Whether the file was written so lately that one written next could bear the same times. */
  readonly isYoung: boolean;
}

const OURS = /^\.\/([a-z]+)\.cjs$/;
/** A first run reads transcripts, the next ones cursors: each adds the functions that it was the first to call. */
const RUNS_THAT_ADD = 3;
/** As of transcripts: some file systems count times in seconds. */
const YOUNG_MS = 2000;

export class Parts {
  readonly #folder: string;
  readonly #cache: string | undefined;
  readonly #built: string | undefined;
  readonly #parts = new Map<string, Part>();

  /** `folder`: where our files are; `cache`: where code is kept, `built`: where the build has left some; undefined: nowhere. */
  constructor(folder: string, cache: string | undefined, built: string | undefined) {
    this.#folder = folder;
    this.#cache = cache;
    this.#built = built;
  }

  /** What `<name>.cjs` exports. */
  load(name: string): unknown {
    const known = this.#parts.get(name);
    if (known) return known.module.exports;
    const path = join(this.#folder, `${name}.cjs`);
    const { source, identity, isYoung } = readSource(path);
    const made = (folder: string | undefined) => {
      const stored = folder === undefined ? undefined : readCode(join(folder, codeFile(name, path)));
      return stored?.making.identity === identity && stored.making.path === path ? stored : undefined;
    };
    const kept = made(this.#cache);
    const script = new Script(source, { filename: path, cachedData: (kept ?? made(this.#built))?.code });
    const runs = kept && !script.cachedDataRejected ? kept.making.runs : 0;
    const part: Part = { module: { exports: {} }, path, identity, script, runs, isYoung };
    this.#parts.set(name, part);
    const require = (id: string): unknown => {
      // Node's own modules, which is nearly all: without its loader.
      if (id.startsWith("node:")) return process.getBuiltinModule(id);
      const ours = OURS.exec(id)?.[1];
      return ours === undefined ? process.getBuiltinModule("node:module").createRequire(path)(id) : this.load(ours);
    };
    const { module } = part;
    script.runInThisContext().call(module.exports, module.exports, require, module, path, dirname(path));
    return module.exports;
  }

  /**
   * Keeps what has been compiled so far, where a folder for it is there already. Never throws: without it the next
   * start takes longer, and that is all.
   */
  keep(): void {
    const cache = this.#cache;
    if (cache === undefined) return;
    const news = [...this.#parts].filter(([, { runs, isYoung }]) => runs < RUNS_THAT_ADD && !isYoung);
    try {
      if (news.length === 0 || !existsSync(cache)) return;
      for (const [name, { path, identity, script, runs }] of news) {
        writeCode(cache, codeFile(name, path), { path, identity, runs: runs + 1 }, script.createCachedData());
      }
      // Of versions that were here before.
      if (news.some(([, { runs }]) => runs === 0)) sweep(cache);
    } catch {
      // A full disk, a folder of somebody else's.
    }
  }
}

function sweep(cache: string): void {
  for (const name of readdirSync(cache)) {
    if (isCodeFile(name) && isStale(cache, name)) rmSync(join(cache, name), { force: true });
  }
}

function readSource(path: string): { source: string; identity: string; isYoung: boolean } {
  const file = openSync(path, "r");
  try {
    const stat = fstatSync(file, { bigint: true });
    const isYoung = Math.abs(Date.now() - Number(stat.ctimeMs)) < YOUNG_MS;
    return { source: readFileSync(file, "utf8"), identity: identityOf(stat), isYoung };
  } finally {
    closeSync(file);
  }
}
