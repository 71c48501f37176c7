/** The door to the pool: what reads lines, and every source's parser, is loaded only where there is something to read. */
import type { Batch } from "./events.ts";
import type { Shard } from "./plan.ts";
import type { PoolOptions } from "./pool.ts";

/** The batches, in the order of the shards. */
export async function readShards(shards: readonly Shard[], options: PoolOptions): Promise<Batch[]> {
  if (shards.length === 0) return [];
  const { scanShards } = await import("./pool.ts");
  return scanShards(shards, options);
}
