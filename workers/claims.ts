/**
 * Who scans a shard: whoever claims it first. Shards are sent to a thread before it is through with others, and while they wait there
 * somebody else may have run out of work.
 */
export class Claims {
  /** By shard, 1 where it is taken. All threads share them. */
  readonly taken: Int32Array;

  constructor(shards: number) {
    this.taken = new Int32Array(new SharedArrayBuffer(shards * Int32Array.BYTES_PER_ELEMENT));
  }

  /** The last one that nobody has claimed; it is taken from then on. */
  claimLast(): number | undefined {
    for (let shard = this.taken.length - 1; shard >= 0; shard--) if (claim(this.taken, shard)) return shard;
    return undefined;
  }
}

/** Whether it is now the caller's. */
export function claim(taken: Int32Array, shard: number): boolean {
  return Atomics.exchange(taken, shard, 1) === 0;
}
