// Builds dist/: the kernel to WebAssembly, one bundled file an entry point (Node starts faster with fewer files),
// and declarations. `node build.mjs --no-types` leaves the declarations out.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const require = createRequire(import.meta.url);
const binary = (name, file) => join(dirname(require.resolve(`${name}/package.json`)), file);
const run = (script, ...args) => execFileSync(process.execPath, [script, ...args], { stdio: "inherit" });

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist/workers/kernel", { recursive: true });
const target = "--outFile dist/workers/kernel/kernel.wasm --initialMemory 4";
const flags = "-O3 --enable simd --runtime stub --noAssert";
run(binary("assemblyscript", "bin/asc.js"), "workers/kernel/index.ts", ...`${target} ${flags}`.split(" "));

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
await build({
  entryPoints: ["src/cli.ts", "src/index.ts", "workers/scan.ts"],
  outdir: "dist",
  outbase: ".",
  // Two folders deep like the entries, so that paths relative to import.meta.url hold in each of them.
  chunkNames: "src/chunks-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  packages: "external",
  define: { TOKENSIFT_VERSION: JSON.stringify(version) },
  logLevel: "warning",
});
chmodSync("dist/src/cli.js", 0o755);
if (!process.argv.includes("--no-types")) run(binary("typescript", "bin/tsc"));
