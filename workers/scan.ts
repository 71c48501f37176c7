/** The thread's door: a shard in, one moved buffer out. */
import { move, transferableSymbol, valueSymbol, workerData } from "piscina";
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

export default function scan(task: ScanTask): Batch {
  const batch = scanner.scan(task);
  const moved = { [transferableSymbol]: [batch.buffer], [valueSymbol]: batch };
  // `move` is typed for buffers alone; an object that names what moves is documented beside it.
  return move(moved) as unknown as Batch;
}
