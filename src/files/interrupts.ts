/**
 * Ctrl-C. A handler runs only between two pieces of work of the main thread, so it is there only while these are
 * short: while shards are scanned, to end with an exit code of our own, and while a file is written, to let that be done.
 * At all other times the system ends the process at once, which a shell shows as the same 130 or 143.
 */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof EXIT_CODES;
const SIGNALS = Object.keys(EXIT_CODES) as Signal[];

/** Until the returned function is called, a signal calls `leave` and ends the process. */
export function catchInterrupts(leave: () => void): () => void {
  const stop = (signal: Signal) => {
    leave();
    process.exit(EXIT_CODES[signal]);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  return () => {
    for (const signal of SIGNALS) process.off(signal, stop);
  };
}
