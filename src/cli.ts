#!/usr/bin/env node
/** argv in, text and exit code out. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Parts } from "./code-cache/parts.ts";
import type * as program from "./commands/program.ts";
import { cacheFolder } from "./cursors/location.ts";
import { thisEnvironment } from "./environment.ts";

/** Whoever wants no cursors, or wants them elsewhere, is not to find other files in their place. */
const NOT_KEPT = /^--(no-cache$|cache-dir)/;

const argv = process.argv.slice(2);
const { NODE_DISABLE_COMPILE_CACHE, NODE_V8_COVERAGE } = process.env;
const isOff = Boolean(NODE_DISABLE_COMPILE_CACHE || NODE_V8_COVERAGE);
const parts = new Parts(dirname(fileURLToPath(import.meta.url)), isOff ? undefined : cacheFolder(thisEnvironment()));
const { runProgram } = parts.load("program") as typeof program;

void runProgram(argv).then((exitCode) => {
  if (!argv.some((word) => NOT_KEPT.test(word)) && argv[0] !== "cache") parts.keep();
  process.exit(exitCode);
});
