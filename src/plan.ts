/** Which bytes are read together. Pure: plain data in, plain data out. */
import type { SourceName } from "./types.ts";

/** The lines that begin at `start` or later and before `end`. Offsets in bytes. */
export interface ByteRange {
  /** The transcript's number. */
  readonly transcript: number;
  readonly path: string;
  readonly start: number;
  /** Whether a line is known to begin at `start`. */
  readonly startsLine?: boolean;
  readonly end: number;
  /** Of the transcript when it was listed; nothing behind it is read. */
  readonly size: number;
}

/** What one thread scans at once. */
export interface Shard {
  readonly source: SourceName;
  readonly ranges: readonly ByteRange[];
}

export interface ScanLimits {
  /** Bytes of one read. */
  readonly chunkBytes: number;
  /** Longer lines are skipped as `oversized`. */
  readonly maxLineBytes: number;
  /** Whether neighbouring records that say the same become one event. */
  readonly folds: boolean;
}

/** A transcript, as far as planning needs it. */
interface Readable {
  readonly source: SourceName;
  readonly path: string;
  readonly sizeBytes: number;
}

export interface PlanOptions {
  /** Cut transcripts into ranges of this many bytes; default: whatever shares the work well. */
  readonly rangeBytes?: number | undefined;
  /** Threads that will scan at once. */
  readonly threads: number;
}

/** What opening a file costs, in bytes that could be scanned in the same time (measured: 20,000 small files). */
const FILE_WEIGHT_BYTES = 64 << 10;
const SMALLEST_SHARD_BYTES = 512 << 10;
const LARGEST_SHARD_BYTES = 8 << 20;
/** Shards a thread gets, at least: the last one decides how long the others wait. */
const SHARDS_PER_THREAD = 8;

/** Transcripts, in path order, to shards, in path order. */
export function plan(transcripts: readonly Readable[], options: PlanOptions): Shard[] {
  const weight = transcripts.reduce((sum, { sizeBytes }) => sum + sizeBytes + FILE_WEIGHT_BYTES, 0);
  const fair = weight / (Math.max(1, options.threads) * SHARDS_PER_THREAD);
  const shardBytes = Math.min(LARGEST_SHARD_BYTES, Math.max(SMALLEST_SHARD_BYTES, Math.ceil(fair)));
  const rangeBytes = options.rangeBytes ?? shardBytes;

  const shards: Shard[] = [];
  let ranges: ByteRange[] = [];
  let filled = 0;
  let source: SourceName | undefined;
  const flush = () => {
    if (source !== undefined && ranges.length > 0) shards.push({ source, ranges });
    ranges = [];
    filled = 0;
  };
  transcripts.forEach((transcript, number) => {
    if (transcript.source !== source) flush();
    source = transcript.source;
    const { path, sizeBytes: size } = transcript;
    let start = 0;
    do {
      const end = Math.min(size, start + rangeBytes);
      ranges.push({ transcript: number, path, start, end, size });
      filled += end - start + FILE_WEIGHT_BYTES;
      if (filled >= shardBytes) flush();
      start = end;
    } while (start < size);
  });
  flush();
  return shards;
}
