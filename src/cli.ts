#!/usr/bin/env node
/** argv in, text and exit code out. */
import { runProgram } from "./commands/program.ts";

void runProgram(process.argv.slice(2)).then((exitCode) => process.exit(exitCode));
