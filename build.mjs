// Builds dist/: the kernel to WebAssembly, one bundled file an entry point (Node starts faster with fewer files),
// declarations, and V8's code for the first start. `--no-types` leaves the declarations out, `--no-code` the code.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { findProvider } from "@pydantic/genai-prices";
import { build } from "esbuild";
import { prepareCatalog } from "./src/pricing/prepare.mjs";

const require = createRequire(import.meta.url);
const binary = (name, file) => join(dirname(require.resolve(`${name}/package.json`)), file);
const run = (script, ...args) => execFileSync(process.execPath, [script, ...args], { stdio: "inherit" });

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist/src", { recursive: true });
toWasm("workers/kernel/index.ts", "dist/src/kernel.wasm", "--initialMemory", "4");
const shared = "--enable threads --sharedMemory --initialMemory 1 --maximumMemory 65536".split(" ");
toWasm("src/tally/wasm/index.ts", "dist/src/tally.wasm", ...shared);

writePrices("dist/src/prices");

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const common = {
  outdir: "dist",
  outbase: ".",
  bundle: true,
  platform: "node",
  target: "node20.19",
  define: { TOKENSIFT_VERSION: JSON.stringify(version), TOKENSIFT_BUILD: JSON.stringify(hashOfSources()) },
  logLevel: "warning",
};
await build({
  ...common,
  entryPoints: ["src/index.ts", "src/ledger/index.ts", "workers/snapshot.ts"],
  format: "esm",
  packages: "external",
  splitting: true,
  // Two folders deep like the entries, so that paths relative to import.meta.url hold in each of them.
  chunkNames: "src/chunks-[hash]",
});

// The command line starts often and lives short: a CommonJS file with its packages inside starts 6 ms sooner than
// the same as modules, and 14 ms sooner than with the packages left outside. `import()` still means: not before it is needed.
const commandLine = {
  ...common,
  outbase: undefined,
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  // Needed by few runs, or by threads too; small enough to look up then, too large to read on each start.
  external: ["temporal-polyfill", "node-sqlite3-wasm", "@napi-rs/nice"],
  // MessagePack without streams, and without looking for a native module that is not there: 5 ms.
  // jsonc-parser's main file finds its parts in a way esbuild cannot follow.
  alias: {
    "msgpackr/pack": "msgpackr/index-no-eval",
    "msgpackr/unpack": "msgpackr/unpack-no-eval",
    "jsonc-parser": "jsonc-parser/lib/esm/main.js",
  },
  minifyWhitespace: true,
  minifySyntax: true,
  supported: { "dynamic-import": false },
  define: { ...common.define, "import.meta.url": "importMetaUrl", TOKENSIFT_OWNS_PROCESS: "true" },
  banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  metafile: true,
};
// V8 looks through every file that is loaded, 4 ms for 100 KB: what few runs need is a file of its own.
const parts = {
  "src/program": "src/commands/program.ts",
  "src/scan": "src/commands/scan.ts",
  "src/run": "src/commands/run.ts",
  "src/statusline": "src/commands/statusline.ts",
  "src/more": "src/commands/more.ts",
  "src/tasks": "src/commands/task-of.ts",
  "src/pool": "src/pool.ts",
  "src/save": "src/cursors/save.ts",
  "src/sums": "src/sums/save.ts",
  "src/patterns": "picomatch",
  "src/threads": "piscina",
};
const { metafile } = await build({
  ...commandLine,
  entryPoints: { "src/cli": "src/cli.ts", ...parts },
  plugins: [
    leaveOut("node:child_process"),
    ...withPiscina(),
    ...withCode(),
    apart({ ...parts, "src/server": "src/server/index.ts" }),
  ],
});
// A server starts once and lives long: it has its packages, and all else, in one file.
const { metafile: serverFile } = await build({
  ...commandLine,
  entryPoints: { "src/server": "src/server/index.ts" },
  plugins: [...withPiscina(), ...withCode()],
});
// What a scanning thread runs: Node's loader of modules would take a third of its start.
const { metafile: workerFile } = await build({
  ...commandLine,
  entryPoints: {
    "workers/scan": "workers/scan.ts",
    "workers/piscina": join(dirname(require.resolve("piscina")), "worker.js"),
  },
});
for (const file of [...Object.keys(metafile.outputs), ...Object.keys(workerFile.outputs)]) {
  // One other letter, and V8 keeps the whole file in two bytes a letter. esbuild escapes texts, but not what stands in patterns.
  if (/[^\0-\x7f]/.test(readFileSync(file, "utf8"))) throw new Error(`${file} is not all ASCII`);
}
// As Node makes a function of a CommonJS module; done when they are loaded it would copy all of the text (src/code-cache/parts.ts).
for (const file of [...Object.keys(parts), "src/server"].map((part) => `dist/${part}.cjs`)) {
  const text = readFileSync(file, "utf8");
  writeFileSync(file, `(function (exports, require, module, __filename, __dirname) {${text}\n})\n`);
}
chmodSync("dist/src/cli.cjs", 0o755);
writeFileSync(
  "dist/THIRD-PARTY.txt",
  licences([
    ...Object.keys(metafile.inputs),
    ...Object.keys(serverFile.inputs),
    ...Object.keys(workerFile.inputs),
    "node_modules/@pydantic/genai-prices/",
  ]),
);
if (!process.argv.includes("--no-types")) run(binary("typescript", "bin/tsc"));
if (!process.argv.includes("--no-code")) await compileAhead();

