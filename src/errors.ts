/** What stops a run: one sentence that says what, where, and what to do. Everything else is counted, not thrown. */
export class ScanError extends Error {
  override readonly name = "ScanError";
  readonly code: ScanErrorCode;

  /** By its name: the command line is built as several files, each with a class of its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === "ScanError";
  }

  constructor(code: ScanErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type ScanErrorCode =
  | "INVALID_OPTION"
  | "NO_SUCH_PATH"
  | "INVALID_INPUT"
  | "SUM_TOO_LARGE"
  | "TOO_MANY_RECORDS"
  | "ABORTED"
  | "OUTPUT_FAILED"
  | "INTERNAL";

export function invalidOption(name: string, value: string, remedy: string): ScanError {
  return new ScanError("INVALID_OPTION", `${name}: "${value}" ${remedy}`);
}

/** What is wrong with a field of a file that somebody gave; no field: with all of it. */
export function invalidInput(file: string, field: string, what: string): ScanError {
  return new ScanError("INVALID_INPUT", `${file}: ${field === "" ? "" : `${field} `}${what}`);
}

export function noSuchPath(path: string, cause?: unknown): ScanError {
  return new ScanError("NO_SUCH_PATH", `no such file or folder: ${path || '""'} (give another path)`, { cause });
}

export function sumTooLarge(figure: string): ScanError {
  return new ScanError(
    "SUM_TOO_LARGE",
    `${figure} adds up to more than 2^53 - 1, which cannot be shown exactly (narrow the window or look for absurd counts with --by session)`,
  );
}

export function tooManyRecords(cause: unknown): ScanError {
  return new ScanError(
    "TOO_MANY_RECORDS",
    "there are more records than fit into 4 GiB of memory (scan fewer folders at once)",
    { cause },
  );
}

/** For signals that nobody listened to meanwhile, or that were aborted before. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted();
}

export function aborted(): ScanError {
  return new ScanError("ABORTED", "the scan was stopped before it was done");
}
