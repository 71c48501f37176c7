/**
 * Text to stdout and stderr, at once and whole. `process.stdout` would do the same on Linux, but loading streams
 * costs 3 ms of a run that takes 80.
 */
import { writeSync } from "node:fs";
import { ScanError } from "../../errors.ts";
import { printable } from "../../report/printable.ts";

const STDOUT = 1;
const STDERR = 2;
/** A pipe that somebody made non-blocking is asked again after this long. */
const FULL_PIPE_WAIT_MS = 5;

/** False when nobody reads any more (`| head`), which is a normal end. */
export async function writeStdout(text: string): Promise<boolean> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(STDOUT, bytes, at);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "EPIPE") return false;
      if (code !== "EAGAIN") throw new ScanError("OUTPUT_FAILED", `stdout: cannot be written (${code})`, { cause });
      await new Promise((resolve) => setTimeout(resolve, FULL_PIPE_WAIT_MS));
    }
  }
  return true;
}

/** As much as stderr takes: what cannot be said there can be said nowhere. */
export function writeStderr(text: string): void {
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(STDERR, bytes, at);
  } catch {
    // Closed or full.
  }
}

export function sayLines(lines: readonly string[]): void {
  if (lines.length > 0) writeStderr(`${lines.map(printable).join("\n")}\n`);
}
