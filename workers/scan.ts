/** The thread's door: a shard in, one moved buffer out. */
import { move, transferableSymbol, valueSymbol, workerData } from "piscina";
import type { Batch } from "../src/events.ts";
import type { ScanLimits, Shard } from "../src/plan.ts";
import { Scanner } from "./scanner.ts";

export interface ScanWorkerData {
  /** Compiled once, in the thread that owns the pool. */
  readonly module: WebAssembly.Module;
  readonly limits: ScanLimits;
}

const { module, limits } = workerData as ScanWorkerData;
const scanner = new Scanner(module, limits);

export default function scan(shard: Shard): Batch {
  const batch = scanner.scan(shard);
  const moved = { [transferableSymbol]: [batch.buffer], [valueSymbol]: batch };
  // `move` is typed for buffers alone; an object that names what moves is documented beside it.
  return move(moved) as unknown as Batch;
}
