// Node 20 does not strip types, so esbuild bundles a bench file into node_modules/.cache for Node to run.
import { mkdirSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// In a bundle this module lies in the cache, so the folder is handed over through `define`.
const bench = process.env.BENCH_DIR ?? fileURLToPath(new URL(".", import.meta.url));

/** Path of a runnable copy of bench/<entry>; it lasts as long as this process. */
export async function bundle(entry) {
  const cache = join(bench, "../node_modules/.cache/tokensift-bench");
  mkdirSync(cache, { recursive: true });
  // The process id is in the name: two benches may start at the same time.
  const outfile = join(cache, `${basename(entry, ".ts")}-${process.pid}.mjs`);
  await build({
    entryPoints: [resolve(bench, entry)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    define: { "process.env.BENCH_DIR": JSON.stringify(bench) },
    logLevel: "warning",
  });
  process.once("exit", () => rmSync(outfile, { force: true }));
  return outfile;
}
