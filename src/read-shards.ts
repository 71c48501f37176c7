/** The door to the pool: what reads lines, and every source's parser, is loaded only where there is something to read. */
import { ScannedBatch } from "./parts.ts";
import type { Shard } from "./plan.ts";
import type { PoolOptions } from "./pool.ts";

/** Resolves when every batch has been handed over. */
export async function readShards(shards: readonly Shard[], options: PoolOptions): Promise<void> {
  if (shards.length === 0) {
    options.started?.stop();
    return;
  }
  const { scanShards } = await import("./pool.ts");
  await scanShards(shards, options);
}

/** The batches, in the order of the shards. */
export async function readAll(
  shards: readonly Shard[],
  options: Omit<PoolOptions, "onBatch">,
): Promise<ScannedBatch[]> {
  const scanned: ScannedBatch[] = [];
  await readShards(shards, { ...options, onBatch: (batch) => void scanned.push(new ScannedBatch(batch)) });
  return scanned;
}
