/** The WebAssembly that lies beside our files. The command line has this module replaced (build.mjs): it keeps machine code. */
import { readFileSync } from "node:fs";

/** Compiles it. A module can be handed to other threads. */
export function loadWasm(name: "kernel" | "tally"): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL(`../src/${name}.wasm`, import.meta.url)));
}
