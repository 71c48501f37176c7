#!/usr/bin/env node
/** argv in, text and exit code out. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Parts } from "./code-cache/parts.ts";
import { EXIT } from "./commands/exit-code.ts";
import type * as program from "./commands/program.ts";
import { cacheFolder } from "./cursors/location.ts";
import { thisEnvironment } from "./environment.ts";

const argv = process.argv.slice(2);
const { NODE_DISABLE_COMPILE_CACHE, NODE_V8_COVERAGE } = process.env;
const isOff = Boolean(NODE_DISABLE_COMPILE_CACHE || NODE_V8_COVERAGE);
const folder = dirname(fileURLToPath(import.meta.url));
const parts = new Parts(folder, isOff ? undefined : folderOfCode(), isOff ? undefined : join(folder, "code"));
const { runProgram } = parts.load("program") as typeof program;

void runProgram(argv).then((exitCode) => {
  // Whoever wants no cursors is not to find other files; what `cache` says of the folder is to hold afterwards.
  if (exitCode !== EXIT.couldNotRun && !argv.includes("--no-cache") && argv[0] !== "cache") parts.keep();
  process.exit(exitCode);
});

function folderOfCode(): string | undefined {
  try {
    return cacheFolder(thisEnvironment(), cacheDirectoryIn(argv));
  } catch {
    return undefined; // A relative one where the current folder is gone: the program says so.
  }
}

/** What `--cache-dir` says, which the program finds out only once its code is there. */
function cacheDirectoryIn(words: readonly string[]): string | undefined {
  const flag = "--cache-dir";
  const at = words.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`));
  return words[at] === flag ? words[at + 1] : words[at]?.slice(flag.length + 1);
}
