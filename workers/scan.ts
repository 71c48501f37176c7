/** The thread's door: a shard in, a batch out. Batches are in shared memory, so nothing of Piscina is needed here: loading it took 15 ms. */
import { workerData } from "node:worker_threads";
import type { Batch } from "../src/events.ts";
import type { ScanLimits } from "../src/plan.ts";
import { Scanner, type ScanTask } from "./scanner.ts";

export interface ScanWorkerData {
  /** Compiled once, in the thread that owns the pool. */
  readonly module: WebAssembly.Module;
  readonly limits: ScanLimits;
}

const { module, limits } = workerData as ScanWorkerData;
const scanner = new Scanner(module, limits);

/**
 * In a turn of its own: of shards that have come together, each batch is on its way before the next one is begun, and the main thread
 * has sent another shard before the last of them is through.
 */
export default async function scan(task: ScanTask): Promise<Batch> {
  await new Promise((resolve) => void setImmediate(resolve));
  return scanner.scan(task);
}
