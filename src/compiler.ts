/**
 * V8's optimizing compiler, while every core reads transcripts. What runs once a file gets hot in thousands of them, and
 * compiling that took more than it gave back: up to a quarter of the CPU of such a run (docs/performance.md). Where a
 * core is idle anyway it helps.
 */
declare const TOKENSIFT_OWNS_PROCESS: boolean | undefined;

/** Put in by the build, for the command line. Flags are the process's: a library leaves them alone. */
const OWNS_PROCESS = typeof TOKENSIFT_OWNS_PROCESS === "boolean" && TOKENSIFT_OWNS_PROCESS;
/** Bytes of code that a function may run before V8 thinks of optimizing it; `usual` is V8's own of Node 20. Later ones count calls. */
const BUDGET = { usual: 66 << 10, whileReading: 4 << 20 } as const;

/**
 * Returns what has it optimize as usual again. Threads that start meanwhile take twice as long for it: V8's code of Node's own
 * modules is only good for the flags it was made with.
 */
export function optimizeLess(): () => void {
  if (!OWNS_PROCESS || !process.versions.v8.startsWith("11.3.")) return () => {};
  // Not before: it loads what nobody else here needs, 2 ms.
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  const set = (bytes: number) => setFlagsFromString(`--interrupt-budget=${bytes}`);
  set(BUDGET.whileReading);
  return () => set(BUDGET.usual);
}
