/** The WebAssembly that lies beside our files. The command line has this module replaced (build.mjs): it keeps machine code. */
import { readFileSync } from "node:fs";

const modules = new Map<string, WebAssembly.Module>();

/** Compiles it, once a process: a module can be handed to other threads. */
export function loadWasm(name: "kernel" | "tally"): WebAssembly.Module {
  const known = modules.get(name);
  if (known) return known;
  const module = new WebAssembly.Module(readFileSync(new URL(`../src/${name}.wasm`, import.meta.url)));
  modules.set(name, module);
  return module;
}
