/** Whether and how wide somebody is looking. */
import { fstatSync } from "node:fs";
import type { Palette } from "../../report/palette.ts";
import { colours, plain } from "../../report/palette.ts";

const STDOUT = 1;
const STDERR = 2;
/** Of a terminal that does not say. */
const TERMINAL_WIDTH = 80;
/** Of a file or a pipe, which have none: exact figures in all columns mostly fit. */
const FILE_WIDTH = 120;

export type Variables = Readonly<Record<string, string | undefined>>;

/** The terminal's columns; else `COLUMNS`; else 120, or 80 on a terminal that does not know. */
export function outputWidth(variables: Variables, isToFile: boolean): number {
  const isTerminal = !isToFile && isTerminalAt(STDOUT);
  if (isTerminal && process.stdout.columns > 0) return process.stdout.columns;
  const columns = Number(variables["COLUMNS"]);
  if (Number.isInteger(columns) && columns > 0) return columns;
  return isTerminal ? TERMINAL_WIDTH : FILE_WIDTH;
}

/** The flag; else `NO_COLOR`, `FORCE_COLOR`; else a terminal that is not dumb. */
export function choosePalette(flag: boolean | undefined, variables: Variables, isToFile: boolean): Palette {
  return (flag ?? variablesSay(variables) ?? (!isToFile && isTerminalAt(STDOUT))) ? colours : plain;
}

function variablesSay({ NO_COLOR, FORCE_COLOR, TERM }: Variables): boolean | undefined {
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return TERM === "dumb" ? false : undefined;
}

export function showsProgress(flag: boolean | undefined, isQuiet: boolean, variables: Variables): boolean {
  return flag !== false && !isQuiet && !variables["CI"] && variables["TERM"] !== "dumb" && isTerminalAt(STDERR);
}

/** Asking the descriptor first spares `process.stdout`, whose streams take 3 ms to load, wherever it is no terminal. */
export function isTerminalAt(descriptor: 1 | 2): boolean {
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return false;
  } catch {
    return false;
  }
  return (descriptor === STDOUT ? process.stdout : process.stderr).isTTY;
}
