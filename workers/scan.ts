/** The thread's door: a shard in, a batch out. Batches are in shared memory, so nothing of Piscina is needed here: loading it took 15 ms. */
import { workerData } from "node:worker_threads";
import type { Batch } from "../src/events.ts";
import type { ScanLimits } from "../src/plan.ts";
import { claim } from "./claims.ts";
import { Scanner, type ScanTask } from "./scanner.ts";

export interface ScanWorkerData {
  /** Compiled once, in the thread that owns the pool. */
  readonly module: WebAssembly.Module;
  readonly limits: ScanLimits;
}

/** A shard that may be claimed by others before this thread comes to it. */
export interface SentTask extends ScanTask {
  readonly at: number;
  /** As `Claims` has it. */
  readonly taken: Int32Array;
}

const { module, limits } = workerData as ScanWorkerData;
const scanner = new Scanner(module, limits);

/**
 * In a turn of its own: of shards that have come together, each batch is on its way before the next one is begun, and the main thread
 * has sent another shard before the last of them is through. Undefined: somebody else has begun to scan it.
 */
export default async function scan(task: SentTask): Promise<Batch | undefined> {
  await new Promise((resolve) => void setImmediate(resolve));
  return claim(task.taken, task.at) ? scanner.scan(task) : undefined;
}
