/**
 * The files that the command line is made of, loaded with what V8 compiled of them in earlier runs. Each holds a
 * function, such as Node makes of a CommonJS module, or WebAssembly.
 *
 * V8 compiles a function when it is first called, and a run of 200 ms calls most of its functions once: compiling them
 * is a sixth of its time. Node has this for all modules from 22.8 on (`module.enableCompileCache`), but not in 20, not
 * without writing where nothing is to be written, and not for functions that later runs were the first to call.
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { codeFile, identityOf, isCodeFile, isStale, readCode, type StoredCode, writeCode } from "./file.ts";
import { machineCode, revive } from "./machine-code.ts";

/** A file of ours, as it was read. */
interface Ours {
  readonly name: string;
  readonly path: string;
  readonly identity: string;
  /** Whether it was written so lately that one written next could bear the same times. */
  readonly isYoung: boolean;
  readonly bytes: Buffer;
}

/** What could be kept of one of them. */
interface Part extends Omit<Ours, "bytes"> {
  /** Earlier runs that added what they compiled. */
  readonly runs: number;
  /** Of which runs the code is then; undefined where there is none to be had. */
  readonly compile: () => { readonly runs: number; readonly code: Uint8Array } | undefined;
}

const OURS = /^\.\/([a-z]+)\.(cjs|wasm)$/;
/** A first run reads transcripts, the next ones cursors: each adds the functions that it was the first to call. */
const RUNS_THAT_ADD = 3;
/** As of transcripts: some file systems count times in seconds. */
const YOUNG_MS = 2000;

export class Parts {
  readonly #folder: string;
  readonly #cache: string | undefined;
  readonly #built: string | undefined;
  readonly #modules = new Map<string, { exports: unknown }>();
  readonly #wasm = new Map<string, WebAssembly.Module>();
  readonly #parts: Part[] = [];

  /** `folder`: where our files are; `cache`: where code is kept, `built`: where the build has left some; undefined: nowhere. */
  constructor(folder: string, cache: string | undefined, built: string | undefined) {
    this.#folder = folder;
    this.#cache = cache;
    this.#built = built;
  }

  /** What `<name>.cjs` exports. */
  load(name: string): unknown {
    const known = this.#modules.get(name);
    if (known) return known.exports;
    const { bytes, ...file } = readOurs(this.#folder, name, "cjs");
    const { path } = file;
    const kept = stored(this.#cache, file);
    const cachedData = (kept ?? stored(this.#built, file))?.code;
    const script = new Script(bytes.toString(), { filename: path, cachedData });
    const runs = kept && !script.cachedDataRejected ? kept.making.runs : 0;
    this.#parts.push({ ...file, runs, compile: () => ({ runs: runs + 1, code: script.createCachedData() }) });
    const module = { exports: {} };
    this.#modules.set(name, module);
    const require = (id: string): unknown => {
      // Node's own modules, which is nearly all: without its loader.
      if (id.startsWith("node:")) return process.getBuiltinModule(id);
      const [, ours, kind] = OURS.exec(id) ?? [];
      if (ours === undefined) return process.getBuiltinModule("node:module").createRequire(path)(id);
      return kind === "wasm" ? this.loadWasm(ours) : this.load(ours);
    };
    script.runInThisContext().call(module.exports, module.exports, require, module, path, dirname(path));
    return module.exports;
  }

  /** The module of `<name>.wasm`. */
  loadWasm(name: string): WebAssembly.Module {
    const known = this.#wasm.get(name);
    if (known) return known;
    const module = this.#readWasm(name);
    this.#wasm.set(name, module);
    return module;
  }

  #readWasm(name: string): WebAssembly.Module {
    const { bytes, ...file } = readOurs(this.#folder, name, "wasm");
    const code = (stored(this.#cache, file) ?? stored(this.#built, file))?.code;
    const revived = code && revive(code, bytes);
    if (revived) return revived;
    const compile = () => {
      const all = machineCode(bytes);
      return all && { runs: RUNS_THAT_ADD, code: all };
    };
    this.#parts.push({ ...file, runs: 0, compile });
    return new WebAssembly.Module(bytes);
  }

  /**
   * Keeps what has been compiled so far, where a folder for it is there already. Never throws: without it the next
   * start takes longer, and that is all.
   */
  keep(): void {
    const cache = this.#cache;
    if (cache === undefined) return;
    const news = this.#parts.filter(({ runs, isYoung }) => runs < RUNS_THAT_ADD && !isYoung);
    try {
      if (news.length === 0 || !existsSync(cache)) return;
      let isFirst = false;
      for (const { name, path, identity, runs, compile } of news) {
        const made = compile();
        if (!made) continue;
        writeCode(cache, codeFile(name, path), { path, identity, runs: made.runs }, made.code);
        isFirst ||= runs === 0;
      }
      // Of versions that were here before.
      if (isFirst) sweep(cache);
    } catch {
      // A full disk, a folder of somebody else's.
    }
  }
}

/** Code of this very file that is kept there. */
function stored(folder: string | undefined, { name, path, identity }: Omit<Ours, "bytes">): StoredCode | undefined {
  const found = folder === undefined ? undefined : readCode(join(folder, codeFile(name, path)));
  return found?.making.identity === identity && found.making.path === path ? found : undefined;
}

function sweep(cache: string): void {
  for (const name of readdirSync(cache)) {
    if (isCodeFile(name) && isStale(cache, name)) rmSync(join(cache, name), { force: true });
  }
}

function readOurs(folder: string, name: string, kind: "cjs" | "wasm"): Ours {
  const path = join(folder, `${name}.${kind}`);
  const file = openSync(path, "r");
  try {
    const stat = fstatSync(file, { bigint: true });
    const isYoung = Math.abs(Date.now() - Number(stat.ctimeMs)) < YOUNG_MS;
    return { name, path, identity: identityOf(stat), isYoung, bytes: readFileSync(file) };
  } finally {
    closeSync(file);
  }
}
