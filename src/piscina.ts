/** The door to Piscina: few scans need it, and whoever does may not be able to wait. The command line has it in a file of its own (`build.mjs`). */
import { createRequire } from "node:module";
import type * as piscina from "piscina";

export function loadPiscina(): typeof piscina {
  return createRequire(import.meta.url)("piscina") as typeof piscina;
}
