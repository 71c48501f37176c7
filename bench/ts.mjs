// Runs a TypeScript file of this folder: `node bench/ts.mjs corpus.ts --shape tiny --seed 1`.
import { pathToFileURL } from "node:url";
import { bundle } from "./bundle.mjs";

const [entry, ...rest] = process.argv.slice(2);
if (entry === undefined) {
  console.error("usage: node bench/ts.mjs <file.ts> [arguments]");
  process.exit(2);
}
const path = await bundle(entry);
process.argv = [process.argv[0], entry, ...rest];
await import(pathToFileURL(path).href);