function toWasm(entry, file, ...memory) {
  const flags = "-O3 --enable simd --runtime stub --noAssert".split(" ");
  run(binary("assemblyscript", "bin/asc.js"), entry, "--outFile", file, ...flags, ...memory);
}

/**
 * What V8 compiles when transcripts are scanned, for starts that find no other code (src/code-cache/). By running it: what V8 compiles
 * without running it is a part of that. Of use to this Node and where it was built; packages leave it out.
 */
async function compileAhead() {
  // Code of a file that has just been written is not kept: one written next could bear the same times.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  const home = mkdtempSync(join(tmpdir(), "tokensift-build-"));
  const env = { PATH: process.env.PATH, HOME: home, TZ: "UTC", TOKENSIFT_CACHE_DIR: home };
  const cli = (...args) => execFileSync(process.execPath, ["dist/src/cli.cjs", ...args], { env, stdio: "pipe" });
  try {
    // It is added to three times. The first run reads with threads, as a large one does.
    cli("scan", "fixtures/demo", "--json", "--threads", "2");
    cli("scan", "fixtures/demo");
    cli("scan", "fixtures/demo", "--json", "--by", "day");
    mkdirSync("dist/src/code", { mode: 0o700 });
    for (const name of readdirSync(home).filter((one) => one.endsWith(".code"))) {
      copyFileSync(join(home, name), join("dist/src/code", name));
    }
  } catch (error) {
    // Starts take longer without it, and that is all.
    console.warn(`dist/src/code was not made: ${error.message}`);
  } finally {
    rmSync(home, { recursive: true });
  }
}

/** List prices, a file a provider (src/pricing/catalog.ts): parsing the whole package takes longer than a warm scan. */
function writePrices(folder) {
  const name = "@pydantic/genai-prices";
  const { version: packageVersion } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  const source = readFileSync(`node_modules/${name}/dist/index.js`, "utf8");
  // The list itself is not exported; its providers can be asked for by their ids.
  const ids = new Set(Array.from(source.matchAll(/^ {4}id: "([^"]+)",$/gm), ([, id]) => id));
  const providers = [...ids].map((id) => findProvider({ providerId: id })).filter(Boolean);
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of prepareCatalog(providers, `${name} ${packageVersion}`, null)) {
    writeFileSync(join(folder, file), JSON.stringify(content));
  }
}

/** The licences of the packages that are inside the command line. */
function licences(inputs) {
  const folders = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  const texts = [...new Set(folders)].map((folder) => {
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    const { license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    // A few packages name their licence and do not bring its text.
    const text = file ? readFileSync(join(folder, file), "utf8") : (license ?? "");
    if (text === "") throw new Error(`no licence in ${folder}`);
    return `${folder.split("node_modules/").at(-1)}\n\n${text.trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

/** An empty module in place of one that a package loads and we never use: commander's is for commands in files of their own. */
function leaveOut(name) {
  return {
    name: "leave-out",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: name, namespace: "left-out" }));
      onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "" }));
    },
  };
}

/** Piscina in a file of ours, 12 less to look up; its threads begin with what it has for them in `workers/piscina.cjs`. */
function withPiscina() {
  const from = "__dirname, 'worker.js'";
  const setup = ({ onResolve, onLoad }) => {
    onResolve({ filter: /^\.\/threads\.cjs$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /[\\/]src[\\/]piscina\.ts$/ }, () => ({
      contents: 'export const loadPiscina = () => require("./threads.cjs");',
    }));
    onLoad({ filter: /[\\/]piscina[\\/]dist[\\/]index\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      if (source.split(from).length !== 2) throw new Error(`${path} is not what build.mjs knows`);
      return { contents: source.replace(from, "__dirname, '../workers/piscina.cjs'") };
    });
  };
  return [{ name: "with-piscina", setup }];
}

/** WebAssembly as whoever loads our files has it: with machine code that was kept (src/code-cache/parts.ts). */
function withCode() {
  const setup = ({ onResolve, onLoad }) => {
    onResolve({ filter: /^\.\/[a-z]+\.wasm$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /[\\/]src[\\/]wasm\.ts$/ }, () => ({
      contents: `const loads = { kernel: () => require("./kernel.wasm"), tally: () => require("./tally.wasm") };
        export const loadWasm = (name) => loads[name]();`,
    }));
  };
  return [{ name: "with-code", setup }];
}

/** Modules that are built into files of their own: whoever asks for one with `import()` gets that. */
function apart(files) {
  const fileOf = new Map(Object.entries(files).map(([file, module]) => [module, `./${basename(file)}.cjs`]));
  return {
    name: "apart",
    setup({ onResolve }) {
      onResolve({ filter: /./ }, ({ path, resolveDir, kind }) => {
        if (kind !== "dynamic-import") return undefined;
        const file = fileOf.get(path.startsWith(".") ? relative(".", resolve(resolveDir, path)) : path);
        return file === undefined ? undefined : { path: file, external: true };
      });
    },
  };
}

/** What figures are worked out with: kept ones are of no use to another build. */
function hashOfSources() {
  const hash = createHash("sha256");
  for (const folder of ["src", "workers"]) {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|mjs)$/.test(name));
    for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
      hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}
