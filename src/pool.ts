/**
 * Shards to batches, on as many threads as pay.
 *
 * With two threads or more the main thread is one of them: it scans from the first moment on, while the others
 * start, and takes fewer shards than they do only because it also answers them. One thread is one worker: the
 * caller's thread stays free. None: everything happens here.
 */
import { setImmediate as letOthersRun } from "node:timers/promises";
import type { Piscina } from "piscina";
import { claim, Claims } from "../workers/claims.ts";
import type { ScanWorkerData, SentTask } from "../workers/scan.ts";
import { Scanner, type ScanTask } from "../workers/scanner.ts";
import { aborted, ScanError } from "./errors.ts";
import { optimizeLess } from "./compiler.ts";
import type { Batch } from "./events.ts";
import { loadPiscina } from "./piscina.ts";
import type { ScanLimits, Shard } from "./plan.ts";
import { nowMs } from "./stages.ts";
import { loadWasm } from "./wasm.ts";

export interface PoolOptions {
  /** Threads that scan at once; 0 is none but the caller's. */
  readonly threads: number;
  readonly limits: ScanLimits;
  /** Threads that have been started with these limits meanwhile. They are stopped at the end, whatever that is. */
  readonly started?: StartedThreads | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Hears of each shard as soon as it is through. */
  readonly onShard?: ((shard: Shard) => void) | undefined;
  /** Takes each batch, in the order of the shards. Returns its buffer where that may be written anew. */
  readonly onBatch: (batch: Batch, shard: Shard) => SharedArrayBuffer | undefined;
}

/** A worker has one shard at hand and two waiting, so it never waits for the main thread, which takes back what it has no work left for. */
const SHARDS_AT_A_WORKER = 3;

/** Of one shard or more. Resolves when every batch has been handed over. */
export async function scanShards(shards: readonly Shard[], options: PoolOptions): Promise<void> {
  const { threads, limits, signal, onShard, onBatch } = options;
  const early = new Map<number, Batch>();
  const spares: SharedArrayBuffer[] = [];
  const claims = new Claims(shards.length);
  let next = 0;
  let handedOver = 0;
  let isStopped = false;

  const takeOne = async (at: number | undefined, scan: ScanOne): Promise<boolean> => {
    if (signal?.aborted) throw aborted();
    if (isStopped || at === undefined) return false;
    const shard = shards[at] as Shard;
    const spare = spares.pop();
    const scanned = await scan({ shard, spare, at, taken: claims.taken });
    // Whoever asked has been told by then, and what batches are merged into may be somebody else's.
    if (isStopped) return false;
    if (!scanned) {
      if (spare) spares.push(spare);
      return true;
    }
    early.set(at, scanned);
    onShard?.(shard);
    for (let batch; (batch = early.get(handedOver)); handedOver++) {
      early.delete(handedOver);
      const spare = onBatch(batch, shards[handedOver] as Shard);
      if (spare) spares.push(spare);
    }
    return true;
  };

  const nextUnsent = () => (next < shards.length ? next++ : undefined);
  const scanHere = async (scanner: Scanner) => {
    const claimNext = () => {
      const at = nextUnsent();
      return at !== undefined && claim(claims.taken, at) ? at : claims.claimLast();
    };
    while (await takeOne(claimNext(), (task) => scanPolitely(scanner, task))) await letOthersRun();
  };

  if (threads === 0) {
    options.started?.stop();
    await scanHere(new Scanner(loadWasm("kernel"), limits));
    return;
  }

  const { module, workers, piscina, begun } =
    options.started ?? startThreads(Math.min(threads, shards.length + (threads > 1 ? 1 : 0)), limits);
  let isThrough = false;
  let optimizeAsBefore = () => {};
  const holdBack = async () => {
    await begun;
    if (!isThrough) optimizeAsBefore = optimizeLess();
  };
  void holdBack();
  // Piscina is not given the signal: it ends the worker of an aborted task and starts another in its place.
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(aborted());
  });
  signal?.addEventListener("abort", stop);
  try {
    const feed = async () => {
      while (await takeOne(nextUnsent(), (task) => piscina.run(task) as Promise<Batch | undefined>));
    };
    const lanes = Array.from({ length: workers * SHARDS_AT_A_WORKER }, feed);
    if (threads > 1) lanes.push(scanHere(new Scanner(module, limits)));
    await Promise.race([Promise.all(lanes), stopped]);
    // What nobody scanned would be missing in silence.
    if (handedOver < shards.length) throw new Error("a shard was lost; this is a fault of tokensift, please report it");
  } catch (error) {
    isStopped = true;
    // What a thread had finished before it heard of that has nowhere to go.
    piscina.on("error", () => {});
    await piscina.destroy();
    throw comeHome(error);
  } finally {
    isThrough = true;
    optimizeAsBefore();
    // A signal may outlive many scans.
    signal?.removeEventListener("abort", stop);
  }
  // Not waited for: the figures are on their way while the threads end.
  void piscina.destroy();
}

/** Undefined: somebody else scans it. */
type ScanOne = (task: SentTask) => Promise<Batch | undefined>;

/** Threads that have been started, for one call of `scanShards`. */
export interface StartedThreads {
  /** The byte scanner, compiled once. */
  readonly module: WebAssembly.Module;
  readonly workers: number;
  readonly piscina: Piscina;
  /** Resolves when each of them has loaded its code, which is the first that Piscina hears of it. Never, where one cannot. */
  readonly begun: Promise<unknown>;
  /** Where nothing is to be scanned after all. */
  stop(): void;
}

/** Starts what scans beside this thread where `threads`, at least 1, scan at once. It takes them 30 ms and more to begin. */
export function startThreads(threads: number, limits: ScanLimits): StartedThreads {
  const { Piscina } = loadPiscina();
  const module = loadWasm("kernel");
  const workers = threads > 1 ? threads - 1 : threads;
  const workerData: ScanWorkerData = { module, limits };
  const piscina = new Piscina({
    filename: new URL("../workers/scan.cjs", import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: SHARDS_AT_A_WORKER,
    recordTiming: false,
    workerData,
  });
  const begun = Promise.all(
    piscina.threads.map((thread) => new Promise((resolve) => void thread.once("message", resolve))),
  );
  return { module, workers, piscina, begun, stop: () => void piscina.destroy() };
}

/** An error that has crossed threads has lost its class; what is said of a flag is meant for whoever gave it. */
function comeHome(error: unknown): unknown {
  if (error instanceof ScanError || !(error instanceof Error) || !error.message.startsWith("--")) return error;
  return new ScanError("INVALID_OPTION", error.message, { cause: error });
}

/** Longest time, in ms, in which this thread answers nobody, as far as ranges are small: workers wait for their next shard. */
const POLITE_MS = 3;

async function scanPolitely(scanner: Scanner, task: ScanTask): Promise<Batch> {
  const steps = scanner.steps(task);
  let sinceMs = nowMs();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (nowMs() - sinceMs < POLITE_MS) continue;
    await letOthersRun();
    sinceMs = nowMs();
  }
}
