/**
 * Shards to batches, on as many threads as pay.
 *
 * With two threads or more the main thread is one of them: it scans from the first moment on, while the others
 * start, and takes fewer shards than they do only because it also answers them. One thread is one worker: the
 * caller's thread stays free. None: everything happens here.
 */
import { setImmediate as letOthersRun } from "node:timers/promises";
import { compileKernel } from "../workers/kernel.ts";
import type { ScanWorkerData } from "../workers/scan.ts";
import { Scanner } from "../workers/scanner.ts";
import { aborted, ScanError } from "./errors.ts";
import type { Batch } from "./events.ts";
import type { ScanLimits, Shard } from "./plan.ts";

export interface PoolOptions {
  /** Threads that scan at once; 0 is none but the caller's. */
  readonly threads: number;
  readonly limits: ScanLimits;
  readonly signal?: AbortSignal | undefined;
  readonly onShard?: ((shard: Shard) => void) | undefined;
}

/** A worker has one shard at hand and one waiting, so it never waits for the main thread to finish its own. */
const SHARDS_AT_A_WORKER = 3;

/** The batches, in the order of the shards. */
export async function scanShards(shards: readonly Shard[], options: PoolOptions): Promise<Batch[]> {
  const { threads, limits, signal, onShard } = options;
  const batches: Batch[] = new Array(shards.length);
  let next = 0;

  const takeOne = async (scan: (shard: Shard) => Batch | Promise<Batch>): Promise<boolean> => {
    if (signal?.aborted) throw aborted();
    const at = next;
    if (at >= shards.length) return false;
    next++;
    const shard = shards[at] as Shard;
    batches[at] = await scan(shard);
    onShard?.(shard);
    return true;
  };

  if (shards.length === 0) return batches;
  const module = compileKernel();
  const scanHere = async () => {
    const scanner = new Scanner(module, limits);
    while (await takeOne((shard) => scanPolitely(scanner, shard))) await letOthersRun();
  };
  const workers = Math.min(threads > 1 ? threads - 1 : threads, shards.length);
  if (workers === 0) {
    await scanHere();
    return batches;
  }

  const { Piscina } = await import("piscina");
  const workerData: ScanWorkerData = { module, limits };
  const pool = new Piscina({
    filename: new URL("../workers/scan.cjs", import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: SHARDS_AT_A_WORKER,
    recordTiming: false,
    workerData,
  });
  // Piscina is not given the signal: it ends the worker of an aborted task and starts another in its place.
  const stopped = new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(aborted()), { once: true });
  });
  try {
    const feed = async () => {
      while (await takeOne((shard) => pool.run(shard) as Promise<Batch>));
    };
    const lanes = Array.from({ length: workers * SHARDS_AT_A_WORKER }, feed);
    if (threads > 1) lanes.push(scanHere());
    await Promise.race([Promise.all(lanes), stopped]);
  } catch (error) {
    next = shards.length;
    await pool.destroy();
    throw comeHome(error);
  }
  // Not waited for: the figures are on their way while the threads end.
  void pool.destroy();
  return batches;
}

/** An error that has crossed threads has lost its class; what is said of a flag is meant for whoever gave it. */
function comeHome(error: unknown): unknown {
  if (error instanceof ScanError || !(error instanceof Error) || !error.message.startsWith("--")) return error;
  return new ScanError("INVALID_OPTION", error.message, { cause: error });
}

/** Longest time, in ms, in which this thread answers nobody, as far as ranges are small: workers wait for their next shard. */
const POLITE_MS = 3;

async function scanPolitely(scanner: Scanner, shard: Shard): Promise<Batch> {
  const steps = scanner.steps(shard);
  let sinceMs = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - sinceMs < POLITE_MS) continue;
    await letOthersRun();
    sinceMs = performance.now();
  }
}
